//! Prepared queries.

use quorate_wire::consul::json;
use quorate_wire::consul::prepared_query::{
    PreparedQueryCreated, PreparedQueryExplained, PreparedQueryResult, decode_queries,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Message, named};

/// Decodes and encodes every recorded success of these names again; returns how many there were.
fn survive<T: DeserializeOwned + Serialize>(prefixes: &[&str]) -> usize {
    let mut seen = 0;
    for name in prefixes.iter().flat_map(|prefix| named(prefix)) {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let value: T = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", answer.text()));
        let again = String::from_utf8(json::encode(&value).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    seen
}

#[test]
fn queries_are_read_and_written_as_consul_writes_them() {
    let mut seen = 0;
    for name in named("query-list").into_iter().chain(named("query-read")) {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let queries = decode_queries(&answer.body).unwrap();
        let again = String::from_utf8(json::encode(&queries).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} answers were recorded");
    assert!(survive::<PreparedQueryCreated>(&["query-create"]) >= 5);
}

#[test]
fn results_are_read_and_written_as_consul_writes_them() {
    assert!(survive::<PreparedQueryResult>(&["query-execute"]) >= 6);
    assert!(survive::<PreparedQueryExplained>(&["query-explain"]) >= 3);
}

#[test]
fn a_token_is_not_printed() {
    let query = decode_queries(&Message::answer("query-read-whole").body).unwrap();
    assert_eq!(
        query[0].token.expose(),
        "22222222-3333-4444-8555-666666666666"
    );
    assert!(!format!("{query:?}").contains("666666666666"));
}
