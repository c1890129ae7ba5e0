//! Keys.

use super::Replay;

pub(super) async fn replay(replay: &mut Replay) {
    replay
        .same(&[
            "kv-get-empty-store",
            "kv-keys-root-empty",
            "kv-recurse-root-empty",
        ])
        .await;
    values(replay).await;
    reads(replay).await;
    conditions(replay).await;
    locks(replay).await;
    refusals(replay).await;
    transport(replay).await;
}

async fn values(replay: &mut Replay) {
    replay
        .same(&[
            "kv-put",
            "kv-get",
            "kv-get-pretty",
            "kv-get-gzip",
            "kv-put-flags-max",
            "kv-get-flags-max",
            "kv-put-empty-value",
            "kv-get-empty-value",
            "kv-put-binary",
            "kv-get-binary",
            "kv-put-odd-key",
            "kv-get-odd-key",
            "kv-put-slash-encoded",
            "kv-get-slash",
            "kv-get-line-separator",
        ])
        .await;
    let keys = [
        "u/\u{2028}\u{2029}",
        "u/\u{85}\u{7f}\u{1}\t\n\r\u{8}\u{c}\"\\",
        "u//empty/./segment",
        "/u",
    ];
    let ops = keys.map(|key| serde_json::json!({"KV": {"Verb": "set", "Key": key}}));
    let body = serde_json::to_vec(&ops).unwrap();
    let mut client = replay.client().await;
    assert_eq!(client.put("/v1/txn", body).await.status, 200);
    replay.same(&["kv-keys-escapes"]).await;
    client.done("/v1/kv/bad%FFutf8", "x").await;
    replay.same(&["kv-get-not-utf8"]).await;
    client.done("/v1/kv/long", [0; 3000]).await;
    replay.same(&["kv-get-chunked", "kv-put-same-value"]).await;
}

async fn reads(replay: &mut Replay) {
    replay
        .same(&[
            "kv-get-missing",
            "kv-raw",
            "kv-raw-empty-value",
            "kv-raw-missing",
        ])
        .await;
    let mut client = replay.client().await;
    for key in ["tree/a", "tree/b/1", "tree/b/2", "tree/c", "treehouse"] {
        client.done(&format!("/v1/kv/{key}"), key).await;
    }
    replay
        .same(&[
            "kv-recurse",
            "kv-recurse-missing",
            "kv-keys",
            "kv-keys-separator",
            "kv-keys-separator-misspelt",
            "kv-keys-missing",
            "kv-get-stale",
            "kv-get-consistent",
        ])
        .await;
    let index = replay.modify_index("app/name").await;
    let target = format!("/v1/kv/app/name?index={index}&wait=10ms");
    replay.like("kv-get-wait-over", "GET", &target, b"").await;
}

async fn conditions(replay: &mut Replay) {
    replay
        .same(&["kv-put-cas-create", "kv-put-cas-exists"])
        .await;
    let target = format!("/v1/kv/cas?cas={}", replay.modify_index("cas").await);
    replay.like("kv-put-cas", "PUT", &target, b"2").await;
    replay
        .same(&[
            "kv-put-cas-stale",
            "kv-delete-cas-zero",
            "kv-delete-cas-stale",
        ])
        .await;
    let target = format!("/v1/kv/cas?cas={}", replay.modify_index("cas").await);
    replay.like("kv-delete-cas", "DELETE", &target, b"").await;
    replay
        .same(&[
            "kv-delete-cas-missing",
            "kv-delete",
            "kv-delete-missing",
            "kv-get-after-delete",
            "kv-delete-recurse",
            "kv-recurse-after-delete",
        ])
        .await;
}

async fn locks(replay: &mut Replay) {
    let fields = |name: &str| format!(r#"{{"LockDelay":"0s","Name":"{name}"}}"#);
    replay.session(&fields("mine"), "kv-put-acquire", 0).await;
    replay
        .session(&fields("other"), "kv-put-acquire-held", 0)
        .await;
    replay
        .same(&[
            "kv-put-acquire",
            "kv-get-locked",
            "kv-put-acquire-again",
            "kv-put-acquire-held",
            "kv-put-over-lock",
            "kv-get-over-lock",
            "kv-put-release-other",
            "kv-put-release",
            "kv-get-released",
            "kv-put-release-missing",
            "kv-put-release-unknown-session",
            "kv-put-acquire-unknown-session",
            "kv-put-acquire-malformed-session",
            "kv-put-acquire-empty-session",
        ])
        .await;
    let fields = r#"{"LockDelay":"30s","Name":"delayed"}"#;
    let delayed = replay
        .session(fields, "kv-put-acquire-lock-delay-dead-session", 0)
        .await;
    let mut client = replay.client().await;
    client
        .done(&format!("/v1/kv/delayed?acquire={delayed}"), "")
        .await;
    client
        .done(&format!("/v1/session/destroy/{delayed}"), "")
        .await;
    let names = [
        "kv-put-acquire-lock-delay",
        "kv-put-acquire-lock-delay-dead-session",
    ];
    replay.same(&names).await;
}

async fn refusals(replay: &mut Replay) {
    replay
        .same(&[
            "kv-put-conflicting-flags",
            "kv-delete-conflicting-flags",
            "kv-get-no-key",
            "kv-put-no-key",
            "kv-delete-no-key",
            "kv-put-bad-cas",
            "kv-delete-bad-cas",
            "kv-put-bad-flags",
            "kv-put-flags-too-large",
            "kv-get-bad-index",
            "kv-get-bad-wait",
            "kv-get-stale-and-consistent",
            "kv-get-bad-cache-control",
            "kv-get-cached-and-consistent",
            "kv-get-unknown-datacenter",
            "kv-get-namespace",
            "kv-get-control-character",
            "kv-put-too-large",
        ])
        .await;
}

async fn transport(replay: &mut Replay) {
    replay
        .same(&[
            "http-method-not-allowed",
            "http-method-not-allowed-txn",
            "http-method-not-allowed-session",
            "http-method-not-allowed-status",
            "http-options",
            "http-options-session",
            "http-unknown-path",
            "http-root",
            "http-redirect",
            "http-redirect-put",
            "http-redirect-dots",
            "http-redirect-encoded",
            "http-redirect-leading-slash",
        ])
        .await;
    replay.same_head("http-head").await;
}
