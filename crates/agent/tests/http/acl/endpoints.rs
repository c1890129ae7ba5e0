//! What those without a token get of each endpoint, as the real 1.8.7 with `default_policy = "deny"`
//! answers it.

use serde_json::json;

use super::{ROOT, Ruled};

const ID: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
const DENIED: &str = "Permission denied";

/// Method, path, body; status and text of the answer. `<id>` stands for an id of nothing.
const ANSWERS: [(&str, &str, &str, u16, &str); 83] = [
    ("GET", "/kv/a", "", 403, DENIED),
    ("GET", "/kv/?keys", "", 200, "[]"),
    ("GET", "/kv/?recurse", "", 404, ""),
    ("PUT", "/kv/a", "x", 403, DENIED),
    ("DELETE", "/kv/a", "", 403, DENIED),
    ("GET", "/catalog/nodes", "", 200, "[]"),
    ("GET", "/catalog/node/node-1", "", 200, "null"),
    ("GET", "/health/node/node-1", "", 200, "[]"),
    ("GET", "/health/state/any", "", 200, "[]"),
    ("GET", "/health/service/consul", "", 200, "[]"),
    ("GET", "/health/checks/consul", "", 200, "[]"),
    ("GET", "/health/connect/x", "", 200, "[]"),
    ("GET", "/health/ingress/x", "", 200, "[]"),
    ("GET", "/catalog/services", "", 200, "{}"),
    ("GET", "/catalog/service/consul", "", 200, "[]"),
    ("GET", "/catalog/connect/x", "", 200, "[]"),
    (
        "GET",
        "/catalog/node-services/node-1",
        "",
        200,
        r#"{"Node":null,"Services":null}"#,
    ),
    ("GET", "/catalog/gateway-services/x", "", 403, DENIED),
    ("PUT", "/session/create", "", 403, DENIED),
    ("PUT", "/session/create", "{}", 403, DENIED),
    ("GET", "/session/list", "", 200, "[]"),
    ("GET", "/session/node/node-1", "", 200, "[]"),
    ("GET", "/session/info/<id>", "", 200, "[]"),
    ("PUT", "/session/destroy/<id>", "", 200, "true"),
    (
        "PUT",
        "/session/renew/<id>",
        "",
        404,
        "Session id '<id>' not found",
    ),
    (
        "PUT",
        "/txn",
        r#"[{"KV":{"Verb":"get","Key":"a"}}]"#,
        409,
        r#"{"Results":null,"Errors":[{"OpIndex":0,"What":"key \"a\" doesn't exist"}],"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":""}"#,
    ),
    (
        "PUT",
        "/txn",
        r#"[{"KV":{"Verb":"set","Key":"a","Value":""}},{"KV":{"Verb":"get","Key":"a"}}]"#,
        409,
        r#"{"Results":null,"Errors":[{"OpIndex":0,"What":"Permission denied"}]}"#,
    ),
    (
        "PUT",
        "/txn",
        "[]",
        200,
        r#"{"Results":[],"Errors":null,"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":""}"#,
    ),
    ("GET", "/agent/self", "", 403, DENIED),
    ("GET", "/agent/members", "", 200, "[]"),
    ("GET", "/agent/host", "", 403, DENIED),
    ("GET", "/agent/metrics", "", 403, DENIED),
    ("PUT", "/agent/reload", "", 403, DENIED),
    ("PUT", "/agent/join/1.2.3.4", "", 403, DENIED),
    ("PUT", "/agent/force-leave/x", "", 403, DENIED),
    ("PUT", "/agent/maintenance?enable=true", "", 403, DENIED),
    ("GET", "/agent/services", "", 200, "{}"),
    ("GET", "/agent/service/x", "", 404, "unknown service ID: x"),
    ("GET", "/agent/checks", "", 200, "{}"),
    (
        "PUT",
        "/agent/service/register",
        r#"{"Name":"x"}"#,
        403,
        "Permission denied: Missing service:write on x",
    ),
    (
        "PUT",
        "/agent/service/deregister/x",
        "",
        500,
        r#"Unknown service {"x" {}}"#,
    ),
    (
        "PUT",
        "/agent/service/maintenance/x?enable=true",
        "",
        500,
        r#"Unknown service {"x" {}}"#,
    ),
    (
        "PUT",
        "/agent/check/register",
        r#"{"Name":"x","TTL":"10s"}"#,
        403,
        "Permission denied: Missing node:write on node-1",
    ),
    (
        "PUT",
        "/agent/check/deregister/x",
        "",
        500,
        r#"Unknown check "x""#,
    ),
    (
        "PUT",
        "/agent/check/pass/x",
        "",
        500,
        r#"Unknown check "x""#,
    ),
    (
        "PUT",
        "/agent/check/update/x",
        r#"{"Status":"passing"}"#,
        500,
        r#"Unknown check "x""#,
    ),
    ("GET", "/agent/health/service/name/x", "", 403, DENIED),
    (
        "PUT",
        "/agent/token/default",
        r#"{"Token":"x"}"#,
        403,
        DENIED,
    ),
    ("PUT", "/agent/token/x", r#"{"Token":"x"}"#, 403, DENIED),
    (
        "POST",
        "/agent/connect/authorize",
        r#"{"Target":"x","ClientCertURI":"spiffe://x/ns/default/dc/dc1/svc/y","ClientCertSerial":"1"}"#,
        403,
        DENIED,
    ),
    ("PUT", "/event/fire/x", "a", 403, DENIED),
    ("GET", "/event/list", "", 200, "[]"),
    ("GET", "/event/list?name=x", "", 200, "[]"),
    ("GET", "/coordinate/nodes", "", 200, "[]"),
    ("GET", "/coordinate/node/node-1", "", 403, DENIED),
    (
        "PUT",
        "/coordinate/update",
        r#"{"Node":"node-1","Coord":{"Vec":[0,0,0,0,0,0,0,0]}}"#,
        403,
        DENIED,
    ),
    (
        "POST",
        "/query",
        r#"{"Name":"q","Service":{"Service":"x"}}"#,
        403,
        DENIED,
    ),
    ("GET", "/query", "", 200, "[]"),
    ("GET", "/query/<id>", "", 404, "Query not found"),
    (
        "PUT",
        "/query/<id>",
        r#"{"Name":"q","Service":{"Service":"x"}}"#,
        403,
        DENIED,
    ),
    (
        "DELETE",
        "/query/<id>",
        "",
        500,
        "Cannot modify non-existent prepared query: '<id>'",
    ),
    ("GET", "/query/x/execute", "", 404, "Query not found"),
    ("GET", "/query/x/explain", "", 404, "Query not found"),
    ("GET", "/operator/raft/configuration", "", 403, DENIED),
    ("DELETE", "/operator/raft/peer?address=x", "", 403, DENIED),
    ("GET", "/operator/autopilot/configuration", "", 403, DENIED),
    (
        "PUT",
        "/operator/autopilot/configuration",
        "{}",
        403,
        DENIED,
    ),
    ("GET", "/operator/autopilot/health", "", 403, DENIED),
    ("GET", "/snapshot", "", 403, DENIED),
    ("PUT", "/snapshot", "x", 403, DENIED),
    (
        "PUT",
        "/config",
        r#"{"Kind":"service-defaults","Name":"x"}"#,
        403,
        DENIED,
    ),
    (
        "PUT",
        "/config",
        r#"{"Kind":"proxy-defaults","Name":"global"}"#,
        403,
        DENIED,
    ),
    ("GET", "/config/service-defaults", "", 200, "[]"),
    ("GET", "/config/service-defaults/x", "", 403, DENIED),
    (
        "GET",
        "/config/proxy-defaults/global",
        "",
        404,
        r#"Config entry not found for "proxy-defaults" / "global""#,
    ),
    ("DELETE", "/config/service-defaults/x", "", 403, DENIED),
    ("GET", "/connect/intentions", "", 200, "[]"),
    (
        "POST",
        "/connect/intentions",
        r#"{"SourceName":"a","DestinationName":"b","Action":"allow"}"#,
        403,
        DENIED,
    ),
    (
        "GET",
        "/connect/intentions/match?by=source&name=x",
        "",
        403,
        DENIED,
    ),
    (
        "GET",
        "/connect/intentions/check?source=a&destination=b",
        "",
        403,
        DENIED,
    ),
    (
        "GET",
        "/connect/intentions/<id>",
        "",
        404,
        "Intention not found",
    ),
    (
        "PUT",
        "/catalog/register",
        r#"{"Node":"x","Address":"1.1.1.1"}"#,
        403,
        DENIED,
    ),
    ("PUT", "/catalog/deregister", r#"{"Node":"x"}"#, 403, DENIED),
];

#[tokio::test]
async fn without_a_token_nothing_is_shown_and_nothing_is_done() {
    let ruled = Ruled::start().await;
    ruled.put(ROOT, "/kv/secret", "v").await;
    let mut differences = Vec::new();
    for (method, target, body, status, text) in ANSWERS {
        let answer = ruled
            .ask("", method, &target.replace("<id>", ID), body)
            .await;
        let ours = (answer.status, answer.text().trim_end());
        if ours != (status, text.replace("<id>", ID).as_str()) {
            differences.push(format!("{method} {target}: {ours:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    ruled.end().await;
}

#[tokio::test]
async fn a_token_that_does_not_exist_opens_nothing() {
    let ruled = Ruled::start().await;
    // Of these Consul says first that the thing is not there.
    let others = ["/event/fire/", "/query/", "/connect/intentions/"];
    for (method, target, body, ..) in ANSWERS {
        if others.iter().any(|other| target.starts_with(other)) {
            continue;
        }
        let answer = ruled
            .ask("nobody", method, &target.replace("<id>", ID), body)
            .await;
        assert_eq!(
            (answer.status, answer.text()),
            (403, "ACL not found"),
            "{method} {target}"
        );
    }
    ruled.end().await;
}

#[tokio::test]
async fn where_rules_are_off_their_endpoints_say_so() {
    let ruled = Ruled::of(quorate_agent::AgentConfig::memory()).await;
    for (method, target) in [
        ("PUT", "/acl/bootstrap"),
        ("GET", "/acl/tokens"),
        ("PUT", "/acl/policy"),
        ("GET", "/acl/list"),
        ("POST", "/acl/login"),
        ("POST", "/internal/acl/authorize"),
        ("PUT", "/agent/token/default"),
    ] {
        let answer = ruled.ask("x", method, target, &json!({}).to_string()).await;
        let refused = (answer.status, answer.text());
        assert_eq!(refused, (401, "ACL support disabled"), "{target}");
    }
    assert_eq!(ruled.put("nobody", "/kv/a", "v").await.status, 200);
    ruled.end().await;
}
