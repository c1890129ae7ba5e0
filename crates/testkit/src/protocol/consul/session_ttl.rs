//! Sessions that nobody renews.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::target::{Consul, kv};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

/// The shortest TTL; a server ends a session at twice its TTL.
const TTL: Duration = Duration::from_secs(10);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(9);

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_renewal_restarts_the_time,
        c14_an_unrenewed_session_ends_at_twice_its_ttl,
        behaviour_delete_deletes_at_the_end_of_the_ttl,
        an_expired_session_starts_the_lock_delay,
    ]
    .into()
}

/// A session with the shortest TTL that holds `key`.
async fn holder(consul: &Consul, key: &str, behavior: &str) -> anyhow::Result<String> {
    let session = consul
        .session(json!({"TTL": "10s", "Behavior": behavior}))
        .await?;
    ensure!(consul.put(key, &format!("acquire={session}"), "v").await?);
    Ok(session)
}

/// Waits until the key has changed, and gives the status of the answer and the time since `begun`.
async fn changed(consul: &Consul, key: &str, begun: Instant) -> anyhow::Result<(u16, Duration)> {
    let index = consul.entry(key).await?.modify_index;
    let target = format!("{}?index={index}&wait=50s", kv(key));
    let answer = consul.send("GET", &target, "").await?;
    Ok((answer.status, begun.elapsed()))
}

async fn c14_an_unrenewed_session_ends_at_twice_its_ttl(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, begun) = (consul.key("k"), Instant::now());
    let session = holder(consul, &key, "release").await?;
    let created = Instant::now();
    sleep(TTL + TTL / 2).await;
    let held = consul.entry(&key).await?.session;
    // Where the machine stood still for long, that says nothing.
    if begun.elapsed() < 2 * TTL {
        equal("long after its TTL", held, Some(session.clone()))?;
    }
    let (status, after) = changed(consul, &key, begun).await?;
    ensure!(
        after >= 2 * TTL - Duration::from_millis(200),
        "after {after:?}"
    );
    ensure!(created.elapsed() < 2 * TTL + SLACK, "after {after:?}");
    equal("status", status, 200)?;
    let entry = consul.entry(&key).await?;
    equal(
        "freed",
        (entry.session, entry.lock_index, entry.value),
        (None, 1, "v".into()),
    )?;
    equal("session", consul.session_info(&session).await?, None)
}

async fn a_renewal_restarts_the_time(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, begun) = (consul.key("k"), Instant::now());
    let session = holder(consul, &key, "release").await?;
    sleep_until(begun + Duration::from_secs(4)).await;
    let renewed = Instant::now();
    consul
        .ask("PUT", &format!("/v1/session/renew/{session}"), "")
        .await?;
    let (_, after) = changed(consul, &key, renewed).await?;
    ensure!(
        after >= 2 * TTL - Duration::from_millis(200),
        "{after:?} after the renewal"
    );
    ensure!(after < 2 * TTL + SLACK, "{after:?} after the renewal");
    equal("session", consul.session_info(&session).await?, None)
}

async fn behaviour_delete_deletes_at_the_end_of_the_ttl(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, begun) = (consul.key("k"), Instant::now());
    holder(consul, &key, "delete").await?;
    let (status, after) = changed(consul, &key, begun).await?;
    equal("deleted", status, 404)?;
    ensure!(
        after >= 2 * TTL - Duration::from_millis(200),
        "after {after:?}"
    );
    Ok(())
}

async fn an_expired_session_starts_the_lock_delay(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, other) = (consul.key("k"), consul.session(json!({})).await?);
    let fields = json!({"TTL": "10s", "LockDelay": "30s"});
    let session = consul.session(fields).await?;
    ensure!(consul.put(&key, &format!("acquire={session}"), "v").await?);
    changed(consul, &key, Instant::now()).await?;
    equal("free", consul.entry(&key).await?.session, None)?;
    ensure!(
        !consul.put(&key, &format!("acquire={other}"), "x").await?,
        "open at once"
    );
    Ok(())
}
