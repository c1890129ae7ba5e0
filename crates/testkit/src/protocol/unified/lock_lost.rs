//! Locks that are taken away behind their holder's back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::prelude::*;
use quorate::{ErrorKind, LockGuard, LockOptions, LostReason, SemaphoreOptions, Transaction};
use tokio::time::timeout;

use super::target::{CONSUL, TRANSACTIONS, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

/// A lost lock is noticed by its monitor, long before its time is over, or a renewal is due.
const SOON: Duration = Duration::from_secs(35);
const TTL: Duration = Duration::from_secs(150);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_destroyed_session_is_noticed,
        a_deleted_lock_key_is_noticed,
        a_lock_released_by_others_is_noticed needs [CONSUL],
        a_fenced_write_is_refused_after_the_loss needs [TRANSACTIONS],
        work_under_a_lost_lock_is_dropped,
        after_a_loss_the_lock_stays_closed_for_its_delay needs [CONSUL],
        a_lost_slot_is_noticed,
    ]
    .into()
}

async fn hold(it: &Subject<Unified>, delay: Duration) -> anyhow::Result<LockGuard> {
    let options = LockOptions::default().with_ttl(TTL).with_lock_delay(delay);
    let lock = it.coordinator.lock(it.key("lock")).with_options(options);
    Ok(lock.acquire().await?)
}

/// The guard says that it is lost, soon, and not because its time was over.
async fn lost(guard: &LockGuard) -> anyhow::Result<LostReason> {
    let reason = timeout(SOON, guard.lost())
        .await
        .context("it was not noticed")?;
    ensure!(!guard.is_held());
    Ok(reason)
}

async fn a_destroyed_session_is_noticed(it: &Subject<Unified>) -> anyhow::Result<()> {
    let guard = hold(it, Duration::ZERO).await?;
    it.below()?.end(guard.holding()).await?;
    let reason = lost(&guard).await?;
    ensure!(
        matches!(reason, LostReason::LeaseEnded | LostReason::TakenAway),
        "{reason:?}"
    );
    let next = it
        .another()
        .await?
        .lock(it.key("lock"))
        .acquire_within(SOON)
        .await?;
    ensure!(next.acquired().context("still held")?.fencing_token() > guard.fencing_token());
    Ok(())
}

async fn a_deleted_lock_key_is_noticed(it: &Subject<Unified>) -> anyhow::Result<()> {
    let guard = hold(it, Duration::ZERO).await?;
    it.below()?.delete_key(guard.holding()).await?;
    equal("reason", lost(&guard).await?, LostReason::TakenAway)
}

async fn a_lock_released_by_others_is_noticed(it: &Subject<Unified>) -> anyhow::Result<()> {
    let guard = hold(it, Duration::ZERO).await?;
    let (key, owner) = (guard.holding().key(), guard.holding().owner());
    ensure!(it.native()?.kv().release(key, "", owner).await?);
    equal("reason", lost(&guard).await?, LostReason::TakenAway)
}

async fn a_fenced_write_is_refused_after_the_loss(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, result) = (it.coordinator.kv(), it.key("result"));
    let guard = hold(it, Duration::ZERO).await?;
    let holding = guard.holding().clone();
    kv.put_fenced(&holding, &result, "safe").await?;
    it.below()?.end(&holding).await?;
    // At once: no monitor has to notice anything first.
    let refused = async || {
        let error = kv.put_fenced(&holding, &result, "late").await.err();
        equal(
            "late",
            error.map(|error| error.kind()),
            Some(ErrorKind::LeaseLost),
        )?;
        let late = Transaction::new().held(&holding).put(&result, "late")?;
        ensure!(!kv.transact(late).await?.is_committed());
        anyhow::Ok(())
    };
    refused().await?;
    let next = it.another().await?.lock(it.key("lock")).acquire().await?;
    refused().await?;
    let other = it.key("other");
    kv.put_fenced(next.holding(), &other, "new holder").await?;
    next.release().await?;
    refused().await?;
    let entry = kv.get(&result).await?.context("not there")?;
    equal("value", entry.text(), Some("safe"))
}

/// Sets a flag when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn work_under_a_lost_lock_is_dropped(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (below, dropped) = (it.below()?, Arc::new(AtomicBool::new(false)));
    let (flag, name) = (Dropped(dropped.clone()), it.key("lock"));
    let options = LockOptions::default().with_ttl(TTL);
    let lock = it.coordinator.lock(&name).with_options(options);
    let work = lock.run(|held| async move {
        let _flag = flag;
        below.end(held.holding()).await?;
        std::future::pending::<()>().await;
        anyhow::Ok(())
    });
    let error = timeout(SOON, Box::pin(work))
        .await
        .context("it went on")?
        .err()
        .context("it ended")?;
    equal("kind", error.kind(), ErrorKind::LeaseLost)?;
    ensure!(dropped.load(Ordering::SeqCst), "the work was not dropped");
    Ok(())
}

async fn after_a_loss_the_lock_stays_closed_for_its_delay(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let delay = Duration::from_secs(10);
    let guard = hold(it, delay).await?;
    let other = it.another().await?;
    let lock = other.lock(it.key("lock"));
    let begun = tokio::time::Instant::now();
    it.native()?
        .session()
        .destroy(guard.holding().owner())
        .await?;
    ensure!(
        lock.try_acquire().await?.acquired().is_none(),
        "open at once"
    );
    let next = lock.acquire_within(Duration::from_secs(60)).await?;
    ensure!(next.acquired().is_some(), "closed for too long");
    ensure!(
        begun.elapsed() >= delay - Duration::from_millis(100),
        "{:?}",
        begun.elapsed()
    );
    Ok(())
}

async fn a_lost_slot_is_noticed(it: &Subject<Unified>) -> anyhow::Result<()> {
    let options = SemaphoreOptions::default().with_ttl(TTL);
    let semaphore = it.coordinator.semaphore(it.key("pool"), 1);
    let semaphore = semaphore.with_options(options);
    let slot = semaphore.acquire().await?;
    it.below()?.end(slot.holding()).await?;
    timeout(SOON, slot.lost())
        .await
        .context("it was not noticed")?;
    ensure!(!slot.is_held());
    let kv = it.coordinator.kv();
    let error = kv.put_fenced(slot.holding(), &it.key("x"), "late").await;
    let expected = if it.coordinator.capabilities().fenced_writes {
        ErrorKind::LeaseLost
    } else {
        ErrorKind::Unsupported
    };
    equal("fenced", error.err().map(|it| it.kind()), Some(expected))?;
    let next = it
        .another()
        .await?
        .semaphore(it.key("pool"), 1)
        .acquire_within(SOON)
        .await?;
    ensure!(next.acquired().is_some(), "the slot is not free");
    Ok(())
}
