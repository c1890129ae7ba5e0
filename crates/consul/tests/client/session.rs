//! Sessions: what is sent, and what the answers mean.

use std::time::Duration;

use quorate_consul::{ErrorKind, QueryOptions, SessionBehavior, SessionRequest};

use crate::script::{Act, Say, Server, indexed};

const ID: &str = "8b2d03ab-7e39-f617-1dd0-7db72d2a2cd2";

fn session() -> String {
    format!(
        r#"[{{"ID":"{ID}","Name":"n","Node":"vm","LockDelay":15000000000,"Behavior":"release","TTL":"20s","NodeChecks":["serfHealth"],"ServiceChecks":null,"CreateIndex":15,"ModifyIndex":15}}]"#
    )
}

#[tokio::test]
async fn a_session_is_created_with_every_field() {
    let server = Server::new([Say::ok(format!(r#"{{"ID":"{ID}"}}"#))]);
    let request = SessionRequest::new()
        .with_name("worker")
        .with_node("vm")
        .with_ttl(Duration::from_secs(15))
        .with_lock_delay(Duration::ZERO)
        .with_behavior(SessionBehavior::Delete)
        .with_node_checks(["serfHealth", "disk"])
        .with_service_check("service:web");
    assert_eq!(
        server.client().session().create(&request).await.unwrap(),
        ID
    );
    let seen = server.last();
    assert_eq!(seen.line, "PUT /v1/session/create");
    assert_eq!(
        std::str::from_utf8(&seen.body).unwrap(),
        r#"{"Name":"worker","Node":"vm","LockDelay":"0ms","Behavior":"delete","TTL":"15000ms","NodeChecks":["serfHealth","disk"],"ServiceChecks":[{"ID":"service:web","Namespace":""}]}"#
    );
    assert_eq!(
        seen.header("content-length"),
        Some(seen.body.len().to_string().as_str())
    );
}

#[tokio::test]
async fn a_session_without_checks_says_so_to_old_and_new_servers() {
    let server = Server::new([Say::ok(format!(r#"{{"ID":"{ID}"}}"#))]);
    let request = SessionRequest::new().with_node_checks(["disk"]);
    server
        .client()
        .session()
        .create_no_checks(&request)
        .await
        .unwrap();
    assert_eq!(server.last().body, br#"{"NodeChecks":[],"Checks":[]}"#);
}

#[tokio::test]
async fn an_answer_without_an_id_is_no_session() {
    let server = Server::new([Say::ok(r#"{"ID":""}"#), Say::ok("<html>")]);
    let api = server.client().session();
    for _ in 0..2 {
        let error = api.create(&SessionRequest::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}

#[tokio::test]
async fn each_call_asks_for_what_it_means() {
    let server = Server::new([
        Say::ok("true"),
        Say::ok(session()),
        indexed(15, session()),
        indexed(15, "[]"),
        indexed(15, session()),
        indexed(15, session()),
    ]);
    let api = server.client().session();
    api.destroy(ID).await.unwrap();
    let renewed = api.renew(ID).await.unwrap().unwrap();
    assert_eq!(
        renewed.ttl(),
        Some(Duration::from_secs(20)),
        "the server's TTL counts"
    );
    assert_eq!(api.info(ID).await.unwrap().unwrap().node, "vm");
    let answer = api.info_with(ID, &QueryOptions::new()).await.unwrap();
    assert_eq!((answer.value, answer.meta.index), (None, Some(15)));
    assert_eq!(api.node("my node").await.unwrap().len(), 1);
    assert_eq!(api.list().await.unwrap()[0].id, ID);
    assert_eq!(
        server.lines(),
        [
            &format!("PUT /v1/session/destroy/{ID}"),
            &format!("PUT /v1/session/renew/{ID}"),
            &format!("GET /v1/session/info/{ID}"),
            &format!("GET /v1/session/info/{ID}"),
            "GET /v1/session/node/my%20node",
            "GET /v1/session/list",
        ]
    );
}

#[tokio::test]
async fn a_session_that_has_ended_renews_to_none() {
    let gone = Say::status(404, format!("Session id '{ID}' not found"));
    let server = Server::new([gone, Say::ok("[]"), Say::status(404, "")]);
    let api = server.client().session();
    assert_eq!(api.renew(ID).await.unwrap(), None);
    assert_eq!(api.renew(ID).await.unwrap(), None);
    let error = api.renew(ID).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unsupported,
        "a 404 without words is another server"
    );
}

#[tokio::test]
async fn names_that_cannot_be_sent_are_refused() {
    let server = Server::new([Say::ok("true")]);
    let api = server.client().session();
    for id in ["", "..", "8b2d03ab"] {
        assert_eq!(
            api.destroy(id).await.unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            api.renew(id).await.unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            api.info(id).await.unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
    assert_eq!(
        api.node("..").await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    let request = SessionRequest::new().with_ttl(Duration::from_secs(5));
    assert_eq!(
        api.create(&request).await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert!(server.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn renewing_and_destroying_are_repeated_and_creating_is_not() {
    let say = |body: String| Act::Say(Say::ok(body));
    let server = Server::new([
        Act::Cut,
        say(session()),
        Act::Cut,
        say("true".into()),
        Act::Cut,
    ]);
    let api = server.client().session();
    assert!(api.renew(ID).await.unwrap().is_some());
    api.destroy(ID).await.unwrap();
    let error = api.create(&SessionRequest::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert_eq!(server.lines().len(), 5);
}
