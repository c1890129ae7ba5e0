//! Semaphores: never more holders than slots.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::{try_join, try_join_all};
use quorate::prelude::*;
use quorate::{ErrorKind, LostReason, SemaphoreOptions};
use tokio::time::{Instant, timeout};

use super::target::Unified;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

const SOON: Duration = Duration::from_secs(40);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        there_are_never_more_holders_than_slots,
        slot_tokens_grow,
        a_full_semaphore_tells_its_holders,
        a_released_slot_goes_to_a_waiter,
        a_dropped_slot_is_free_again,
        a_wait_for_a_slot_ends_in_time,
        a_cancelled_wait_for_a_slot_leaves_nothing,
        the_number_of_slots_is_agreed_upon,
        a_semaphore_without_slots_is_refused,
        a_semaphore_in_use_is_not_destroyed,
        work_runs_in_a_slot,
    ]
    .into()
}

async fn there_are_never_more_holders_than_slots(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, other) = (it.key("pool"), it.another().await?);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // That two hold it at once is shown by two that wait for each other; the turns below may miss it.
    let (first, second) = (
        it.coordinator.semaphore(&name, 2),
        other.semaphore(&name, 2),
    );
    let (first, second) = try_join(first.acquire(), second.acquire()).await?;
    ensure!(first.is_held() && second.is_held());
    try_join(first.release(), second.release()).await?;
    let turns = async |coordinator: &Coordinator| {
        let semaphore = coordinator.semaphore(&name, 2);
        for _ in 0..2 {
            let slot = semaphore.acquire().await?;
            let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(40)).await;
            ensure!(slot.is_held());
            inside.fetch_sub(1, Ordering::SeqCst);
            slot.release().await?;
        }
        anyhow::Ok(())
    };
    let handles = [
        &it.coordinator,
        &other,
        &it.coordinator,
        &other,
        &it.coordinator,
    ];
    try_join_all(handles.map(turns)).await?;
    let most = most.into_inner();
    ensure!(most <= 2, "{most} held 2 slots at the same time");
    Ok(())
}

async fn slot_tokens_grow(it: &Subject<Unified>) -> anyhow::Result<()> {
    let semaphore = it.coordinator.semaphore(it.key("pool"), 2);
    let mut last = None;
    for _ in 0..4 {
        let slot = semaphore.acquire().await?;
        ensure!(Some(slot.fencing_token()) > last);
        last = Some(slot.fencing_token());
        slot.release().await?;
    }
    Ok(())
}

async fn a_full_semaphore_tells_its_holders(it: &Subject<Unified>) -> anyhow::Result<()> {
    let semaphore = it.coordinator.semaphore(it.key("pool"), 2);
    let slots = [semaphore.acquire().await?, semaphore.acquire().await?];
    let other = it.another().await?;
    let Acquisition::TimedOut { holders } =
        other.semaphore(it.key("pool"), 2).try_acquire().await?
    else {
        anyhow::bail!("three holders of two slots");
    };
    let mut owners: Vec<_> = holders.into_iter().map(|holder| holder.owner).collect();
    let mut expected = slots.map(|slot| slot.holding().owner().to_owned());
    owners.sort();
    expected.sort();
    equal("holders", owners, expected)
}

