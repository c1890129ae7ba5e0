//! Locks while a server is gone.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{LockGuard, LockOptions, SessionRequest};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually};
use tokio::time::{Instant, timeout};

use crate::trio::{Nothing, SOON, Trio};

pub(crate) fn cases() -> Vec<Case<Nothing>> {
    cases![Nothing;
        a_held_lock_is_kept_through_a_change_of_leader,
        a_held_lock_without_checks_is_kept_when_its_server_is_killed,
        a_lock_whose_node_is_gone_is_lost_before_another_has_it,
    ]
    .into()
}

/// Longer than an election on a machine that stands still in its middle.
const TTL: Duration = Duration::from_secs(30);

/// The lock is renewed far beyond what it was worth now.
async fn outlives_its_ttl(guard: &LockGuard) -> anyhow::Result<()> {
    let then = Instant::now() + TTL + Duration::from_secs(2);
    let lost = guard.lost();
    let renewed = || async { (guard.is_held() && guard.valid_until() > then).then_some(()) };
    tokio::select! {
        reason = lost => anyhow::bail!("it was lost: {reason:?}"),
        renewed = eventually(SOON, "it is renewed", renewed) => Ok(renewed?),
    }
}

async fn kept_when_killed(
    trio: &Trio,
    options: LockOptions,
    first: usize,
    victim: usize,
) -> anyhow::Result<()> {
    let options = options.with_lock_delay(Duration::ZERO);
    let lock = trio
        .client(first)?
        .lock("lock")
        .with_options(options.clone());
    let guard = lock.acquire().await?;
    let (token, session) = (guard.fencing_token(), guard.session_id().to_owned());
    trio.server(victim).kill()?;
    outlives_its_ttl(&guard).await?;
    let other = trio.client((victim + 1) % 3)?;
    let entry = other.kv().get("lock").await?.context("the key is gone")?;
    ensure!(entry.session.as_deref() == Some(&*session), "{entry:?}");
    ensure!(entry.modify_index == token, "{entry:?}");
    let contender = other.lock("lock").with_options(options);
    ensure!(!contender.try_acquire().await?.is_acquired(), "two holders");
    guard.release().await?;
    let next = timeout(SOON, contender.acquire())
        .await
        .context("it is not free")??;
    ensure!(next.fencing_token() > token);
    next.release().await?;
    Ok(())
}

async fn a_held_lock_is_kept_through_a_change_of_leader(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    let follower = trio.follower().await?;
    let options = LockOptions::new().with_ttl(TTL);
    kept_when_killed(&trio, options, follower, leader).await
}

async fn a_held_lock_without_checks_is_kept_when_its_server_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let follower = trio.follower().await?;
    let request = SessionRequest::new().without_checks();
    let options = LockOptions::new()
        .with_session_request(request)
        .with_ttl(TTL);
    kept_when_killed(&trio, options, follower, follower).await
}

async fn a_lock_whose_node_is_gone_is_lost_before_another_has_it(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let follower = trio.follower().await?;
    let options = LockOptions::new()
        .with_ttl(Duration::from_secs(60))
        // Longer than the machine, and with it the holder, may stand still.
        .with_lock_delay(Duration::from_secs(15));
    let lock = trio
        .client(follower)?
        .lock("lock")
        .with_options(options.clone());
    let guard = lock.acquire().await?;
    let token = guard.fencing_token();
    let lost = guard.lost();
    let contender = trio
        .client((follower + 1) % 3)?
        .lock("lock")
        .with_options(options);
    trio.server(follower).kill()?;
    // The servers see that the node of the session is gone, and end the session.
    let loses = async {
        timeout(SOON, lost)
            .await
            .context("it does not say that it is lost")?;
        ensure!(!guard.is_held());
        Ok(Instant::now())
    };
    let takes = async {
        let next = timeout(SOON, contender.acquire()).await;
        let next = next.context("nobody gets it")??;
        ensure!(next.fencing_token() > token);
        Ok((Instant::now(), next))
    };
    let (lost, (taken, next)) = tokio::try_join!(loses, takes)?;
    ensure!(lost <= taken, "two holders");
    next.release().await?;
    Ok(())
}
