//! What of the front needs no connection to be driven; see [`crate::fuzzing`].

#![allow(clippy::unwrap_used, reason = "a finding is a panic")]

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};

use super::agent_check_decode::SentCheck;
use super::agent_service_decode::SentService;
use super::decode::{Json, Kind, text_of};
use super::filter::{
    CATALOG_SERVICE, Fields, Filter, HEALTH_CHECK, INTENTION, JWT_LOGIN, NODE, SERVICE_ENTRY,
};
use super::options::Options;
use super::route;
use super::target::{Params, Path};
use crate::config::Compat;

/// The longest time that a read blocks.
const LONGEST: Duration = Duration::from_secs(600);
/// How deep objects are looked into.
const MAX_DEPTH: usize = 32;

pub(crate) fn target(path: &str, query: &str) {
    match Path::parse(path) {
        Path::Clean(clean) => {
            let _ = route::find(&clean);
        }
        Path::Redirect(to) => {
            let again = Path::parse(&to);
            assert!(
                matches!(again, Path::Clean(_)),
                "{path:?} leads to {to:?}, and that to {again:?}"
            );
        }
        Path::Malformed | Path::NonPrintable => {}
    }
    let Some(params) = Params::parse(query) else {
        return;
    };
    let written = params.sorted();
    let again = Params::parse(&written).unwrap().sorted();
    assert_eq!(again, written, "{query:?} is another query when written");
    if let Ok(options) = Options::parse(&params, &HeaderMap::new()) {
        let wait = options.wait;
        assert!(!wait.is_zero() && wait <= LONGEST, "{query:?}: {wait:?}");
    }
}

pub(crate) fn json(body: &[u8]) {
    let Ok(text) = text_of(body) else {
        return;
    };
    for strict in [false, true] {
        let _ = SentService::read(&text, strict);
        if let Ok(check) = SentCheck::alone(&text, strict) {
            let _ = check.validate(Compat::Current);
        }
    }
    let Ok(value) = Json::parse(&text) else {
        return;
    };
    look_at(value, 0);
    if let Ok(tree) = value.value() {
        let written = tree.to_string();
        let again = Json::parse(&written).unwrap().value();
        assert_eq!(again, Ok(tree), "{written}");
    }
}

fn look_at(value: Json<'_>, depth: usize) {
    let raw = value.raw();
    let again = Json::parse(raw).unwrap();
    assert_eq!(again.raw(), raw);
    let is_empty = || raw[1..raw.len() - 1].trim_ascii().is_empty();
    match value.kind() {
        Kind::Object => {
            let fields = value.fields();
            assert_eq!(fields.is_empty(), is_empty(), "{raw}");
            for (_, field) in fields.into_iter().filter(|_| depth < MAX_DEPTH) {
                look_at(field, depth + 1);
            }
        }
        Kind::Array => {
            let elements = value.elements();
            assert_eq!(elements.is_empty(), is_empty(), "{raw}");
            for element in elements.into_iter().filter(|_| depth < MAX_DEPTH) {
                look_at(element, depth + 1);
            }
        }
        Kind::String => {
            let text = value.string();
            assert_eq!(text.is_empty(), raw == "\"\"", "{raw}");
            let written = Value::from(text.as_str()).to_string();
            assert_eq!(Json::parse(&written).unwrap().string(), text, "{raw}");
        }
        Kind::Number => assert!(value.f64().is_some(), "{raw}"),
        Kind::Bool | Kind::Null => {}
    }
}

/// The fields of a thing, and such a thing.
type Filtered = (&'static Fields, fn() -> Value);

pub(crate) fn filter(expression: &str) {
    let kinds: [Filtered; 6] = [
        (&NODE, node),
        (&SERVICE_ENTRY, service_entry),
        (&CATALOG_SERVICE, || json!({ "ServiceTags": ["a"] })),
        (&HEALTH_CHECK, || json!({ "Status": "passing" })),
        (
            &INTENTION,
            || json!({ "Precedence": 9, "Meta": { "a": "b" } }),
        ),
        (
            &JWT_LOGIN,
            || json!({ "value": { "a": "b" }, "list": { "c": ["d"] } }),
        ),
    ];
    for (fields, element) in kinds {
        let Ok(filter) = Filter::parse(expression, fields) else {
            continue;
        };
        let element = element();
        let negation = format!("not ({expression})");
        match Filter::parse(&negation, fields) {
            Ok(negation) => assert_ne!(
                filter.keeps(&element),
                negation.keeps(&element),
                "{expression:?} and its negation agree"
            ),
            Err(problem) => assert!(
                problem.contains("nests deeper"),
                "{expression:?} can be read, and its negation can't: {problem}"
            ),
        }
    }
}

fn node() -> Value {
    json!({ "Node": "n1", "Address": "10.0.0.1", "Meta": { "rack": "7", "a.b": "c" } })
}

fn service_entry() -> Value {
    json!({
        "Node": node(),
        "Service": { "Service": "web", "Port": 80, "Tags": ["a", "b"], "Meta": {} },
        "Checks": [{ "Status": "passing" }, { "Status": "warning", "ServiceTags": ["a"] }],
    })
}
