//! The time for which a key stays closed after its holder was lost.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tokio::time::Instant;

use super::target::{Consul, kv};
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c12_a_destroyed_session_keeps_its_key_closed_for_its_lock_delay,
        c13_behaviour_delete_keeps_the_deleted_key_closed,
        c39_a_dead_session_is_just_refused_until_the_delay_is_over,
        a_lock_delay_is_of_keys_that_were_held_alone,
        a_negative_lock_delay_is_none,
        a_transaction_says_that_a_lock_delay_runs,
        plain_writes_do_not_wait_for_a_lock_delay,
    ]
    .into()
}

/// Tries until it succeeds, and gives the time that this took from `since` on.
async fn acquired(
    consul: &Consul,
    key: &str,
    session: &str,
    since: Instant,
) -> anyhow::Result<Duration> {
    let try_it = || async {
        match consul.put(key, &format!("acquire={session}"), "next").await {
            Ok(true) => Ok(()),
            Ok(false) => Err("false".to_owned()),
            Err(error) => Err(format!("{error:#}")),
        }
    };
    eventually_ok(Duration::from_secs(50), "the acquisition", try_it).await?;
    Ok(since.elapsed())
}

async fn c12_a_destroyed_session_keeps_its_key_closed_for_its_lock_delay(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, other) = (consul.key("k"), consul.session(json!({})).await?);
    let holder = consul.session(json!({"LockDelay": "10s"})).await?;
    ensure!(consul.put(&key, &format!("acquire={holder}"), "v").await?);
    let begun = Instant::now();
    consul.destroy(&holder).await?;
    let destroyed = Instant::now();
    ensure!(!consul.put(&key, &format!("acquire={other}"), "x").await?);
    equal("unchanged", consul.entry(&key).await?.value, "v")?;
    let waited = acquired(consul, &key, &other, begun).await?;
    ensure!(
        waited >= Duration::from_millis(9900),
        "open after {waited:?}"
    );
    ensure!(
        destroyed.elapsed() < Duration::from_secs(40),
        "closed for {waited:?}"
    );
    let entry = consul.entry(&key).await?;
    equal("next", (entry.lock_index, entry.session), (2, Some(other)))
}

async fn c13_behaviour_delete_keeps_the_deleted_key_closed(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, other) = (consul.key("k"), consul.session(json!({})).await?);
    let fields = json!({"LockDelay": "10s", "Behavior": "delete"});
    let holder = consul.session(fields).await?;
    ensure!(consul.put(&key, &format!("acquire={holder}"), "v").await?);
    let begun = Instant::now();
    consul.destroy(&holder).await?;
    consul.expect("GET", &kv(&key), "", (404, "")).await?;
    ensure!(!consul.put(&key, &format!("acquire={other}"), "x").await?);
    consul.expect("GET", &kv(&key), "", (404, "")).await?;
    let waited = acquired(consul, &key, &other, begun).await?;
    ensure!(
        waited >= Duration::from_millis(9900),
        "open after {waited:?}"
    );
    equal("LockIndex", consul.entry(&key).await?.lock_index, 1)
}

async fn c39_a_dead_session_is_just_refused_until_the_delay_is_over(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    let holder = consul.session(json!({"LockDelay": "10s"})).await?;
    ensure!(consul.put(&key, &format!("acquire={holder}"), "v").await?);
    consul.destroy(&holder).await?;
    let target = format!("{}?acquire={holder}", kv(&key));
    consul.expect("PUT", &target, "x", (200, "false")).await?;
    let malformed = format!("{}?acquire=abc", kv(&key));
    consul
        .expect("PUT", &malformed, "x", (200, "false"))
        .await?;
    let refused = || async {
        let answer = consul.send("PUT", &target, "x").await;
        let answer = answer.map_err(|error| format!("{error:#}"))?;
        (answer.status == 500)
            .then(|| answer.text())
            .ok_or_else(|| answer.text())
    };
    let text = eventually_ok(Duration::from_secs(50), "the end of the delay", refused).await?;
    equal("refusal", text, format!("invalid session \"{holder}\""))
}

async fn a_lock_delay_is_of_keys_that_were_held_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let other = consul.session(json!({})).await?;
    let holder = consul.session(json!({"LockDelay": "30s"})).await?;
    let (held, never) = (consul.key("held"), consul.key("never"));
    let (released, deleted) = (consul.key("released"), consul.key("deleted"));
    for key in [&held, &released, &deleted] {
        ensure!(consul.put(key, &format!("acquire={holder}"), "").await?);
    }
    ensure!(
        consul
            .put(&released, &format!("release={holder}"), "")
            .await?
    );
    ensure!(consul.delete(&deleted, "").await?);
    consul.destroy(&holder).await?;
    for (key, open) in [
        (&held, false),
        (&released, true),
        (&deleted, true),
        (&never, true),
    ] {
        equal(
            key,
            consul.put(key, &format!("acquire={other}"), "").await?,
            open,
        )?;
    }
    Ok(())
}

async fn a_negative_lock_delay_is_none(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, other) = (consul.key("k"), consul.session(json!({})).await?);
    let holder = consul.session(json!({"LockDelay": "-5s"})).await?;
    ensure!(consul.put(&key, &format!("acquire={holder}"), "").await?);
    consul.destroy(&holder).await?;
    ensure!(consul.put(&key, &format!("acquire={other}"), "").await?);
    Ok(())
}

async fn a_transaction_says_that_a_lock_delay_runs(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, other) = (consul.key("k"), consul.session(json!({})).await?);
    let holder = consul.session(json!({"LockDelay": "30s"})).await?;
    ensure!(consul.put(&key, &format!("acquire={holder}"), "").await?);
    consul.destroy(&holder).await?;
    let outcome = consul.client.txn().lock(&key, "v", &other).commit().await?;
    let expected = format!("failed to lock key \"{key}\" due to lock delay");
    equal(
        "errors",
        super::target::rolled_back(outcome)?,
        [(0, expected)],
    )
}

async fn plain_writes_do_not_wait_for_a_lock_delay(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let holder = consul.session(json!({"LockDelay": "30s"})).await?;
    ensure!(consul.put(&key, &format!("acquire={holder}"), "").await?);
    consul.destroy(&holder).await?;
    ensure!(consul.put(&key, "", "plain").await?);
    let index = consul.entry(&key).await?.modify_index;
    ensure!(consul.put(&key, &format!("cas={index}"), "cas").await?);
    ensure!(consul.delete(&key, "").await?);
    Ok(())
}
