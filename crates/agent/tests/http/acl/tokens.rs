//! Tokens: how long they hold, and what changes them.

use quorate_agent::AclConfig;
use serde_json::json;

use super::{ROOT, Ruled, text};
use crate::client::Client;

#[tokio::test]
async fn a_change_of_a_policy_holds_at_once() {
    let ruled = Ruled::start().await;
    let policy = json!({"Name": "p", "Rules": r#"key "a" {policy="write"}"#});
    let policy = ruled.create("/acl/policy", &policy).await;
    let token = ruled
        .create("/acl/token", &json!({"Policies": [{"Name": "p"}]}))
        .await;
    let secret = text(&token["SecretID"]);
    assert_eq!(ruled.put(&secret, "/kv/a", "v").await.status, 200);

    let target = format!("/acl/policy/{}", text(&policy["ID"]));
    let less = json!({"Name": "p", "Rules": r#"key "a" {policy="read"}"#});
    ruled.create(&target, &less).await;
    assert_eq!(ruled.put(&secret, "/kv/a", "v").await.status, 403);
    assert_eq!(ruled.get(&secret, "/kv/a").await.status, 200);

    assert_eq!(ruled.ask(ROOT, "DELETE", &target, "").await.status, 200);
    assert_eq!(ruled.get(&secret, "/kv/a").await.status, 403);
    let own = ruled.get(&secret, "/acl/token/self").await.json();
    assert!(own.get("Policies").is_none(), "{own}");
    ruled.end().await;
}

#[tokio::test]
async fn roles_and_identities_give_what_they_stand_for() {
    let ruled = Ruled::start().await;
    ruled
        .create(
            "/acl/policy",
            &json!({"Name": "p", "Rules": r#"key "a" {policy="read"}"#}),
        )
        .await;
    let elsewhere = json!({
        "Name": "far", "Rules": r#"key "b" {policy="read"}"#, "Datacenters": ["dc2"],
    });
    ruled.create("/acl/policy", &elsewhere).await;
    let role = json!({
        "Name": "r", "Policies": [{"Name": "p"}, {"Name": "far"}],
        "ServiceIdentities": [{"ServiceName": "web"}],
        "NodeIdentities": [{"NodeName": "n", "Datacenter": "dc2"}],
    });
    ruled.create("/acl/role", &role).await;
    let token = ruled
        .create("/acl/token", &json!({"Roles": [{"Name": "r"}]}))
        .await;
    let secret = text(&token["SecretID"]);
    let questions = json!([
        {"Resource": "key", "Segment": "a", "Access": "read"},
        {"Resource": "key", "Segment": "b", "Access": "read"},
        {"Resource": "service", "Segment": "web-sidecar-proxy", "Access": "write"},
        {"Resource": "service", "Segment": "other", "Access": "read"},
        {"Resource": "node", "Segment": "n", "Access": "write"},
    ]);
    let target = "/internal/acl/authorize";
    let answers = ruled
        .ask(&secret, "POST", target, &questions.to_string())
        .await;
    let answers = answers.json();
    let allowed: Vec<_> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["Allow"] == true)
        .collect();
    assert_eq!(allowed, [true, false, true, true, false]);
    ruled.end().await;
}

#[tokio::test]
async fn a_reader_that_waits_is_cut_off_when_its_token_goes() {
    let ruled = Ruled::start().await;
    ruled.put(ROOT, "/kv/a", "v").await;
    let secret = ruled.token(r#"key "a" {policy="read"}"#).await;
    let accessor = ruled.get(&secret, "/acl/token/self").await.json();
    let accessor = text(&accessor["AccessorID"]);
    let index = ruled.get(&secret, "/kv/a").await.index();

    let mut waiting = Client::connect(&ruled.agent).await;
    let target = format!("/v1/kv/a?index={index}&wait=60s&token={secret}");
    waiting
        .send(&crate::client::request("GET", &target, &[], b""))
        .await;
    let deleted = ruled
        .ask(ROOT, "DELETE", &format!("/acl/token/{accessor}"), "")
        .await;
    assert_eq!(deleted.status, 200);
    // Whether it had begun to wait by then or not: it never sees this.
    ruled.put(ROOT, "/kv/a", "secret").await;
    let answer = waiting.receive().await.unwrap();
    assert_eq!((answer.status, answer.text()), (403, "ACL not found"));
    ruled.end().await;
}

#[tokio::test]
async fn requests_without_a_token_use_the_agents_own() {
    let ruled = Ruled::start().await;
    let secret = ruled.token(r#"key "a" {policy="read"}"#).await;
    assert_eq!(ruled.get("", "/kv/a").await.status, 403);
    let body = json!({"Token": secret}).to_string();
    assert_eq!(
        ruled.put("", "/agent/token/default", &body).await.status,
        403
    );
    assert_eq!(
        ruled.put(ROOT, "/agent/token/default", &body).await.status,
        200
    );
    assert_eq!(ruled.get("", "/kv/a").await.status, 404);
    let unknown = ruled.put(ROOT, "/agent/token/x", &body).await;
    assert_eq!(
        (unknown.status, unknown.text()),
        (404, "Token \"x\" is unknown")
    );
    ruled.end().await;
}

#[tokio::test]
async fn the_anonymous_token_can_be_given_rights() {
    let ruled = Ruled::start().await;
    ruled
        .create(
            "/acl/policy",
            &json!({"Name": "p", "Rules": r#"key "a" {policy="read"}"#}),
        )
        .await;
    let target = "/acl/token/00000000-0000-0000-0000-000000000002";
    ruled
        .create(target, &json!({"Policies": [{"Name": "p"}]}))
        .await;
    assert_eq!(ruled.get("", "/kv/a").await.status, 404);
    ruled.end().await;
}

#[tokio::test]
async fn the_agents_master_token_needs_no_stored_token() {
    let acl = AclConfig::default().with_agent_master_token("emergency");
    let ruled = Ruled::with(acl).await;
    for (method, target, status) in [
        ("GET", "/agent/self", 200),
        ("PUT", "/agent/reload", 200),
        ("GET", "/catalog/nodes", 200),
        ("GET", "/kv/a", 403),
    ] {
        let answer = ruled.ask("emergency", method, target, "").await;
        assert_eq!(answer.status, status, "{target}");
    }
    ruled.end().await;
}

#[tokio::test]
async fn old_tokens_hold_beside_new_ones() {
    let ruled = Ruled::start().await;
    let old = json!({"ID": "old", "Name": "n", "Type": "client", "Rules": r#"key "a/" {policy="write"}"#});
    ruled.create("/acl/create", &old).await;
    assert_eq!(ruled.put("old", "/kv/a/b", "v").await.status, 200);
    assert_eq!(ruled.get("old", "/kv/b").await.status, 403);
    ruled
        .create("/acl/update", &json!({"ID": "old", "Type": "management"}))
        .await;
    assert_eq!(ruled.get("old", "/kv/b").await.status, 404);
    assert_eq!(ruled.put(ROOT, "/acl/destroy/old", "").await.status, 200);
    assert_eq!(ruled.get("old", "/kv/b").await.text(), "ACL not found");
    ruled.end().await;
}

#[tokio::test]
async fn many_tokens_are_told_apart() {
    let ruled = Ruled::start().await;
    let mut secrets = Vec::new();
    for number in 0..40 {
        let rules = format!("key \"k{number}\" {{policy=\"write\"}}");
        let rules = json!({"Name": format!("p{number}"), "Rules": rules});
        let policy = ruled.create("/acl/policy", &rules).await;
        let token = json!({"Policies": [{"ID": policy["ID"]}]});
        let token = ruled.create("/acl/token", &token).await;
        secrets.push(text(&token["SecretID"]));
    }
    for (number, secret) in secrets.iter().enumerate() {
        let own = ruled.put(secret, &format!("/kv/k{number}"), "v").await;
        let other = ruled
            .put(secret, &format!("/kv/k{}", (number + 1) % 40), "v")
            .await;
        assert_eq!((own.status, other.status), (200, 403), "{number}");
    }
    ruled.end().await;
}

#[tokio::test]
async fn a_login_is_a_token_until_its_logout() {
    let ruled = Ruled::start().await;
    let jwt = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/fixtures/jwt");
        std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
    };
    let method = json!({"Name": "m", "Type": "jwt", "MaxTokenTTL": "1m", "Config": {
        "JWTValidationPubKeys": [jwt("public.pem")], "BoundIssuer": "quorate-tests",
        "BoundAudiences": ["quorate"], "ClaimMappings": {"sub": "user"},
    }});
    ruled.create("/acl/auth-method", &method).await;
    let rule = json!({
        "AuthMethod": "m", "BindType": "service", "BindName": "${value.user}",
        "Selector": "value.user == bob",
    });
    ruled.create("/acl/binding-rule", &rule).await;
    let login = |name: &str| json!({"AuthMethod": "m", "BearerToken": jwt(name)}).to_string();
    let eve = ruled.ask("", "POST", "/acl/login", &login("eve.jwt")).await;
    assert_eq!((eve.status, eve.text()), (403, "Permission denied"));
    let bob = ruled
        .ask("", "POST", "/acl/login", &login("bob.jwt"))
        .await
        .json();
    assert!(bob["ExpirationTime"].is_string());
    let secret = text(&bob["SecretID"]);
    let service = json!({"Name": "bob"}).to_string();
    assert_eq!(
        ruled
            .put(&secret, "/agent/service/register", &service)
            .await
            .status,
        200
    );
    assert_eq!(
        ruled.ask(&secret, "POST", "/acl/logout", "").await.status,
        200
    );
    assert_eq!(ruled.get(&secret, "/agent/services").await.status, 403);
    ruled.end().await;
}
