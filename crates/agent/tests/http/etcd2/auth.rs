use serde_json::json;

use super::{Etcd, JSON, agent};
use crate::client::{Answer, Client};

const ROOT: &str = "Authorization: Basic cm9vdDpyb290cHc=";
const ANN: &str = "Authorization: Basic YW5uOmFubnB3";

async fn put(client: &mut Client, target: &str, body: serde_json::Value) -> Answer {
    let target = format!("/v2/auth{target}");
    let body = body.to_string();
    client
        .ask_with("PUT", &target, &[JSON, ROOT], body.as_bytes())
        .await
}

/// Users count, guests may do nothing, and `ann` may read and write below `/app`.
async fn guarded(client: &mut Client) {
    let root = json!({"user": "root", "password": "rootpw"});
    assert_eq!(put(client, "/users/root", root).await.status, 201);
    let paths = json!(["/app/*"]);
    let app = json!({"role": "app", "permissions": {"kv": {"read": paths, "write": paths}}});
    assert_eq!(put(client, "/roles/app", app).await.status, 201);
    let ann = json!({"user": "ann", "password": "annpw", "roles": ["app"]});
    assert_eq!(put(client, "/users/ann", ann).await.status, 200);
    assert_eq!(put(client, "/enable", json!({})).await.status, 200);
    let all = json!(["/*"]);
    let nothing = json!({"role": "guest", "revoke": {"kv": {"read": all, "write": all}}});
    assert_eq!(put(client, "/roles/guest", nothing).await.status, 200);
}

#[tokio::test]
async fn enabling_users_locks_nothing_until_guests_lose_their_role() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let root = json!({"user": "root", "password": "rootpw"});
    put(&mut etcd.0, "/users/root", root).await;
    put(&mut etcd.0, "/enable", json!({})).await;
    assert_eq!(etcd.put("/a", "value=1").await.status, 201);
    assert_eq!(etcd.0.get("/v2/auth/users").await.status, 401);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_watch_needs_the_right_to_read() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    guarded(&mut etcd.0).await;
    let denied = etcd.get("/app/x?wait=true").await;
    assert_eq!(
        (denied.status, &denied.json()["errorCode"]),
        (401, &110.into())
    );
    let mut watcher = Client::connect_etcd(&agent).await;
    let target = "/v2/keys/app?wait=true&recursive=true";
    let denied = watcher.ask_with("GET", target, &[ANN], b"").await;
    assert_eq!(
        denied.status, 401,
        "the directory itself is not below /app/"
    );
    let target = "/v2/keys/app/x?wait=true";
    let bytes = crate::client::request("GET", target, &[ANN], b"");
    watcher.send(&bytes).await;
    assert_eq!(watcher.receive_head().await.unwrap().status, 200);
    let form = super::FORM;
    let wrote = etcd
        .0
        .ask_with("PUT", "/v2/keys/app/x", &[ANN, form], b"value=1")
        .await;
    assert_eq!(wrote.status, 201);
    assert!(watcher.chunked().await.starts_with(br#"{"action":"set""#));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old_one() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    guarded(&mut etcd.0).await;
    let read = async |client: &mut Client| {
        let target = "/v2/keys/app/none";
        client.ask_with("GET", target, &[ANN], b"").await.status
    };
    assert_eq!(
        read(&mut etcd.0).await,
        404,
        "it may look, and there is nothing"
    );
    assert_eq!(read(&mut etcd.0).await, 404);
    let other = json!({"user": "ann", "password": "other"});
    assert_eq!(put(&mut etcd.0, "/users/ann", other).await.status, 200);
    assert_eq!(read(&mut etcd.0).await, 401);
    agent.shutdown().await;
}

#[tokio::test]
async fn members_statistics_and_health_stay_open() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    guarded(&mut etcd.0).await;
    for target in [
        "/v2/members",
        "/v2/machines",
        "/v2/stats/self",
        "/version",
        "/health",
    ] {
        assert_eq!(etcd.0.get(target).await.status, 200, "{target}");
    }
    let add = br#"{"peerURLs":["http://a:1"]}"#;
    let denied = etcd.0.ask_with("POST", "/v2/members", &[JSON], add).await;
    assert_eq!(denied.status, 401);
    agent.shutdown().await;
}

#[tokio::test]
async fn no_answer_shows_a_password() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let ann = json!({"user": "ann", "password": "annpw"});
    let made = put(&mut etcd.0, "/users/ann", ann).await;
    let shown = etcd.0.get("/v2/auth/users/ann").await;
    let all = etcd.0.get("/v2/auth/users").await;
    for answer in [made, shown, all] {
        assert!(!answer.text().contains("password") && !answer.text().contains("annpw"));
    }
    agent.shutdown().await;
}
