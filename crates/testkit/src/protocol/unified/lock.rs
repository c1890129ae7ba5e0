//! Locks: one holder at a time, tokens that grow, waits that end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use quorate::prelude::*;
use quorate::{ErrorKind, LockOptions, LostReason};
use tokio::time::{Instant, timeout};

use super::target::{CONSUL, Unified};
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

const SOON: Duration = Duration::from_secs(40);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_lock_has_one_holder_at_a_time,
        tokens_grow_from_holder_to_holder,
        a_try_tells_who_holds_it,
        a_wait_ends_in_time,
        a_waiter_gets_it_when_it_is_released,
        a_waiter_gets_it_when_the_guard_is_dropped,
        a_cancelled_acquisition_leaves_nothing,
        a_released_guard_is_not_held,
        a_held_lock_is_valid_for_a_time_that_ends,
        different_names_are_different_locks,
        the_result_of_the_work_is_given,
        cancelled_work_releases_the_lock,
        a_lock_in_use_is_not_destroyed,
        options_out_of_bounds_are_refused,
        a_name_is_a_lock_or_a_semaphore needs [CONSUL],
    ]
    .into()
}

async fn a_lock_has_one_holder_at_a_time(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, other) = (it.key("lock"), it.another().await?);
    let inside = AtomicUsize::new(0);
    let turns = async |coordinator: &Coordinator| {
        let lock = coordinator.lock(&name);
        let mut tokens = Vec::new();
        for _ in 0..3 {
            let guard = lock.acquire().await?;
            equal("inside", inside.fetch_add(1, Ordering::SeqCst), 0)?;
            ensure!(guard.is_held());
            tokens.push(guard.fencing_token());
            tokio::time::sleep(Duration::from_millis(5)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            guard.release().await?;
        }
        anyhow::Ok(tokens)
    };
    let handles = [&it.coordinator, &other, &it.coordinator, &other];
    let mut tokens = try_join_all(handles.map(turns)).await?.concat();
    tokens.sort();
    tokens.dedup();
    equal("every token is another one", tokens.len(), 12)
}

async fn tokens_grow_from_holder_to_holder(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, other) = (it.key("lock"), it.another().await?);
    let options = LockOptions::default().with_lock_delay(Duration::ZERO);
    let mut last = None;
    for turn in 0..6 {
        let handle = if turn % 2 == 0 {
            &it.coordinator
        } else {
            &other
        };
        let lock = handle.lock(&name).with_options(options.clone());
        let guard = lock.acquire().await?;
        let token = Some(guard.fencing_token());
        ensure!(token > last, "{token:?} after {last:?}");
        last = token;
        match turn {
            // Ended by release, by drop, and by losing the session.
            0 | 3 => guard.release().await?,
            1 | 4 => drop(guard),
            _ => {
                it.below()?.end(guard.holding()).await?;
            }
        }
    }
    Ok(())
}

async fn a_try_tells_who_holds_it(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("lock");
    let options = LockOptions::default().with_value("worker-7");
    let guard = it
        .coordinator
        .lock(&name)
        .with_options(options)
        .acquire()
        .await?;
    let other = it.another().await?;
    match other.lock(&name).try_acquire().await? {
        Acquisition::TimedOut { holders } => {
            equal("holders", holders.len(), 1)?;
            let shown = (holders[0].owner.as_str(), &holders[0].value[..]);
            equal("holder", shown, (guard.holding().owner(), &b"worker-7"[..]))
        }
        Acquisition::Acquired(_) => anyhow::bail!("two holders"),
    }
}

async fn a_wait_ends_in_time(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("lock");
    let _guard = it.coordinator.lock(&name).acquire().await?;
    let lock = it.coordinator.lock(&name);
    for wait in [
        Duration::ZERO,
        Duration::from_millis(50),
        Duration::from_millis(700),
    ] {
        let begun = Instant::now();
        ensure!(lock.acquire_within(wait).await?.acquired().is_none());
        let took = begun.elapsed();
        ensure!(took >= wait && took < wait + SOON, "{took:?} of {wait:?}");
    }
    let begun = Instant::now();
    ensure!(lock.try_acquire().await?.acquired().is_none());
    ensure!(begun.elapsed() < SOON);
    Ok(())
}

