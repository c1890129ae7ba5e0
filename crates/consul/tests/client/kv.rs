//! Keys: what is sent, and what the answers mean.

use std::time::Duration;

use quorate_consul::{
    CacheControl, CacheStatus, Consistency, ErrorKind, Limits, Outcome, PutOptions, QueryOptions,
    WriteOptions,
};

use crate::script::{Say, Server, entry, indexed, no_key};

const SESSION: &str = "8b2d03ab-7e39-f617-1dd0-7db72d2a2cd2";

#[tokio::test]
async fn a_key_is_read_with_everything_that_is_known_about_it() {
    let body = r#"[{"LockIndex":2,"Key":"a/b","Flags":18446744073709551615,"Value":"aGk=","Session":"s","CreateIndex":3,"ModifyIndex":9}]"#;
    let server = Server::new([indexed(9, body)
        .header("X-Consul-Knownleader", "true")
        .header("X-Consul-Lastcontact", "12")]);
    let answer = server
        .client()
        .kv()
        .get_with("a/b", &QueryOptions::new())
        .await
        .unwrap();
    let entry = answer.value.unwrap();
    assert_eq!(
        (entry.key.as_str(), &entry.value[..], entry.flags),
        ("a/b", &b"hi"[..], u64::MAX)
    );
    assert_eq!((entry.lock_index, entry.session.as_deref()), (2, Some("s")));
    assert_eq!((entry.create_index, entry.modify_index), (3, 9));
    assert_eq!(
        (answer.meta.index, answer.meta.known_leader),
        (Some(9), Some(true))
    );
    assert_eq!(answer.meta.last_contact, Some(Duration::from_millis(12)));
    assert_eq!(server.lines(), ["GET /v1/kv/a/b"]);
}

