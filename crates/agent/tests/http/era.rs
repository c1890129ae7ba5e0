//! Clients of the time from Consul 0.5 to 0.7, where 1.8.7 broke them. What is in `lenient.rs` is
//! for them too.

use quorate_agent::{AclConfig, Agent, AgentConfig, Compat};
use serde_json::json;

use crate::client::{Client, agent, start, strict_agent};

/// An agent for the clients of that time.
async fn agent_of_old() -> Agent {
    start(AgentConfig::memory().with_compat(Compat::V0_7)).await
}

/// How each kind of agent answers the same request: today's, and that for the clients of old.
async fn both(method: &str, target: &str, body: &str) -> [(u16, String); 2] {
    let mut answers = Vec::new();
    for agent in [agent().await, agent_of_old().await] {
        let mut client = Client::connect(&agent).await;
        let answer = client.ask(method, target, body.as_bytes()).await;
        answers.push((answer.status, answer.text().to_owned()));
        agent.shutdown().await;
    }
    answers.try_into().unwrap()
}

#[tokio::test]
async fn clients_of_old_get_only_headers_that_are_json() {
    let today = agent().await;
    let of_old = agent_of_old().await;
    for (agent, sent) in [(&today, true), (&of_old, false)] {
        let mut client = Client::connect(agent).await;
        let answer = client.get("/v1/catalog/nodes").await;
        let consistency = answer.header("x-consul-effective-consistency");
        assert_eq!(consistency.is_some(), sent);
        for (name, value) in &answer.headers {
            let is_json = serde_json::from_str::<serde_json::Value>(value).is_ok();
            let consul = name.to_ascii_lowercase().starts_with("x-consul-");
            assert!(!consul || is_json || sent, "{name}: {value}");
        }
    }
    today.shutdown().await;
    of_old.shutdown().await;
}

#[test]
fn an_era_is_named_or_refused() {
    assert_eq!("0.7".parse::<Compat>().unwrap(), Compat::V0_7);
    assert_eq!("current".parse::<Compat>().unwrap(), Compat::Current);
    assert!(
        "0.9"
            .parse::<Compat>()
            .unwrap_err()
            .to_string()
            .contains("0.7")
    );
}

