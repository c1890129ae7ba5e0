//! Snapshots: what they keep, what they refuse, and whom they wake.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use quorate_agent::Agent;
use quorate_agent::snapshot::inspect;
use serde_json::json;
use tokio::time::timeout;

use crate::client::{Answer, Client, PATIENCE, agent, request};

async fn ask(agent: &Agent, method: &str, target: &str, body: &[u8]) -> Answer {
    Client::connect(agent).await.ask(method, target, body).await
}

async fn put(agent: &Agent, target: &str, body: &str) -> Answer {
    let answer = ask(agent, "PUT", target, body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer
}

async fn get(agent: &Agent, target: &str) -> Answer {
    ask(agent, "GET", target, b"").await
}

async fn save(agent: &Agent) -> Vec<u8> {
    let mut client = Client::connect(agent).await;
    client.send(&request("GET", "/v1/snapshot", &[], b"")).await;
    let answer = client.receive_head().await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/x-gzip"));
    client.chunked().await
}

async fn fill(agent: &Agent) {
    put(agent, "/v1/kv/kept", "old").await;
    put(agent, "/v1/kv/deleted", "old").await;
    let entry = json!({"Kind": "service-defaults", "Name": "web", "Protocol": "http"});
    put(agent, "/v1/config", &entry.to_string()).await;
    let node = json!({"Node": "other", "Address": "127.0.0.9", "Service": {"Service": "db"}});
    put(agent, "/v1/catalog/register", &node.to_string()).await;
}

#[tokio::test]
async fn a_restored_snapshot_takes_the_place_of_everything() {
    let agent = agent().await;
    fill(&agent).await;
    let archive = save(&agent).await;
    put(&agent, "/v1/kv/kept", "new").await;
    put(&agent, "/v1/kv/added", "new").await;
    ask(&agent, "DELETE", "/v1/kv/deleted", b"").await;
    ask(&agent, "DELETE", "/v1/config/service-defaults/web", b"").await;
    let before = get(&agent, "/v1/kv/?recurse").await.index();
    assert_eq!(
        ask(&agent, "PUT", "/v1/snapshot", &archive).await.status,
        200
    );
    let keys = get(&agent, "/v1/kv/?keys").await;
    assert_eq!(keys.json(), json!(["deleted", "kept"]));
    assert!(keys.index() < before, "the index of the keys goes back");
    assert_eq!(get(&agent, "/v1/kv/kept?raw").await.text(), "old");
    assert_eq!(
        get(&agent, "/v1/config/service-defaults/web").await.status,
        200
    );
    let other = get(&agent, "/v1/catalog/node/other").await.json();
    assert_eq!(other["Services"]["db"]["Service"], "db");
    // But no write gets an index that another one had.
    put(&agent, "/v1/kv/after", "x").await;
    assert!(get(&agent, "/v1/kv/after").await.index() > before);
}

#[tokio::test]
async fn what_belongs_to_the_agent_itself_stays() {
    let agent = agent().await;
    let archive = save(&agent).await;
    let service = json!({"Name": "web", "Check": {"TTL": "10m", "Status": "passing"}});
    put(&agent, "/v1/agent/service/register", &service.to_string()).await;
    assert_eq!(
        ask(&agent, "PUT", "/v1/snapshot", &archive).await.status,
        200
    );
    let local = get(&agent, "/v1/agent/services").await.json();
    assert_eq!(local["web"]["Service"], "web");
    let own = get(&agent, "/v1/catalog/node/node-1").await.json();
    assert_eq!(
        own["Services"]["web"]["ID"], "web",
        "and is in the catalog again: {own}"
    );
}

#[tokio::test]
async fn another_agents_snapshot_brings_its_catalog_but_not_its_own_services() {
    // Both have the same name, and each its own id.
    let one = agent().await;
    fill(&one).await;
    let service = json!({"Name": "of-one"});
    put(&one, "/v1/agent/service/register", &service.to_string()).await;
    let two = agent().await;
    assert_eq!(
        ask(&two, "PUT", "/v1/snapshot", &save(&one).await)
            .await
            .status,
        200
    );
    assert_eq!(get(&two, "/v1/agent/services").await.json(), json!({}));
    let own = get(&two, "/v1/catalog/node/node-1").await.json();
    let id = get(&two, "/v1/agent/self").await.json()["Config"]["NodeID"].clone();
    assert_eq!(
        (&own["Node"]["ID"], own["Services"]["of-one"].is_null()),
        (&id, true),
        "{own}"
    );
}

#[tokio::test]
async fn every_blocked_read_returns_at_once() {
    let agent = agent().await;
    fill(&agent).await;
    let archive = save(&agent).await;
    put(&agent, "/v1/kv/kept", "new").await;
    let mut blocked = Vec::new();
    for target in [
        "/v1/kv/kept",
        "/v1/kv/none",
        "/v1/catalog/nodes",
        "/v1/session/list",
    ] {
        let index = get(&agent, target).await.index();
        let mut client = Client::connect(&agent).await;
        let target = format!("{target}?index={index}&wait=5m");
        client.send(&request("GET", &target, &[], b"")).await;
        blocked.push((target, client));
    }
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        ask(&agent, "PUT", "/v1/snapshot", &archive).await.status,
        200
    );
    for (target, mut client) in blocked {
        let answer = timeout(PATIENCE, client.receive()).await;
        assert!(answer.is_ok(), "{target} still waits");
    }
}