/// Runs `end` while another handle waits for the lock for ever; gives the waiter's token.
async fn passed_on<F>(it: &Subject<Unified>, name: &str, end: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(quorate::LockGuard) -> anyhow::Result<()>,
{
    // Longer than is waited for the next holder: there is none where a guard ends in order.
    let delay = it.coordinator.capabilities().max_lock_delay;
    ensure!(delay > SOON, "{delay:?}");
    let options = LockOptions::default().with_lock_delay(delay);
    let lock = it.coordinator.lock(name).with_options(options);
    let guard = lock.acquire().await?;
    let (first, other) = (guard.fencing_token(), it.another().await?);
    let lock = other.lock(name);
    let wait = async { anyhow::Ok(lock.acquire().await?) };
    let end = async {
        tokio::time::sleep(PARKED).await;
        end(guard).await
    };
    let (second, ()) = timeout(SOON, async { tokio::try_join!(wait, end) }).await??;
    ensure!(second.fencing_token() > first && second.is_held());
    Ok(())
}

async fn a_waiter_gets_it_when_it_is_released(it: &Subject<Unified>) -> anyhow::Result<()> {
    passed_on(it, &it.key("lock"), async |guard| {
        Ok(guard.release().await?)
    })
    .await
}

async fn a_waiter_gets_it_when_the_guard_is_dropped(it: &Subject<Unified>) -> anyhow::Result<()> {
    passed_on(it, &it.key("lock"), async |guard| {
        drop(guard);
        Ok(())
    })
    .await
}

async fn a_cancelled_acquisition_leaves_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, label) = (it.key("lock"), it.key("label"));
    let guard = it.coordinator.lock(&name).acquire().await?;
    let options = LockOptions::default().with_label(label.clone());
    // One that was cancelled while the server carried it out leaves no lock-delay either.
    let options = options.with_lock_delay(Duration::ZERO);
    let lock = it.coordinator.lock(&name).with_options(options);
    for millis in [0, 1, 3, 10, 30, 100, 300] {
        let cancelled = timeout(Duration::from_millis(millis), lock.acquire()).await;
        ensure!(cancelled.is_err(), "two holders");
    }
    guard.release().await?;
    let no_session = || async {
        let left = it.below()?.contenders("_locks", &name, &label).await?;
        ensure!(left == 0, "{left} sessions");
        anyhow::Ok(())
    };
    eventually_ok(SOON, "no session is left", no_session).await?;
    let next = it.coordinator.lock(&name).try_acquire().await?;
    ensure!(next.acquired().is_some(), "somebody holds it");
    Ok(())
}

async fn a_released_guard_is_not_held(it: &Subject<Unified>) -> anyhow::Result<()> {
    let guard = it.coordinator.lock(it.key("lock")).acquire().await?;
    let held = guard.held().clone();
    ensure!(held.is_held());
    guard.release().await?;
    ensure!(!held.is_held());
    equal(
        "reason",
        timeout(SOON, held.lost()).await?,
        LostReason::Released,
    )
}

async fn a_held_lock_is_valid_for_a_time_that_ends(it: &Subject<Unified>) -> anyhow::Result<()> {
    let ttl = Duration::from_secs(20);
    let options = LockOptions::default().with_ttl(ttl);
    let before = Instant::now();
    let guard = it
        .coordinator
        .lock(it.key("lock"))
        .with_options(options)
        .acquire()
        .await?;
    let until = guard.valid_until();
    ensure!(
        until > before && until <= Instant::now() + ttl,
        "{:?}",
        until - before
    );
    Ok(())
}

