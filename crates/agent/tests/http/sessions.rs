//! What ends sessions beside themselves: C19, and the catalog as far as sessions need it.

use crate::client::{Client, agent};

async fn register(client: &mut Client, status: &str) {
    let body = format!(
        r#"{{"Node":"node-1","SkipNodeUpdate":true,"Check":{{"CheckID":"app","Status":"{status}"}}}}"#
    );
    client.done("/v1/catalog/register", body).await;
}

async fn holder(client: &mut Client) -> serde_json::Value {
    client.get("/v1/kv/lock").await.json()[0]["Session"].clone()
}

#[tokio::test]
async fn a_check_that_turns_critical_or_goes_ends_the_session_that_is_tied_to_it() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for end in ["critical", "gone"] {
        register(&mut client, "passing").await;
        let fields = r#"{"NodeChecks":["app"],"LockDelay":"0s"}"#;
        let id = client.session(fields).await;
        client.done(&format!("/v1/kv/lock?acquire={id}"), "").await;
        register(&mut client, "warning").await;
        assert_eq!(holder(&mut client).await, id.as_str(), "a warning ended it");
        if end == "critical" {
            register(&mut client, "critical").await;
        } else {
            let body = r#"{"Node":"node-1","CheckID":"app"}"#;
            client.done("/v1/catalog/deregister", body).await;
        }
        assert_eq!(holder(&mut client).await, serde_json::Value::Null, "{end}");
        let info = client.get(&format!("/v1/session/info/{id}")).await;
        assert_eq!(info.text(), "[]", "{end}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_node_that_goes_takes_its_sessions_with_it() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client
        .done("/v1/catalog/register", r#"{"Node":"other","Address":"a"}"#)
        .await;
    let fields = r#"{"Node":"other","NodeChecks":[],"Behavior":"delete"}"#;
    let id = client.session(fields).await;
    client.done(&format!("/v1/kv/lock?acquire={id}"), "").await;
    client
        .done("/v1/catalog/deregister", r#"{"Node":"other"}"#)
        .await;
    assert_eq!(client.get("/v1/kv/lock").await.status, 404);
    let mine = client.session("{}").await;
    // Its lock-delay is the default one.
    let answer = client.put(&format!("/v1/kv/lock?acquire={mine}"), "").await;
    assert_eq!(answer.text(), "false");
    agent.shutdown().await;
}

#[tokio::test]
async fn nodes_can_be_selected_by_their_labels() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for rack in ["1", "2"] {
        let body = format!(
            r#"{{"Node":"n{rack}","Address":"a","NodeMeta":{{"rack":"{rack}","zone":"z"}},
            "Check":{{"Name":"c","Status":"passing"}}}}"#
        );
        client.done("/v1/catalog/register", body).await;
    }
    let query = "node-meta=rack:2&node-meta=zone:z";
    let nodes = client
        .get(&format!("/v1/catalog/nodes?{query}"))
        .await
        .json();
    assert_eq!(
        (nodes.as_array().unwrap().len(), &nodes[0]["Node"]),
        (1, &"n2".into())
    );
    let checks = client
        .get(&format!("/v1/health/state/passing?{query}"))
        .await
        .json();
    assert_eq!(
        (checks.as_array().unwrap().len(), &checks[0]["Node"]),
        (1, &"n2".into())
    );
    assert_eq!(
        client
            .get("/v1/catalog/nodes?node-meta=rack:3")
            .await
            .text(),
        "[]"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn the_consistency_that_was_asked_for_is_told() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for (query, told) in [
        ("", "leader"),
        ("?stale", "stale"),
        ("?consistent", "consistent"),
    ] {
        let answer = client.get(&format!("/v1/catalog/nodes{query}")).await;
        assert_eq!(answer.header("x-consul-effective-consistency"), Some(told));
    }
    let answer = client.get("/v1/catalog/nodes?dc=mars").await;
    assert_eq!(
        (answer.status, answer.text()),
        (500, "No path to datacenter")
    );
    assert_eq!(answer.header("x-consul-knownleader"), Some("false"));
    agent.shutdown().await;
}