#[tokio::test]
async fn a_file_that_is_no_snapshot_changes_nothing() {
    let agent = agent().await;
    fill(&agent).await;
    let archive = save(&agent).await;
    let mut altered = archive.clone();
    let at = altered.len() - 6;
    altered[at] ^= 1;
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::fast());
    gzipped.write_all(b"hello").unwrap();
    let gzipped = gzipped.finish().unwrap();
    for (body, text) in [
        (&b""[..], "failed to decompress snapshot: EOF"),
        (b"hello", "failed to decompress snapshot: unexpected EOF"),
        (
            b"hello hello hello",
            "failed to decompress snapshot: gzip: invalid header",
        ),
        (
            &gzipped,
            "failed to read snapshot file: failed reading snapshot: unexpected EOF",
        ),
        (&altered, "gzip: invalid checksum"),
    ] {
        let answer = ask(&agent, "PUT", "/v1/snapshot", body).await;
        assert_eq!((answer.status, answer.text()), (500, text));
    }
    for end in [200, archive.len() / 2, archive.len() - 1] {
        let answer = ask(&agent, "PUT", "/v1/snapshot", &archive[..end]).await;
        assert_eq!(answer.status, 500, "cut at {end}");
    }
    assert_eq!(
        get(&agent, "/v1/kv/?keys").await.json(),
        json!(["deleted", "kept"])
    );
}

#[tokio::test]
async fn a_snapshot_says_what_is_in_it() {
    let agent = agent().await;
    fill(&agent).await;
    let archive = save(&agent).await;
    let inspection = inspect(archive.as_slice()).unwrap();
    assert_eq!(inspection.version, 100, "one that no real server restores");
    let tables = inspection.tables.unwrap();
    let rows = |name| tables.iter().find(|table| table.name == name).unwrap().rows;
    assert_eq!(
        (rows("keys"), rows("nodes"), rows("config entries")),
        (2, 2, 1)
    );
    assert!(inspect(&archive[..100]).is_err());
}

#[tokio::test]
async fn a_restored_session_has_all_of_its_ttl_again() {
    let agent = agent().await;
    let made = put(
        &agent,
        "/v1/session/create",
        r#"{"TTL":"10s","LockDelay":"0s"}"#,
    )
    .await;
    let id = made.json()["ID"].as_str().unwrap().to_owned();
    put(&agent, &format!("/v1/kv/lock?acquire={id}"), "x").await;
    let archive = save(&agent).await;
    put(&agent, &format!("/v1/session/destroy/{id}"), "").await;
    assert_eq!(
        ask(&agent, "PUT", "/v1/snapshot", &archive).await.status,
        200
    );
    tokio::time::sleep(Duration::from_millis(50)).await;
    let renewed = put(&agent, &format!("/v1/session/renew/{id}"), "").await;
    assert_eq!(renewed.json()[0]["ID"], id.as_str());
    assert_eq!(
        get(&agent, "/v1/kv/lock").await.json()[0]["Session"],
        id.as_str()
    );
}
