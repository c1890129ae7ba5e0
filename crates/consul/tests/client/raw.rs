//! Requests to any path.

use quorate_consul::{ErrorKind, Method, QueryOptions, RawRequest};

use crate::script::{Act, Say, Server, indexed};

#[tokio::test]
async fn every_status_is_an_answer() {
    let server = Server::new([
        indexed(7, "[]").header("X-Other", "x"),
        Say::status(404, "nothing"),
        Say::status(500, "No cluster leader"),
    ]);
    let raw = server.client().raw();
    let answer = raw.get("/v1/catalog/nodes").await.unwrap();
    assert!(answer.is_success());
    assert_eq!(
        (answer.meta.index, answer.header("x-other")),
        (Some(7), Some("x"))
    );
    assert_eq!(raw.delete("/v1/query/x").await.unwrap().status, 404);
    let answer = raw.put("/v1/catalog/register", "{}").await.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..]),
        (500, &b"No cluster leader"[..])
    );
    assert_eq!(
        server.lines(),
        [
            "GET /v1/catalog/nodes",
            "DELETE /v1/query/x",
            "PUT /v1/catalog/register"
        ]
    );
}

#[tokio::test]
async fn parameters_body_and_options_travel() {
    let server = Server::new([Say::ok("")]);
    let request = RawRequest::new(Method::Post, "/v1/query")
        .with_param("a b", "c&d")
        .with_flag("pretty")
        .with_body("{}")
        .with_options(
            QueryOptions::new()
                .with_datacenter("dc2")
                .with_token("secret"),
        );
    server.client().raw().request(request).await.unwrap();
    let seen = server.last();
    assert_eq!(seen.line, "POST /v1/query?a%20b=c%26d&pretty&dc=dc2");
    assert_eq!(
        (seen.header("x-consul-token"), &seen.body[..]),
        (Some("secret"), &b"{}"[..])
    );
}

#[tokio::test(start_paused = true)]
async fn only_what_is_idempotent_is_repeated() {
    let ok = || Act::Say(Say::ok(""));
    let server = Server::new([Act::Cut, ok(), Act::Cut, ok(), Act::Cut]);
    let raw = server.client().raw();
    raw.get("/v1/x").await.unwrap();
    raw.request(RawRequest::new(Method::Put, "/v1/x").idempotent())
        .await
        .unwrap();
    let error = raw.put("/v1/x", "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert_eq!(server.lines().len(), 5);
}

#[tokio::test]
async fn any_path_can_be_followed() {
    let server = Server::new([indexed(1, "[]"), indexed(2, "[1]"), Say::status(403, "no")]);
    let mut changes = server
        .client()
        .raw()
        .watch(RawRequest::new(Method::Get, "/v1/event/list"));
    assert_eq!(changes.next().await.unwrap().value, "[]");
    assert_eq!(changes.next().await.unwrap().value, "[1]");
    assert_eq!(
        changes.next().await.unwrap_err().kind(),
        ErrorKind::PermissionDenied
    );
    assert_eq!(
        server.lines()[1],
        "GET /v1/event/list?index=1&wait=300000ms"
    );
}

#[tokio::test]
async fn an_answer_is_read_as_json_or_as_text() {
    let server = Server::new([
        Say::ok(r#"{"a":[1,2]}"#),
        Say::ok("no JSON"),
        Say::status(403, "Permission denied"),
    ]);
    let raw = server.client().raw();
    let answer = raw.get("/v1/x").await.unwrap();
    let value: std::collections::HashMap<String, Vec<u8>> = answer.json().unwrap();
    assert_eq!(value["a"], [1, 2]);
    assert_eq!(answer.text().unwrap(), r#"{"a":[1,2]}"#);

    let error = raw
        .get("/v1/x")
        .await
        .unwrap()
        .json::<Vec<u8>>()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.operation(), "request `/v1/x`");
    assert!(error.text().unwrap().contains("no JSON"), "{error}");

    let refused = raw.get("/v1/x").await.unwrap();
    let error = refused.json::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.status(), Some(403));
    assert!(error.peer().is_some());
    assert_eq!(refused.text().unwrap(), "Permission denied");
}

#[tokio::test]
async fn a_body_that_is_no_text_is_an_error_when_it_is_read_as_text() {
    let server = Server::new([Say::ok(vec![b'a', 0xff])]);
    let answer = server.client().raw().get("/v1/kv/a?raw").await;
    assert!(answer.is_err(), "a query is set on its own");
    let answer = server.client().raw().get("/v1/snapshot").await.unwrap();
    assert_eq!(answer.text().unwrap_err().kind(), ErrorKind::Protocol);
}
