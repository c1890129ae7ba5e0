//! What the agent takes from clients of any age, and what it refuses when it is strict.

use crate::client::{Client, agent, strict_agent};

const OLD_TXN: &str = r#"[{"KV":{"Verb":"set","Key":"k","Value":"YQ==","Bogus":1}}]"#;
const OLD_REGISTER: &str =
    r#"{"Node":"n","Address":"a","WriteRequest":{"Token":""},"Check":{"Name":"c","Script":"x"}}"#;

#[tokio::test]
async fn unknown_fields_are_ignored_unless_strict() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    assert_eq!(client.put("/v1/txn", OLD_TXN).await.status, 200);
    client.done("/v1/catalog/register", OLD_REGISTER).await;
    agent.shutdown().await;

    let agent = strict_agent().await;
    let mut client = Client::connect(&agent).await;
    let answer = client.put("/v1/txn", OLD_TXN).await;
    let text = "Failed to parse body: json: unknown field \"Bogus\"";
    assert_eq!((answer.status, answer.text()), (400, text));
    let answer = client.put("/v1/catalog/register", OLD_REGISTER).await;
    let text = "Request decode failed: json: unknown field \"WriteRequest\"";
    assert_eq!((answer.status, answer.text()), (400, text));
    agent.shutdown().await;
}

#[tokio::test]
async fn an_operation_of_an_unknown_kind_is_never_left_out() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let body = r#"[{"KV":{"Verb":"set","Key":"k"}},{"Intention":{}}]"#;
    assert_eq!(client.put("/v1/txn", body).await.status, 400);
    let body = r#"[{"KV":{"Verb":"set","Key":"k"}},{"Node":{"Verb":"get"}}]"#;
    let answer = client.put("/v1/txn", body).await;
    let missing = r#"{"Results":null,"Errors":[{"OpIndex":1,"What":"node \"\" doesn't exist"}]}"#;
    assert_eq!((answer.status, answer.text()), (409, missing));
    assert_eq!(client.get("/v1/kv/k").await.status, 404);
    agent.shutdown().await;
}

#[tokio::test]
async fn old_clients_may_use_get_to_join_and_force_leave_unless_strict() {
    let targets = ["/v1/agent/join/1.2.3.4", "/v1/agent/force-leave/x"];
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for target in targets {
        // There is nobody to join and nobody to leave.
        assert_eq!(client.get(target).await.status, 500, "{target}");
        assert_eq!(client.ask("POST", target, b"").await.status, 405);
    }
    agent.shutdown().await;

    let agent = strict_agent().await;
    let mut client = Client::connect(&agent).await;
    for target in targets {
        let answer = client.get(target).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("OPTIONS,PUT"))
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_session_without_a_declared_length_keeps_its_fields_unless_strict() {
    let body = "PUT /v1/session/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                c\r\n{\"Name\":\"me\"\r\n1\r\n}\r\n0\r\n\r\n";
    for (agent, name) in [(agent().await, "me"), (strict_agent().await, "")] {
        let mut client = Client::connect(&agent).await;
        client.send(body.as_bytes()).await;
        let id = client.receive().await.unwrap().json()["ID"]
            .as_str()
            .unwrap()
            .to_owned();
        let session = client.get(&format!("/v1/session/info/{id}")).await;
        assert_eq!(session.json()[0]["Name"], name);
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn old_clients_find_all_checks_of_a_session_in_one_list_unless_strict() {
    for (agent, old) in [(agent().await, true), (strict_agent().await, false)] {
        let mut client = Client::connect(&agent).await;
        let id = client.session("{}").await;
        let session = client.get(&format!("/v1/session/info/{id}")).await.json();
        assert_eq!(session[0]["NodeChecks"][0], "serfHealth");
        assert_eq!(session[0]["Checks"][0] == "serfHealth", old);
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn tokens_and_options_without_a_meaning_here_are_accepted() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a?token=secret&dc=dc1", "x").await;
    let headers = ["X-Consul-Token: secret", "Authorization: Bearer secret"];
    for query in [
        "stale",
        "consistent",
        "cached",
        "leader",
        "max_stale=5s",
        "near=_agent",
        "dc=",
    ] {
        let target = format!("/v1/kv/a?raw&{query}");
        let answer = client.ask_with("GET", &target, &headers, b"").await;
        assert_eq!((answer.status, answer.text()), (200, "x"), "{query}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_malformed_filter_is_refused_rather_than_ignored() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for target in [
        "/v1/catalog/nodes?filter=x",
        "/v1/health/state/any?filter=x",
    ] {
        let answer = client.get(target).await;
        assert_eq!(answer.status, 500, "{target}");
        assert!(
            answer
                .text()
                .starts_with("Failed to create boolean expression evaluator")
        );
    }
    agent.shutdown().await;
}