/// A waiter gets the only slot soon after `end`.
async fn passed_on<F>(it: &Subject<Unified>, end: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(quorate::SemaphoreGuard) -> anyhow::Result<()>,
{
    let slot = it
        .coordinator
        .semaphore(it.key("pool"), 1)
        .acquire()
        .await?;
    let other = it.another().await?;
    let semaphore = other.semaphore(it.key("pool"), 1);
    let wait = async { anyhow::Ok(semaphore.acquire().await?) };
    let end = async {
        tokio::time::sleep(PARKED).await;
        end(slot).await
    };
    let begun = Instant::now();
    let (next, ()) = timeout(SOON, async { tokio::try_join!(wait, end) }).await??;
    ensure!(
        next.is_held() && begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    Ok(())
}

async fn a_released_slot_goes_to_a_waiter(it: &Subject<Unified>) -> anyhow::Result<()> {
    passed_on(it, async |slot| {
        let held = slot.held().clone();
        slot.release().await?;
        ensure!(!held.is_held());
        equal("reason", held.lost().await, LostReason::Released)
    })
    .await
}

async fn a_dropped_slot_is_free_again(it: &Subject<Unified>) -> anyhow::Result<()> {
    passed_on(it, async |slot| {
        drop(slot);
        Ok(())
    })
    .await
}

async fn a_wait_for_a_slot_ends_in_time(it: &Subject<Unified>) -> anyhow::Result<()> {
    let semaphore = it.coordinator.semaphore(it.key("pool"), 1);
    let _slot = semaphore.acquire().await?;
    for wait in [Duration::ZERO, Duration::from_millis(600)] {
        let begun = Instant::now();
        ensure!(semaphore.acquire_within(wait).await?.acquired().is_none());
        let took = begun.elapsed();
        ensure!(took >= wait && took < wait + SOON, "{took:?} of {wait:?}");
    }
    Ok(())
}

async fn a_cancelled_wait_for_a_slot_leaves_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, label) = (it.key("pool"), it.key("label"));
    let slot = it.coordinator.semaphore(&name, 1).acquire().await?;
    let options = SemaphoreOptions::default().with_label(label.clone());
    let semaphore = it.coordinator.semaphore(&name, 1).with_options(options);
    for millis in [0, 1, 3, 10, 30, 100, 300] {
        let cancelled = timeout(Duration::from_millis(millis), semaphore.acquire()).await;
        ensure!(cancelled.is_err(), "two holders");
    }
    slot.release().await?;
    let no_session = || async {
        let left = it.below()?.contenders("_semaphores", &name, &label).await?;
        ensure!(left == 0, "{left} sessions");
        anyhow::Ok(())
    };
    eventually_ok(SOON, "no session is left", no_session).await?;
    let next = it.coordinator.semaphore(&name, 1).try_acquire().await?;
    ensure!(next.acquired().is_some(), "somebody has the slot");
    Ok(())
}

async fn the_number_of_slots_is_agreed_upon(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("pool");
    let slot = it.coordinator.semaphore(&name, 2).acquire().await?;
    let error = it.coordinator.semaphore(&name, 3).try_acquire().await.err();
    equal(
        "kind",
        error.context("two numbers")?.kind(),
        ErrorKind::Conflict,
    )?;
    ensure!(slot.is_held());
    Ok(())
}

async fn a_semaphore_without_slots_is_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let error = it
        .coordinator
        .semaphore(it.key("pool"), 0)
        .try_acquire()
        .await
        .err();
    equal(
        "kind",
        error.context("no slots")?.kind(),
        ErrorKind::InvalidArgument,
    )
}

async fn a_semaphore_in_use_is_not_destroyed(it: &Subject<Unified>) -> anyhow::Result<()> {
    let semaphore = it.coordinator.semaphore(it.key("pool"), 2);
    let slot = semaphore.acquire().await?;
    let error = semaphore.destroy().await.err().context("it is in use")?;
    equal("kind", error.kind(), ErrorKind::Conflict)?;
    slot.release().await?;
    semaphore.destroy().await?;
    equal(
        "nothing is left",
        it.coordinator.kv().keys(it.prefix()).await?.len(),
        0,
    )
}

async fn work_runs_in_a_slot(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("pool");
    let token = it
        .coordinator
        .with_semaphore(&name, 1, |held| async move { held.fencing_token() });
    ensure!(token.await?.0 > 0);
    let next = it.coordinator.semaphore(&name, 1).try_acquire().await?;
    ensure!(next.acquired().is_some(), "it was not released");
    Ok(())
}
