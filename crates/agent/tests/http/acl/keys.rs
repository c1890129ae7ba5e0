//! Keys, transactions and sessions under rules.

use quorate_agent::{AclConfig, AclDefault, AgentConfig, Compat};
use serde_json::json;

use super::{ROOT, Ruled, text};
use crate::client::Client;

const RULES: &str = r#"key_prefix "r/" {policy="read"} key_prefix "w/" {policy="write"}"#;

async fn with_keys() -> (Ruled, String) {
    let ruled = Ruled::start().await;
    for key in ["r/a", "w/a", "x/a"] {
        assert_eq!(
            ruled.put(ROOT, &format!("/kv/{key}"), "v").await.status,
            200
        );
    }
    let token = ruled.token(RULES).await;
    (ruled, token)
}

#[tokio::test]
async fn a_key_is_read_and_written_by_its_own_rule() {
    let (ruled, token) = with_keys().await;
    for (key, read, write) in [("r/a", 200, 403), ("w/a", 200, 200), ("x/a", 403, 403)] {
        let target = format!("/kv/{key}");
        assert_eq!(ruled.get(&token, &target).await.status, read, "{key}");
        assert_eq!(ruled.put(&token, &target, "n").await.status, write, "{key}");
        let deleted = ruled.ask(&token, "DELETE", &target, "").await;
        assert_eq!(deleted.status, write, "{key}");
    }
    let refused = ruled.get("nobody", "/kv/r/a").await;
    assert_eq!((refused.status, refused.text()), (403, "ACL not found"));
    let root = ruled.get("manage", "/kv/r/a").await;
    assert_eq!((root.status, root.text()), (500, "Cannot resolve root ACL"));
    ruled.end().await;
}

#[tokio::test]
async fn lists_leave_out_what_may_not_be_read() {
    let (ruled, token) = with_keys().await;
    let keys = ruled.get(&token, "/kv/?keys").await;
    assert_eq!(keys.json(), json!(["r/a", "w/a"]));
    assert_eq!(keys.index(), ruled.get(ROOT, "/kv/?keys").await.index());
    let tree = ruled.get(&token, "/kv/?recurse").await.json();
    assert_eq!(tree.as_array().unwrap().len(), 2);
    assert_eq!(ruled.get(&token, "/kv/x/?recurse").await.status, 404);
    assert_eq!(ruled.get("", "/kv/?keys").await.json(), json!([]));
    ruled.end().await;
}

#[tokio::test]
async fn a_tree_is_deleted_only_by_those_who_may_write_all_of_it() {
    let (ruled, token) = with_keys().await;
    for (prefix, status) in [("", 403), ("r/", 403), ("w/", 200), ("w", 403)] {
        let target = format!("/kv/{prefix}?recurse");
        let deleted = ruled.ask(&token, "DELETE", &target, "").await;
        assert_eq!(deleted.status, status, "{prefix}");
    }
    ruled.end().await;
}

