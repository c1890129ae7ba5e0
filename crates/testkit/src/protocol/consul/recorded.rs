//! The whole recording of the real server, sent again in its order.

use anyhow::ensure;
use serde_json::{Value, json};

use super::replay::Replay;
use super::target::{ALONE, Consul};
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul; every_recorded_exchange_goes_as_it_went needs [ALONE]].into()
}

const VALUES: &[&str] = &[
    "kv-get-empty-store",
    "kv-keys-root-empty",
    "kv-recurse-root-empty",
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
];
const ODD_KEYS: &[&str] = &["kv-keys-escapes"];
const READS: &[&str] = &[
    "kv-put-same-value",
    "kv-get-missing",
    "kv-raw",
    "kv-raw-empty-value",
    "kv-raw-missing",
];
const TREES: &[&str] = &[
    "kv-recurse",
    "kv-recurse-missing",
    "kv-keys",
    "kv-keys-separator",
    "kv-keys-separator-misspelt",
    "kv-keys-missing",
    "kv-get-stale",
    "kv-get-consistent",
    "kv-get-wait-over",
    "kv-put-cas-create",
    "kv-put-cas-exists",
];
const CAS: &[&str] = &[
    "kv-put-cas",
    "kv-put-cas-stale",
    "kv-delete-cas-zero",
    "kv-delete-cas-stale",
];
const DELETES: &[&str] = &[
    "kv-delete-cas",
    "kv-delete-cas-missing",
    "kv-delete",
    "kv-delete-missing",
    "kv-get-after-delete",
    "kv-delete-recurse",
    "kv-recurse-after-delete",
];
const LOCKS: &[&str] = &[
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
];
const LOCK_DELAY: &[&str] = &[
    "kv-put-acquire-lock-delay",
    "kv-put-acquire-lock-delay-dead-session",
];
const REFUSALS: &[&str] = &[
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
    "http-method-not-allowed",
    "http-method-not-allowed-txn",
    "http-method-not-allowed-session",
    "http-method-not-allowed-status",
    "http-options",
    "http-options-session",
    "http-head",
    "http-unknown-path",
    "http-root",
    "http-redirect",
    "http-redirect-put",
    "http-redirect-dots",
    "http-redirect-encoded",
    "http-redirect-leading-slash",
];
/// Without `txn-node-get`: when a node last changed depends on when its server got ready.
const VERBS: &[&str] = &[
    "txn-set",
    "txn-set-no-value",
    "txn-cas-create",
    "txn-cas",
    "txn-lock",
    "txn-check-session",
    "txn-get-locked",
    "txn-unlock",
    "txn-check-session-unlocked",
    "txn-get",
    "txn-get-empty-value",
    "txn-get-tree",
    "txn-get-tree-missing",
    "txn-check-index",
    "txn-check-not-exists",
    "txn-mixed",
    "txn-delete-cas",
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
];
const ROLLED_BACK: &[&str] = &[
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
];
const SESSIONS: &[&str] = &[
    "session-create-all-fields",
    "session-info-all-fields",
    "session-renew-all-fields",
    "session-create",
    "session-info",
    "session-create-empty-object",
    "session-create-chunked",
    "session-info-chunked",
    "session-create-odd-fields",
    "session-list",
    "session-node",
    "session-node-unknown",
    "session-renew",
];
/// Each is a creation, then the session as it is kept.
const VARIANTS: &[&str] = &[
    "ttl-seconds",
    "ttl-zero",
    "ttl-longest",
    "ttl-mixed-units",
    "lock-delay-string",
    "lock-delay-milliseconds",
    "lock-delay-zero",
    "lock-delay-number-small",
    "lock-delay-number-500",
    "lock-delay-nanoseconds",
    "lock-delay-nanoseconds-string",
    "lock-delay-negative",
    "lock-delay-long",
    "behavior-release",
    "behavior-delete",
    "checks-empty",
    "checks-null",
    "checks-empty-and-node-checks",
    "checks-named",
    "checks-serf-and-node-checks",
    "checks-and-node-checks",
    "node-checks-empty",
    "node-checks-null",
    "node-checks-named",
    "node-checks-twice",
    "service-checks",
    "service-checks-empty",
    "datacenter-ignored",
];
const REFUSED_SESSIONS: &[&str] = &[
    "session-create-ttl-too-short",
    "session-create-ttl-too-long",
    "session-create-ttl-negative",
    "session-create-ttl-malformed",
    "session-create-ttl-no-unit",
    "session-create-ttl-days",
    "session-create-ttl-number",
    "session-create-lock-delay-no-unit",
    "session-create-lock-delay-malformed",
    "session-create-behavior-unknown",
    "session-create-node-unknown",
    "session-create-check-unknown",
    "session-create-check-critical",
    "session-create-service-check-unknown",
    "session-create-bad-json",
    "session-create-not-an-object",
];
const ENDS: &[&str] = &[
    "session-destroy",
    "session-destroy-unknown",
    "session-info-unknown",
    "session-renew-unknown",
    "session-destroy-malformed-id",
    "session-destroy-no-id",
    "session-renew-malformed-id",
    "session-renew-no-id",
    "session-info-malformed-id",
    "session-info-no-id",
    "session-node-no-name",
];

