//! What is kept of access rules, and who can read it.

use quorate_agent::{AclConfig, AgentConfig};
use serde_json::json;

use super::{ROOT, Ruled, text};

fn config(path: &std::path::Path) -> AgentConfig {
    let acl = AclConfig::default()
        .with_management_token(ROOT)
        .with_token_persistence(true);
    AgentConfig::directory(path.join("data")).with_acl(acl)
}

#[tokio::test]
async fn rules_and_tokens_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ruled = Ruled::of(config(folder.path())).await;
    let secret = ruled.token(r#"key "a" {policy="read"}"#).await;
    let old = json!({"ID": "old", "Rules": r#"key "b" {policy="read"}"#});
    ruled.create("/acl/create", &old).await;
    let role = json!({"Name": "r", "ServiceIdentities": [{"ServiceName": "web"}]});
    ruled.create("/acl/role", &role).await;
    let body = json!({"Token": secret}).to_string();
    ruled.put(ROOT, "/agent/token/default", &body).await;
    let lists = ["/acl/tokens", "/acl/policies", "/acl/roles", "/acl/list"];
    let mut before = Vec::new();
    for list in lists {
        before.push(ruled.get(ROOT, list).await.json());
    }
    ruled.end().await;

    let ruled = Ruled::of(config(folder.path())).await;
    for (list, before) in lists.into_iter().zip(before) {
        assert_eq!(ruled.get(ROOT, list).await.json(), before, "{list}");
    }
    assert_eq!(ruled.get(&secret, "/kv/a").await.status, 404);
    assert_eq!(ruled.get(&secret, "/kv/b").await.status, 403);
    assert_eq!(ruled.get("old", "/kv/b").await.status, 404);
    assert_eq!(
        ruled.get("", "/kv/a").await.status,
        404,
        "the agent's own token"
    );
    ruled.end().await;
}

#[tokio::test]
async fn the_first_token_is_made_once_unless_the_owner_of_the_data_allows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ruled = Ruled::of(AgentConfig::directory(&data).with_acl(AclConfig::default())).await;
    let first = ruled.put("", "/acl/bootstrap", "").await;
    assert_eq!(first.status, 200);
    let secret = text(&first.json()["SecretID"]);
    assert_eq!(ruled.get(&secret, "/acl/tokens").await.status, 200);

    let refused = ruled.put("", "/acl/bootstrap", "").await;
    assert_eq!(refused.status, 403);
    let index = refused
        .text()
        .trim_end_matches(')')
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    let file = data.join("acl-bootstrap-reset");
    for (content, status) in [
        ("1", 403),
        ("x", 403),
        (index.as_str(), 200),
        (index.as_str(), 403),
    ] {
        std::fs::write(&file, content).unwrap();
        assert_eq!(
            ruled.put("", "/acl/bootstrap", "").await.status,
            status,
            "{content}"
        );
    }
    ruled.end().await;
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let ruled = Ruled::of(config(folder.path())).await;
    ruled.end().await;
    let mut folders = vec![folder.path().join("data")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let mode = entry.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{:?} {mode:o}", entry.path());
                files += 1;
            }
        }
    }
    assert!(files > 0);
}

#[tokio::test]
async fn no_secret_is_printed() {
    let ruled = Ruled::start().await;
    let secret = ruled.token(r#"key "a" {policy="read"}"#).await;
    let printed = format!("{:?}", ruled.agent);
    assert!(!printed.contains(&secret) && !printed.contains("\"root\""));
    ruled.end().await;
}
