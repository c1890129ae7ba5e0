//! Transactions.

use serde_json::{Value, json};

use super::Replay;

pub(super) async fn replay(replay: &mut Replay) {
    verbs(replay).await;
    refusals(replay).await;
}

async fn one(replay: &mut Replay, name: &str, op: Value) {
    let body = serde_json::to_vec(&[json!({ "KV": op })]).unwrap();
    replay.like(name, "PUT", "/v1/txn", &body).await;
}

async fn verbs(replay: &mut Replay) {
    replay
        .session(r#"{"LockDelay":"0s","Name":"txn"}"#, "txn-lock", 0)
        .await;
    replay
        .same(&["txn-set", "txn-set-no-value", "txn-cas-create"])
        .await;
    let index = replay.modify_index("t/a").await;
    let op = json!({"Verb": "cas", "Key": "t/a", "Value": "MQ==", "Index": index});
    one(replay, "txn-cas", op).await;
    replay
        .same(&[
            "txn-lock",
            "txn-check-session",
            "txn-get-locked",
            "txn-unlock",
            "txn-check-session-unlocked",
            "txn-get",
            "txn-get-empty-value",
            "txn-get-tree",
            "txn-get-tree-missing",
        ])
        .await;
    let index = replay.modify_index("t/a").await;
    let op = json!({"Verb": "check-index", "Key": "t/a", "Index": index});
    one(replay, "txn-check-index", op).await;
    replay.same(&["txn-check-not-exists", "txn-mixed"]).await;
    let index = replay.modify_index("t/b").await;
    let op = json!({"Verb": "delete-cas", "Key": "t/b", "Index": index});
    one(replay, "txn-delete-cas", op).await;
    replay
        .same(&[
            "txn-delete",
            "txn-delete-missing",
            "txn-delete-tree",
            "txn-fenced-write",
            "txn-no-operations",
            "txn-empty-object",
            "txn-get-stale",
            "txn-get-consistent",
            "txn-get-pretty",
            "txn-lowercase-fields",
        ])
        .await;
}

async fn refusals(replay: &mut Replay) {
    let fields = |name: &str| format!(r#"{{"LockDelay":"0s","Name":"{name}"}}"#);
    replay
        .session(&fields("txn-a"), "txn-409-lock-held", 0)
        .await;
    let mut client = replay.client().await;
    let other = client.session(&fields("txn-b")).await;
    client
        .done(&format!("/v1/kv/f/held?acquire={other}"), "")
        .await;
    client.done("/v1/kv/f/free", "x").await;
    let delayed = client.session(r#"{"LockDelay":"30s"}"#).await;
    client
        .done(&format!("/v1/kv/f/delayed?acquire={delayed}"), "")
        .await;
    client
        .done(&format!("/v1/session/destroy/{delayed}"), "")
        .await;
    replay
        .same(&[
            "txn-409-set-no-key",
            "txn-409-cas",
            "txn-409-cas-exists",
            "txn-409-lock-held",
            "txn-409-lock-delay",
            "txn-409-lock-unknown-session",
            "txn-409-lock-no-session",
            "txn-409-unlock-other",
            "txn-409-unlock-free",
            "txn-409-unlock-missing",
            "txn-409-get-missing",
            "txn-409-check-index",
            "txn-409-check-index-missing",
            "txn-409-check-session",
            "txn-409-check-session-free",
            "txn-409-check-session-missing",
            "txn-409-check-not-exists",
            "txn-409-delete-cas",
            "txn-409-unknown-verb",
            "txn-409-no-verb",
            "txn-409-early",
            "txn-409-all",
            "txn-409-sees-own-writes",
            "txn-409-no-key",
            "txn-409-read-only",
            "txn-65-operations",
            "txn-64-operations",
            "txn-too-large",
            "txn-unknown-field",
            "txn-unknown-operation",
            "txn-two-kinds",
            "txn-bad-json",
            "txn-not-a-list",
            "txn-bad-base64",
            "txn-no-body",
            "txn-stale-and-consistent",
        ])
        .await;
}
