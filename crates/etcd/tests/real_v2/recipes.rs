//! Locks, semaphores, elections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use anyhow::{bail, ensure};
use futures_util::future::try_join_all;
use quorate_etcd::v2::{Acquisition, LostReason, QueueOptions};
use quorate_testkit::eventually;

use crate::{Outcome, SOON, Trial};

pub(crate) async fn locks_exclude_in_order(etcd: &Trial) -> Outcome {
    let lock = etcd.client.lock(&etcd.key("l"));
    let (inside, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let contend = || async {
        let guard = lock.acquire().await?;
        ensure!(inside.fetch_add(1, SeqCst) == 0, "two hold it");
        let token = usize::try_from(guard.fencing_token())?;
        ensure!(
            last.swap(token, SeqCst) < token,
            "the fencing token went back"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
        inside.fetch_sub(1, SeqCst);
        guard.release().await?;
        anyhow::Ok(())
    };
    try_join_all((0..12).map(|_| contend())).await?;
    ensure!(lock.queue().await?.is_empty(), "nothing is left behind");
    let guard = lock.acquire().await?;
    let holders = loop {
        match lock.acquire_within(Duration::from_millis(200)).await? {
            Acquisition::TimedOut { holders } if !holders.is_empty() => break holders,
            // A look that would take longer than a second tells of nobody.
            Acquisition::TimedOut { .. } => {}
            Acquisition::Acquired(_) => bail!("two hold it"),
        }
    };
    ensure!(holders.len() == 1);
    guard.release().await?;
    Ok(())
}

pub(crate) async fn a_lock_whose_entry_is_deleted_is_lost(etcd: &Trial) -> Outcome {
    let options = QueueOptions::new().with_ttl(Duration::from_secs(12));
    let lock = etcd.client.lock(&etcd.key("l")).with_options(options);
    let guard = lock.acquire().await?;
    let first = guard.valid_until();
    let renewed = || async { (guard.valid_until() > first).then_some(()) };
    eventually(SOON, "it is renewed", renewed).await?;
    tokio::time::sleep_until(first).await;
    ensure!(guard.is_held(), "it is renewed");
    guard.set_value("me").await?;
    ensure!(
        lock.holder()
            .await?
            .is_some_and(|holder| holder.value == "me")
    );
    etcd.client.keys().delete(guard.key()).await?;
    let lost = tokio::time::timeout(SOON, guard.lost()).await?;
    ensure!(lost == LostReason::EntryGone, "{lost}");
    Ok(())
}

pub(crate) async fn a_semaphore_lets_in_as_many_as_it_has_slots(etcd: &Trial) -> Outcome {
    let semaphore = etcd.client.semaphore(&etcd.key("s"), 3);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let contend = || async {
        let guard = semaphore.acquire().await?;
        let now = inside.fetch_add(1, SeqCst) + 1;
        most.fetch_max(now, SeqCst);
        // The first three stay until all of them are in, however long each takes to come.
        let full = || async { (most.load(SeqCst) >= 3).then_some(()) };
        eventually(SOON, "three are in", full).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        inside.fetch_sub(1, SeqCst);
        guard.release().await?;
        anyhow::Ok(())
    };
    let begun = std::time::Instant::now();
    try_join_all((0..12).map(|_| contend())).await?;
    ensure!(most.load(SeqCst) == 3, "{most:?} at a time");
    // Whoever misses one looks again after half a minute.
    ensure!(
        begun.elapsed() < Duration::from_secs(30),
        "a hand-off was missed"
    );
    Ok(())
}

pub(crate) async fn an_election_is_handed_on(etcd: &Trial) -> Outcome {
    let election = etcd.client.election(&etcd.key("e"));
    let mut leaders = election.observe();
    ensure!(leaders.next().await?.is_none());
    let first = election.campaign("first").await?;
    ensure!(
        leaders
            .next()
            .await?
            .is_some_and(|leader| leader.value == "first")
    );
    first.proclaim("still first").await?;
    ensure!(
        leaders
            .next()
            .await?
            .is_some_and(|leader| leader.value == "still first")
    );
    let (second, resigned) = tokio::join!(election.campaign("second"), async {
        while election.candidates().await?.len() < 2 {
            tokio::task::yield_now().await;
        }
        first.resign().await
    });
    resigned?;
    let second = second?;
    ensure!(second.is_leader());
    ensure!(
        leaders
            .next()
            .await?
            .is_some_and(|leader| leader.value == "second")
    );
    drop(second);
    ensure!(leaders.next().await?.is_none());
    Ok(())
}