async fn different_names_are_different_locks(it: &Subject<Unified>) -> anyhow::Result<()> {
    let mut guards = Vec::new();
    for name in ["a", "b", "a/b", "ab"] {
        let lock = it.coordinator.lock(it.key(name));
        guards.push(
            lock.try_acquire()
                .await?
                .acquired()
                .with_context(|| name.to_owned())?,
        );
    }
    for guard in guards {
        guard.release().await?;
    }
    Ok(())
}

async fn the_result_of_the_work_is_given(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("lock");
    let (kv, result) = (it.coordinator.kv(), it.key("result"));
    let kv_is_fenced = it.coordinator.capabilities().fenced_writes;
    let written = it.coordinator.with_lock(&name, |held| {
        let (kv, result) = (kv.clone(), result.clone());
        async move {
            if kv_is_fenced {
                kv.put_fenced(held.holding(), &result, "done").await
            } else {
                kv.put(&result, "done").await
            }
        }
    });
    let revision = written.await??;
    let entry = kv.get(&result).await?.context("not written")?;
    equal("written", entry.revision, revision)?;
    let next = it.coordinator.lock(&name).try_acquire().await?;
    ensure!(next.acquired().is_some(), "it was not released");
    Ok(())
}

async fn cancelled_work_releases_the_lock(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("lock");
    let (works, begun) = tokio::sync::oneshot::channel();
    let work = it.coordinator.with_lock(&name, |_| async move {
        let _ = works.send(());
        std::future::pending::<()>().await;
    });
    tokio::select! {
        ended = work => anyhow::bail!("it ended: {ended:?}"),
        begun = begun => begun?,
    }
    let next = it.coordinator.lock(&name).acquire_within(SOON).await?;
    ensure!(next.acquired().is_some(), "it was not released");
    Ok(())
}

async fn a_lock_in_use_is_not_destroyed(it: &Subject<Unified>) -> anyhow::Result<()> {
    let lock = it.coordinator.lock(it.key("lock"));
    let guard = lock.acquire().await?;
    let error = lock.destroy().await.err().context("it is in use")?;
    equal("kind", error.kind(), ErrorKind::Conflict)?;
    ensure!(guard.is_held());
    guard.release().await?;
    lock.destroy().await?;
    equal(
        "nothing is left",
        it.coordinator.kv().keys(it.prefix()).await?.len(),
        0,
    )
}

async fn options_out_of_bounds_are_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let can = it.coordinator.capabilities();
    let tick = Duration::from_millis(1);
    for options in [
        LockOptions::default().with_ttl(can.min_ttl - tick),
        LockOptions::default().with_ttl(can.max_ttl + tick),
        LockOptions::default().with_lock_delay(can.max_lock_delay + tick),
        LockOptions::default().with_value(vec![0; can.max_lock_value_bytes + 1]),
    ] {
        let lock = it.coordinator.lock(it.key("lock")).with_options(options);
        let error = lock.try_acquire().await.err().context("out of bounds")?;
        equal("kind", error.kind(), ErrorKind::InvalidArgument)?;
    }
    let options = LockOptions::default()
        .with_ttl(can.min_ttl)
        .with_lock_delay(can.max_lock_delay);
    let lock = it.coordinator.lock(it.key("lock")).with_options(options);
    lock.acquire().await?.release().await?;
    Ok(())
}

async fn a_name_is_a_lock_or_a_semaphore(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("both");
    let guard = it.coordinator.lock(&name).acquire().await?;
    let error = it.coordinator.semaphore(&name, 2).try_acquire().await;
    equal(
        "kind",
        error.err().map(|error| error.kind()),
        Some(ErrorKind::Conflict),
    )?;
    guard.release().await?;
    it.coordinator.lock(&name).destroy().await?;
    let slot = it.coordinator.semaphore(&name, 2).acquire().await?;
    let error = it.coordinator.lock(&name).try_acquire().await;
    equal(
        "kind",
        error.err().map(|error| error.kind()),
        Some(ErrorKind::Conflict),
    )?;
    Ok(slot.release().await?)
}
