//! What the gateway refuses.

use serde_json::json;

use super::super::client::{Client, request};
use super::agent;

#[tokio::test]
async fn an_error_has_the_text_the_code_and_a_status_for_it() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    for (path, body, status, code, message) in [
        (
            "/v3/kv/range",
            "{}",
            400,
            3,
            "etcdserver: key is not provided",
        ),
        (
            "/v3/kv/range",
            "",
            400,
            3,
            "etcdserver: key is not provided",
        ),
        (
            "/v3/kv/range",
            r#"{"key":"Zm9v","revision":99}"#,
            400,
            11,
            "etcdserver: mvcc: required revision is a future revision",
        ),
        (
            "/v3/kv/range",
            r#"{"key":5}"#,
            400,
            3,
            "proto: (line 1:8): invalid value for bytes field key: 5",
        ),
        ("/v3/kv/range", r#"{"key":"#, 400, 3, "unexpected EOF"),
        (
            "/v3/lease/revoke",
            r#"{"ID":1}"#,
            404,
            5,
            "etcdserver: requested lease not found",
        ),
        (
            "/v3/election/leader",
            r#"{"name":"bm9uZQ=="}"#,
            500,
            2,
            "election: no leader",
        ),
        (
            "/v3/kv/compaction",
            r#"{"revision":"9"}"#,
            400,
            11,
            "etcdserver: mvcc: required revision is a future revision",
        ),
        (
            "/v3/auth/authenticate",
            r#"{"name":"a"}"#,
            400,
            9,
            "etcdserver: authentication is not enabled",
        ),
        ("/v3/kv/nothing", "{}", 404, 5, "Not Found"),
        ("/v3/kv/range/", "{}", 404, 5, "Not Found"),
    ] {
        let answer = client.ask("POST", path, body.as_bytes()).await;
        let wanted = json!({"error": message, "code": code, "message": message});
        assert_eq!(
            (answer.status, answer.json()),
            (status, wanted),
            "{path} {body}"
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn calls_are_posts_and_pages_of_elsewhere_may_make_them() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    for method in ["GET", "PUT", "DELETE"] {
        let answer = client.ask(method, "/v3/kv/range", b"").await;
        assert_eq!(answer.status, 501, "{method}");
        assert_eq!(answer.json()["message"], "Method Not Allowed");
    }
    let answer = client.ask("OPTIONS", "/v3/kv/range", b"").await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("*"))
    );
    let answer = client.get("/v3alpha/kv/range").await;
    assert_eq!(
        (answer.status, answer.text()),
        (404, "404 page not found\n")
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let agent = agent().await;
    let mut client = Client::connect_etcd(&agent).await;
    let large = vec![b' '; 5 * 1024 * 1024];
    client
        .send(&request("POST", "/v3/kv/put", &[], &large))
        .await;
    let answer = client.receive().await.unwrap();
    assert_eq!((answer.status, &answer.json()["code"]), (429, &json!(8)));
    assert!(client.is_closed().await);
    agent.shutdown().await;
}