#[tokio::test]
async fn clients_of_old_change_checks_and_services_with_get() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let service = r#"{"ID":"web","Name":"web","Check":{"TTL":"10m"}}"#;
    for (target, body) in [
        ("/v1/agent/service/register", service),
        ("/v1/agent/check/register", r#"{"Name":"c","TTL":"10m"}"#),
    ] {
        assert_eq!(client.put(target, body).await.status, 200, "{target}");
    }
    for (word, status) in [
        ("pass", "passing"),
        ("warn", "warning"),
        ("fail", "critical"),
    ] {
        let target = format!("/v1/agent/check/{word}/c?note=by%20get");
        assert_eq!(client.get(&target).await.status, 200, "{target}");
        let check = &client.get("/v1/agent/checks").await.json()["c"];
        assert_eq!(
            (&check["Status"], &check["Output"]),
            (&json!(status), &json!("by get"))
        );
    }
    for target in [
        "/v1/agent/check/deregister/c",
        "/v1/agent/service/deregister/web",
    ] {
        assert_eq!(client.get(target).await.status, 200, "{target}");
    }
    assert_eq!(client.get("/v1/agent/checks").await.json(), json!({}));
    assert_eq!(client.get("/v1/agent/services").await.json(), json!({}));
    agent.shutdown().await;

    let agent = strict_agent().await;
    let mut client = Client::connect(&agent).await;
    for target in [
        "/v1/agent/check/pass/c",
        "/v1/agent/check/warn/c",
        "/v1/agent/check/fail/c",
        "/v1/agent/check/deregister/c",
        "/v1/agent/service/deregister/web",
    ] {
        assert_eq!(client.get(target).await.status, 405, "{target}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn flags_may_be_words_or_numbers() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for (enable, there) in [("1", true), ("0", false), ("true", true), ("false", false)] {
        let target = format!("/v1/agent/maintenance?enable={enable}");
        assert_eq!(client.put(&target, "").await.status, 200, "{target}");
        let checks = client.get("/v1/agent/checks").await.json();
        assert_eq!(checks["_node_maintenance"].is_object(), there, "{enable}");
    }
    client.done("/v1/kv/k", "v").await;
    for query in [
        "stale=1",
        "consistent=1",
        "stale",
        "consistent",
        "stale=true",
    ] {
        for target in ["/v1/kv/k?raw&", "/v1/catalog/nodes?", "/v1/session/list?"] {
            let target = format!("{target}{query}");
            assert_eq!(client.get(&target).await.status, 200, "{target}");
        }
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn json_is_called_json_and_nothing_more() {
    for agent in [agent().await, agent_of_old().await] {
        let mut client = Client::connect(&agent).await;
        for (method, target, body) in [
            ("PUT", "/v1/kv/k", "v"),
            ("GET", "/v1/kv/k", ""),
            ("GET", "/v1/kv/?keys", ""),
            ("DELETE", "/v1/kv/k", ""),
            ("PUT", "/v1/session/create", "{}"),
            ("GET", "/v1/session/list", ""),
            ("GET", "/v1/catalog/nodes", ""),
            ("GET", "/v1/catalog/datacenters", ""),
            ("GET", "/v1/agent/self", ""),
            ("GET", "/v1/agent/members", ""),
            ("GET", "/v1/agent/services", ""),
            ("GET", "/v1/agent/checks", ""),
            ("GET", "/v1/status/leader", ""),
        ] {
            let answer = client.ask(method, target, body.as_bytes()).await;
            assert_eq!(answer.status, 200, "{method} {target}");
            let content = answer.header("content-type");
            assert_eq!(content, Some("application/json"), "{method} {target}");
        }
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn a_check_of_old_may_have_a_ttl_and_an_interval() {
    let body = r#"{"Name":"c","TTL":"10m","Interval":"10s"}"#;
    let [today, of_old] = both("PUT", "/v1/agent/check/register", body).await;
    assert_eq!(today.0, 400, "{today:?}");
    assert!(today.1.contains("Interval and TTL"), "{today:?}");
    assert_eq!(of_old.0, 200, "{of_old:?}");
}

#[tokio::test]
async fn the_agent_tells_its_addresses_and_ports_unless_strict() {
    let fields = [
        "ClientAddr",
        "AdvertiseAddr",
        "BindAddr",
        "Ports",
        "SessionTTLMin",
    ];
    for (agent, told) in [(agent().await, true), (strict_agent().await, false)] {
        let mut client = Client::connect(&agent).await;
        let config = &client.get("/v1/agent/self").await.json()["Config"];
        for field in fields {
            assert_eq!(config.get(field).is_some(), told, "{field}");
        }
        if told {
            assert_eq!(config["SessionTTLMin"], json!(10_000_000_000_u64));
            let port = agent.consul_http()[0].addr().unwrap().port();
            assert_eq!(config["Ports"]["HTTP"], json!(port));
        }
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn a_server_of_old_lists_itself_among_its_services() {
    let [today, of_old] = both("GET", "/v1/agent/services", "").await;
    assert_eq!(today, (200, "{}".to_owned()));
    let listed: serde_json::Value = serde_json::from_str(&of_old.1).unwrap();
    assert_eq!(listed["consul"]["Service"], "consul", "{listed}");
    assert_eq!(listed["consul"]["Port"], 8300, "{listed}");
}

#[tokio::test]
async fn whom_nobody_knows_may_be_forced_to_leave_by_clients_of_old() {
    for method in ["PUT", "GET"] {
        let [today, of_old] = both(method, "/v1/agent/force-leave/nobody", "").await;
        assert_eq!(today.0, 500, "{today:?}");
        assert!(today.1.contains("No node found"), "{today:?}");
        assert_eq!(of_old, (200, String::new()));
    }
}

#[tokio::test]
async fn an_empty_store_and_an_unknown_neighbour_are_no_errors() {
    for agent in [agent().await, agent_of_old().await] {
        let mut client = Client::connect(&agent).await;
        let keys = client.get("/v1/kv/?keys").await;
        assert_eq!((keys.status, keys.text()), (200, "[]"));
        for target in ["/v1/kv/none", "/v1/kv/none?recurse", "/v1/kv/none?keys"] {
            let answer = client.get(target).await;
            assert_eq!((answer.status, answer.text()), (404, ""), "{target}");
            assert!(answer.header("x-consul-index").is_some(), "{target}");
        }
        for target in ["/v1/catalog/nodes", "/v1/health/state/any"] {
            let answer = client.get(&format!("{target}?near=nobody")).await;
            assert_eq!(answer.status, 200, "{target}");
            assert!(!answer.json().as_array().unwrap().is_empty(), "{target}");
        }
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn a_script_of_old_is_one_text_for_the_shell() {
    let config = AgentConfig::memory().with_script_checks(true);
    let agent = start(config).await;
    let mut client = Client::connect(&agent).await;
    let script =
        r#"{"Name":"s","Script":"echo one; echo two | tr a-z A-Z; exit 1","Interval":"100ms"}"#;
    let answer = client.put("/v1/agent/check/register", script).await;
    assert_eq!((answer.status, answer.text()), (200, ""));
    let mut check = json!(null);
    for _ in 0..200 {
        check = client.get("/v1/agent/checks").await.json()["s"].clone();
        if check["Status"] == "warning" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(check["Status"], "warning", "{check}");
    assert!(
        check["Output"].as_str().unwrap().contains("one\nTWO"),
        "{check}"
    );
    agent.shutdown().await;

    let agent = agent_of_old().await;
    let mut client = Client::connect(&agent).await;
    let answer = client.put("/v1/agent/check/register", script).await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert!(
        answer.text().contains("Scripts are disabled"),
        "{}",
        answer.text()
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_forbidden_key_is_missing_and_the_anonymous_token_listed_for_clients_of_old() {
    const MASTER: &str = "X-Consul-Token: 6d7a3b4c-0b7e-4c8a-9a7e-5c1d0e2f3a4b";
    for (compat, status, listed) in [(Compat::Current, 403, false), (Compat::V0_7, 404, true)] {
        let acl = AclConfig::default().with_management_token(&MASTER["X-Consul-Token: ".len()..]);
        let config = AgentConfig::memory().with_compat(compat).with_acl(acl);
        let agent = start(config).await;
        let mut client = Client::connect(&agent).await;
        let put = client.ask_with("PUT", "/v1/kv/k", &[MASTER], b"v").await;
        assert_eq!(put.status, 200);
        for target in ["/v1/kv/k", "/v1/kv/k?raw", "/v1/kv/none"] {
            assert_eq!(client.get(target).await.status, status, "{target}");
        }
        let refused = client.put("/v1/kv/k", "w").await;
        assert_eq!((refused.status, refused.text()), (403, "Permission denied"));
        let tokens = client
            .ask_with("GET", "/v1/acl/list", &[MASTER], b"")
            .await
            .json();
        let mut tokens = tokens.as_array().unwrap().iter();
        assert_eq!(tokens.any(|token| token["ID"] == "anonymous"), listed);
        agent.shutdown().await;
    }
}

#[tokio::test]
async fn a_query_of_old_needs_neither_name_nor_session_nor_token() {
    let body = r#"{"Service":{"Service":"db"}}"#;
    let [today, of_old] = both("POST", "/v1/query", body).await;
    assert_eq!(today.0, 500, "{today:?}");
    assert!(today.1.contains("Must be bound to a session"), "{today:?}");
    assert_eq!(of_old.0, 200, "{of_old:?}");
    assert!(of_old.1.contains("\"ID\""), "{of_old:?}");
}