/// What `scripts/capture-fixtures` did between the exchanges that it kept is done here too, so that
/// every answer has the same history.
async fn every_recorded_exchange_goes_as_it_went(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let store = consul.alone().await?;
    let mut replay = Replay::new(&store);
    keys(&store, &mut replay).await?;
    locks(&store, &mut replay).await?;
    replay.send(REFUSALS).await?;
    transactions(&store, &mut replay).await?;
    sessions(&store, &mut replay).await?;
    // Not `catalog-node-unknown`: with index 1 nobody would see that a node left.
    replay
        .send(&["catalog-datacenters", "health-node-unknown"])
        .await?;
    let sent = replay.end()?;
    ensure!(
        sent >= 200,
        "only {sent} exchanges: the recording was not whole"
    );
    Ok(())
}

async fn keys(store: &Consul, replay: &mut Replay<'_>) -> anyhow::Result<()> {
    replay.send(VALUES).await?;
    let odd = [
        "u/\u{2028}\u{2029}",
        "u/\u{85}\u{7f}\u{1}\t\n\r\u{8}\u{c}\"\\",
        "u//empty/./segment",
        "/u",
    ];
    let odd = odd.map(|key| json!({"KV": {"Verb": "set", "Key": key}}));
    store
        .ask("PUT", "/v1/txn", Value::from(odd.to_vec()).to_string())
        .await?;
    replay.send(ODD_KEYS).await?;
    store.ask("PUT", "/v1/kv/bad%FFutf8", "x").await?;
    replay.send(&["kv-get-not-utf8"]).await?;
    store.put("long", "", [0; 3000]).await?;
    replay.send(&["kv-get-chunked"]).await?;
    replay.send(READS).await?;
    for key in ["tree/a", "tree/b/1", "tree/b/2", "tree/c", "treehouse"] {
        store.put(key, "", key).await?;
    }
    replay.send(TREES).await?;
    replay.reads("kv-put-cas", "cas=", "cas").await?;
    replay.send(CAS).await?;
    replay.reads("kv-delete-cas", "cas=", "cas").await?;
    replay.send(DELETES).await
}

async fn plain_session(store: &Consul, fields: Value) -> anyhow::Result<String> {
    let mut body = json!({"LockDelay": "0s"});
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    store.create_session(&body).await
}

/// A key whose holder was just lost.
async fn delayed(store: &Consul, key: &str, fields: Value) -> anyhow::Result<String> {
    let session = plain_session(store, fields).await?;
    ensure!(store.put(key, &format!("acquire={session}"), "").await?);
    store.destroy(&session).await?;
    Ok(session)
}

async fn locks(store: &Consul, replay: &mut Replay<'_>) -> anyhow::Result<()> {
    let mine = plain_session(store, json!({"Name": "mine"})).await?;
    replay.means("kv-put-acquire", 0, &mine)?;
    let other = plain_session(store, json!({"Name": "other"})).await?;
    replay.means("kv-put-acquire-held", 0, &other)?;
    replay.send(LOCKS).await?;
    let lost = delayed(
        store,
        "delayed",
        json!({"Name": "delayed", "LockDelay": "30s"}),
    )
    .await?;
    replay.means("kv-put-acquire-lock-delay-dead-session", 0, &lost)?;
    replay.send(LOCK_DELAY).await
}

async fn transactions(store: &Consul, replay: &mut Replay<'_>) -> anyhow::Result<()> {
    let mine = plain_session(store, json!({"Name": "txn"})).await?;
    replay.means("txn-lock", 0, &mine)?;
    replay.send(VERBS).await?;
    let mine = plain_session(store, json!({"Name": "txn-a"})).await?;
    replay.means("txn-409-lock-held", 0, &mine)?;
    let other = plain_session(store, json!({"Name": "txn-b"})).await?;
    replay.means("txn-409-check-session", 1, &other)?;
    ensure!(store.put("f/held", &format!("acquire={other}"), "").await?);
    store.put("f/free", "", "x").await?;
    delayed(store, "f/delayed", json!({"LockDelay": "30s"})).await?;
    replay
        .reads("txn-409-check-index", "current modify index ", "f/free")
        .await?;
    replay.send(ROLLED_BACK).await
}

async fn sessions(store: &Consul, replay: &mut Replay<'_>) -> anyhow::Result<()> {
    store.register_own_checks().await?;
    replay.send(SESSIONS).await?;
    let listed = store.client.session().list().await?;
    let made = |name: &str| ["", "all fields", "lower case"].contains(&name);
    for session in listed.iter().filter(|session| made(&session.name)) {
        store.destroy(&session.id).await?;
    }
    replay.send(&["session-list-pretty"]).await?;
    for name in VARIANTS {
        let (create, info) = (
            format!("session-create-{name}"),
            format!("session-info-{name}"),
        );
        replay.send(&[&create, &info]).await?;
    }
    replay.send(REFUSED_SESSIONS).await?;
    let ended = plain_session(store, json!({})).await?;
    replay.means("session-destroy", 0, &ended)?;
    replay.send(ENDS).await
}