#[tokio::test]
async fn an_absent_key_is_none_and_has_an_index() {
    let server = Server::new([no_key(5), no_key(6), no_key(7), no_key(8)]);
    let kv = server.client().kv();
    let answer = kv.get_with("a", &QueryOptions::new()).await.unwrap();
    assert_eq!((answer.value, answer.meta.index), (None, Some(5)));
    assert_eq!(kv.raw("a").await.unwrap(), None);
    assert!(kv.list("a").await.unwrap().is_empty());
    assert!(kv.keys("a", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_404_of_something_that_is_no_consul_is_not_an_absent_key() {
    let server = Server::new([Say::status(404, ""), Say::status(404, "<html>nginx</html>")]);
    let kv = server.client().kv();
    assert_eq!(
        kv.get("a").await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    assert_eq!(kv.list("a").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn each_read_asks_for_what_it_means() {
    let list = format!("[{},{}]", entry("p/a", "YQ==", 1), entry("p/b", "Yg==", 2));
    let server = Server::new([
        Say::ok("raw \0 bytes"),
        Say::ok(list),
        Say::ok(r#"["p/a","p/b"]"#),
        Say::ok(r#"["p/"]"#),
    ]);
    let kv = server.client().kv();
    assert_eq!(kv.raw("a b").await.unwrap().unwrap(), "raw \0 bytes");
    let keys: Vec<_> = kv
        .list("p/")
        .await
        .unwrap()
        .into_iter()
        .map(|e| e.key)
        .collect();
    assert_eq!(keys, ["p/a", "p/b"]);
    assert_eq!(kv.keys("p/", None).await.unwrap(), ["p/a", "p/b"]);
    assert_eq!(kv.keys("", Some("/")).await.unwrap(), ["p/"]);
    assert_eq!(
        server.lines(),
        [
            "GET /v1/kv/a%20b?raw",
            "GET /v1/kv/p/?recurse",
            "GET /v1/kv/p/?keys",
            "GET /v1/kv/?keys&separator=%2F",
        ]
    );
}

#[tokio::test]
async fn each_write_asks_for_what_it_means() {
    let server = Server::new((0..10).map(|_| Say::ok("true\n")));
    let kv = server.client().kv();
    kv.put("a", "1").await.unwrap();
    let flags = PutOptions::new().with_flags(7).with_cas(3);
    assert!(kv.put_with("a", "2", &flags).await.unwrap());
    assert!(kv.cas("a", "3", 0).await.unwrap());
    assert!(kv.acquire("a", "4", SESSION).await.unwrap());
    assert!(kv.release("a", "", SESSION).await.unwrap());
    kv.delete("a").await.unwrap();
    kv.delete_tree("p/").await.unwrap();
    assert!(kv.delete_cas("a", 9).await.unwrap());
    let other = WriteOptions::new().with_datacenter("dc2");
    kv.delete_with("a", &other).await.unwrap();
    let put = PutOptions::new().with_write(other);
    assert!(kv.put_with("a", "5", &put).await.unwrap());
    assert_eq!(
        server.lines(),
        [
            "PUT /v1/kv/a",
            "PUT /v1/kv/a?flags=7&cas=3",
            "PUT /v1/kv/a?cas=0",
            &format!("PUT /v1/kv/a?acquire={SESSION}"),
            &format!("PUT /v1/kv/a?release={SESSION}"),
            "DELETE /v1/kv/a",
            "DELETE /v1/kv/p/?recurse",
            "DELETE /v1/kv/a?cas=9",
            "DELETE /v1/kv/a?dc=dc2",
            "PUT /v1/kv/a?dc=dc2",
        ]
    );
    let seen = server.seen();
    assert_eq!(seen[3].body, b"4");
    assert_eq!(
        seen[4].header("content-length"),
        Some("0"),
        "an empty body states its length"
    );
}

#[tokio::test]
async fn a_refused_precondition_is_false_and_a_refused_plain_write_is_a_conflict() {
    let server = Server::new([Say::ok("false"), Say::ok("false"), Say::ok("what?")]);
    let kv = server.client().kv();
    assert!(!kv.cas("a", "1", 7).await.unwrap());
    assert_eq!(
        kv.put("a", "1").await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let error = kv.put("a", "1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Protocol, Outcome::Unknown)
    );
}

#[tokio::test]
async fn every_option_travels() {
    let server = Server::new([
        indexed(1, "[]").header("X-Cache", "HIT").header("Age", "3"),
        no_key(1),
    ]);
    let client = server.builder().datacenter("home").build().unwrap();
    let options = QueryOptions::new()
        .with_max_stale(Duration::from_secs(2))
        .with_cache(
            CacheControl::new()
                .with_max_age(Duration::from_secs(5))
                .with_stale_if_error(Duration::from_secs(60)),
        )
        .with_blocking(7, Duration::from_millis(1500))
        .with_near("_agent")
        .with_node_meta("rack", "a 1")
        .with_node_meta("zone", "b")
        .with_filter("Port == 8080");
    let answer = client.kv().list_with("", &options).await.unwrap();
    assert_eq!(answer.meta.cache, Some(CacheStatus::Hit));
    assert_eq!(answer.meta.age, Some(Duration::from_secs(3)));
    let seen = server.last();
    assert_eq!(
        seen.line,
        "GET /v1/kv/?recurse&dc=home&stale&max_stale=2000ms&cached&index=7&wait=1500ms\
         &near=_agent&node-meta=rack%3Aa%201&node-meta=zone%3Ab&filter=Port%20%3D%3D%208080"
    );
    assert_eq!(
        seen.header("cache-control"),
        Some("max-age=5, stale-if-error=60")
    );
    let options = QueryOptions::new()
        .with_consistency(Consistency::Consistent)
        .with_datacenter("dc2");
    client.kv().get_with("a", &options).await.unwrap();
    assert_eq!(server.last().line, "GET /v1/kv/a?dc=dc2&consistent");
}

#[tokio::test]
async fn options_that_contradict_each_other_are_refused() {
    let server = Server::new([no_key(1)]);
    let options = QueryOptions::new()
        .with_consistency(Consistency::Consistent)
        .with_cache(CacheControl::new());
    let error = server
        .client()
        .kv()
        .get_with("a", &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("cached"), "{error}");
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn a_blocking_read_says_the_clients_wait_when_it_has_none_of_its_own() {
    let server = Server::new([no_key(1)]);
    let client = server
        .builder()
        .default_wait(Duration::from_secs(30))
        .build()
        .unwrap();
    let mut options = QueryOptions::new();
    options.query.index = Some(9);
    client.kv().get_with("a", &options).await.unwrap();
    assert_eq!(server.last().line, "GET /v1/kv/a?index=9&wait=30000ms");
}

#[tokio::test]
async fn keys_that_a_server_would_change_are_refused_and_never_sent() {
    let server = Server::new([Say::ok("true")]);
    let kv = server.client().kv();
    for (key, problem) in [
        ("", "empty"),
        ("/a", "starts with '/'"),
        ("a//b", "empty segment"),
        ("a/../b", "'.' or '..'"),
        ("a\nb", "non-printable"),
    ] {
        for error in [
            kv.get(key).await.unwrap_err(),
            kv.put(key, "").await.unwrap_err(),
            kv.delete(key).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{key:?}");
            assert_eq!(error.outcome(), Outcome::DidNotHappen);
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
    assert!(kv.list("a//").await.is_err() && kv.delete_tree("/").await.is_err());
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn legal_keys_arrive_as_they_are() {
    let keys = [
        "a b",
        "ä/漢/🦀",
        "a?b#c%d+e&f=g",
        "a/b/",
        "x:y@z!$'()*,;[]{}|\\^`\"<>~",
    ];
    let server = Server::new(keys.map(|_| no_key(1)));
    let kv = server.client().kv();
    for key in keys {
        kv.get(key).await.unwrap();
        let line = server.last().line;
        let path = line.strip_prefix("GET /v1/kv/").unwrap();
        assert_eq!(
            quorate_wire::consul::path::decode(path).as_ref(),
            key.as_bytes()
        );
    }
}

#[tokio::test]
async fn a_value_above_the_limit_is_refused_with_the_limit() {
    let server = Server::new([Say::ok("true"), Say::ok("true")]);
    let kv = server.client().kv();
    kv.put("a", vec![0; 512 * 1024]).await.unwrap();
    let error = kv.put("a", vec![0; 512 * 1024 + 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("524288 are allowed"), "{error}");
    let limits = Limits::default().with_max_value_bytes(1 << 20);
    let larger = server.builder().limits(limits).build().unwrap();
    larger.kv().put("a", vec![0; 512 * 1024 + 1]).await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_no_uuid_is_refused_and_never_sent() {
    let server = Server::new([Say::ok("true")]);
    let kv = server.client().kv();
    let error = kv.acquire("a", "", "me").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(kv.release("a", "", "").await.is_err());
    assert!(server.lines().is_empty());
}