#[tokio::test]
async fn a_transaction_fails_for_what_it_may_not_do_and_hides_what_it_may_not_see() {
    let (ruled, token) = with_keys().await;
    let ops = json!([
        {"KV": {"Verb": "set", "Key": "w/b", "Value": ""}},
        {"KV": {"Verb": "set", "Key": "r/a", "Value": ""}},
        {"KV": {"Verb": "check-not-exists", "Key": "r/b"}},
        {"KV": {"Verb": "check-index", "Key": "x/a", "Index": 1}},
        {"KV": {"Verb": "fly", "Key": "x/a"}},
    ]);
    let answer = ruled.put(&token, "/txn", &ops.to_string()).await;
    assert_eq!(answer.status, 409);
    let denied = |at: usize| json!({"OpIndex": at, "What": "Permission denied"});
    let errors = json!([denied(1), denied(2), denied(3), denied(4)]);
    assert_eq!(answer.json()["Errors"], errors);
    assert_eq!(ruled.get(ROOT, "/kv/w/b").await.status, 404);

    let reads = json!([
        {"KV": {"Verb": "get", "Key": "r/a"}},
        {"KV": {"Verb": "get", "Key": "x/a"}},
    ]);
    let answer = ruled.put(&token, "/txn", &reads.to_string()).await;
    assert_eq!(answer.status, 200);
    let rows = answer.json()["Results"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    ruled.end().await;
}

#[tokio::test]
async fn lists_have_a_rule_of_their_own_where_that_is_wanted() {
    let acl = AclConfig::default().with_key_list_policy(true);
    let ruled = Ruled::with(acl).await;
    for key in ["a/1", "b/1"] {
        ruled.put(ROOT, &format!("/kv/{key}"), "v").await;
    }
    let rules = r#"key_prefix "a/" {policy="list"} key_prefix "b/" {policy="read"}"#;
    let token = ruled.token(rules).await;
    for (target, status) in [
        ("/kv/a/?keys", 200),
        ("/kv/a/?recurse", 200),
        ("/kv/b/?keys", 403),
        ("/kv/b/?recurse", 403),
        ("/kv/?keys", 403),
        ("/kv/b/1", 200),
    ] {
        assert_eq!(ruled.get(&token, target).await.status, status, "{target}");
    }
    ruled.end().await;
}

#[tokio::test]
async fn sessions_are_those_of_nodes_that_the_rules_speak_of() {
    let ruled = Ruled::start().await;
    let session = ruled.create("/session/create", &json!({})).await;
    let id = text(&session["ID"]);
    let reader = ruled.token(r#"session_prefix "" {policy="read"}"#).await;
    let writer = ruled.token(r#"session "node-1" {policy="write"}"#).await;
    assert_eq!(
        ruled.put(&reader, "/session/create", "{}").await.status,
        403
    );
    assert_eq!(
        ruled.put(&writer, "/session/create", "{}").await.status,
        200
    );
    let info = format!("/session/info/{id}");
    assert_eq!(ruled.get(&reader, &info).await.json()[0]["ID"], id.as_str());
    assert_eq!(ruled.get("", &info).await.json(), json!([]));
    assert_eq!(ruled.get("", "/session/list").await.json(), json!([]));
    for verb in ["renew", "destroy"] {
        let target = format!("/session/{verb}/{id}");
        assert_eq!(ruled.put(&reader, &target, "").await.status, 403, "{verb}");
        assert_eq!(ruled.put(&writer, &target, "").await.status, 200, "{verb}");
    }
    ruled.end().await;
}

#[tokio::test]
async fn a_default_of_allow_leaves_out_the_rules_themselves() {
    let acl = AclConfig::default().with_default_policy(AclDefault::Allow);
    let ruled = Ruled::with(acl).await;
    assert_eq!(ruled.put("", "/kv/a", "v").await.status, 200);
    assert_eq!(ruled.get("", "/acl/tokens").await.status, 403);
    assert_eq!(ruled.get("", "/snapshot").await.status, 403);
    let token = ruled.token(r#"key_prefix "a" {policy="deny"}"#).await;
    assert_eq!(ruled.get(&token, "/kv/a").await.status, 403);
    assert_eq!(ruled.get(&token, "/kv/b").await.status, 404);
    ruled.end().await;
}

#[tokio::test]
async fn clients_of_old_take_a_forbidden_key_for_a_missing_one() {
    let acl = AclConfig::default().with_management_token(ROOT);
    let config = AgentConfig::memory().with_compat(Compat::V0_7);
    let ruled = Ruled::of(config.with_acl(acl)).await;
    ruled.put(ROOT, "/kv/a", "v").await;
    assert_eq!(ruled.get("", "/kv/a").await.status, 404);
    assert!(
        ruled
            .get("", "/kv/a")
            .await
            .header("x-consul-index")
            .is_some()
    );
    let names = ruled.get(ROOT, "/acl/list").await.json();
    let names: Vec<_> = names
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["ID"]))
        .collect();
    assert_eq!(names, ["anonymous", ROOT]);
    ruled.end().await;
}

#[tokio::test]
async fn the_token_may_stand_in_the_query_a_header_or_the_bearer_scheme() {
    let (ruled, token) = with_keys().await;
    let mut client = Client::connect(&ruled.agent).await;
    let header = format!("X-Consul-Token: {token}");
    let bearer = format!("Authorization: Bearer {token}");
    for (target, headers, status) in [
        (format!("/v1/kv/r/a?token={token}"), vec![], 200),
        ("/v1/kv/r/a".to_owned(), vec![header.as_str()], 200),
        ("/v1/kv/r/a".to_owned(), vec![bearer.as_str()], 200),
        ("/v1/kv/r/a?token=x".to_owned(), vec![header.as_str()], 403),
        (
            "/v1/kv/r/a".to_owned(),
            vec!["X-Consul-Token: x", bearer.as_str()],
            403,
        ),
        ("/v1/kv/r/a?token=".to_owned(), vec![header.as_str()], 200),
    ] {
        let answer = client.ask_with("GET", &target, &headers, b"").await;
        assert_eq!(answer.status, status, "{target} {headers:?}");
    }
    ruled.end().await;
}
