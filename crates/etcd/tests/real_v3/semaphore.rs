//! Semaphores, and the delay of locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use anyhow::ensure;
use futures_util::future::try_join_all;
use quorate_etcd::v3::{Acquisition, Cond, ErrorKind, LostReason, QueueOptions, Txn, TxnOp};
use tokio::time::{Instant, timeout};

use crate::{Etcd, Outcome, SOON, Trial};

pub(crate) async fn never_more_hold_than_there_are_slots(etcd: &Trial) -> Outcome {
    let semaphore = etcd.client.semaphore(&etcd.key("s"), 3);
    let inside = Arc::new(AtomicUsize::new(0));
    let contend = || async {
        let slot = semaphore.acquire().await?;
        ensure!(inside.fetch_add(1, SeqCst) < 3, "four hold one");
        tokio::time::sleep(Duration::from_millis(5)).await;
        ensure!(slot.is_held());
        inside.fetch_sub(1, SeqCst);
        slot.release().await?;
        anyhow::Ok(())
    };
    try_join_all((0..12).map(|_| contend())).await?;
    ensure!(
        semaphore.queue().await?.is_empty(),
        "nothing is left behind"
    );
    let slots = try_join_all((0..3).map(|_| semaphore.acquire())).await?;
    let holders = loop {
        match semaphore.acquire_within(Duration::ZERO).await? {
            Acquisition::TimedOut { holders } if !holders.is_empty() => break holders,
            // A look that would take longer than a second tells of nobody.
            Acquisition::TimedOut { .. } => {}
            Acquisition::Acquired(_) => anyhow::bail!("four hold one"),
        }
    };
    ensure!(holders == semaphore.holders().await? && holders.len() == 3);
    let mut known: Vec<_> = slots.iter().map(|slot| slot.fencing_token()).collect();
    known.sort_unstable();
    let told = holders.iter().map(|holder| holder.create_revision);
    ensure!(told.eq(known), "each has a token of its own");
    // What is guarded by the key is done only while the slot is ours.
    let slot = slots.into_iter().next().unwrap();
    let fenced = Txn::new()
        .when(Cond::create_revision(slot.key()).is(slot.fencing_token()))
        .then(TxnOp::put(etcd.key("guarded"), "1"));
    ensure!(etcd.client.kv().txn(&fenced).await?.succeeded);
    slot.release().await?;
    ensure!(!etcd.client.kv().txn(&fenced).await?.succeeded);
    Ok(())
}

pub(crate) async fn a_slot_that_is_given_back_goes_to_the_first_that_waits(
    etcd: &Trial,
) -> Outcome {
    let semaphore = etcd.client.semaphore(&etcd.key("s"), 2);
    let (first, second) = (semaphore.acquire().await?, semaphore.acquire().await?);
    let wait = |known: usize| {
        let (waiter, queue) = (semaphore.clone(), semaphore.clone());
        let mut waiting = Box::pin(async move { waiter.acquire().await });
        async move {
            let joined = async {
                while queue.queue().await?.len() < known {}
                anyhow::Ok(())
            };
            tokio::select! {
                joined = timeout(SOON, joined) => joined??,
                _ = &mut waiting => anyhow::bail!("there is no slot"),
            }
            Ok(waiting)
        }
    };
    let third = wait(3).await?;
    let mut fourth = wait(4).await?;
    // Not the one right before the third, and not the first: any of those that hold.
    second.release().await?;
    let third = timeout(SOON, third).await??;
    ensure!(first.is_held() && third.is_held());
    let early = timeout(Duration::from_millis(200), &mut fourth).await;
    ensure!(early.is_err(), "three hold one");
    drop(first);
    let fourth = timeout(SOON, fourth).await??;
    ensure!(fourth.fencing_token() > third.fencing_token());
    Ok(())
}

pub(crate) async fn all_agree_on_the_number_of_slots(etcd: &Trial) -> Outcome {
    let of = |limit| etcd.client.semaphore(&etcd.key("s"), limit);
    let slot = of(2).acquire().await?;
    let error = of(3).acquire().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Conflict, "{error}");
    ensure!(error.to_string().contains("2 slots"), "{error}");
    let error = of(2).destroy().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Conflict, "{error}");
    slot.release().await?;
    let slot = of(3).acquire().await?;
    let error = of(2).acquire().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Conflict, "it is 3 now: {error}");
    slot.release().await?;
    of(9).destroy().await?;
    of(9).destroy().await?;
    let limit = etcd.key("s/.limit");
    ensure!(etcd.client.kv().get(&limit).await?.is_none());
    etcd.client.kv().put(&limit, "many").await?;
    let error = of(2).acquire().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Conflict, "{error}");
    // However many begin at once, all that got a slot agree.
    let name = etcd.key("at once");
    let begin = async |limit| {
        etcd.client
            .semaphore(&name, limit)
            .acquire_within(SOON)
            .await
    };
    let (two, three) = tokio::join!(begin(2), begin(3));
    ensure!(two.is_ok() != three.is_ok(), "{two:?}, {three:?}");
    Ok(())
}

pub(crate) async fn a_slot_whose_key_is_deleted_is_lost(etcd: &Trial) -> Outcome {
    let semaphore = etcd.client.semaphore(&etcd.key("s"), 2);
    let slot = semaphore.acquire().await?;
    etcd.client.kv().delete(slot.key()).await?;
    let lost = timeout(SOON, slot.lost()).await?;
    ensure!(lost == LostReason::EntryGone, "{lost}");
    let error = slot.release().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotHolder, "{error}");
    Ok(())
}

pub(crate) async fn nobody_has_a_turn_before_the_delay_is_over(etcd: &Trial) -> Outcome {
    // A client of its own, whose connection can end without a word.
    let other = Etcd::start(etcd.version).await?;
    let options = QueueOptions::new().with_ttl(Duration::from_secs(2));
    let delayed = options.clone().with_lock_delay(Duration::from_secs(60));
    let guard = other.client.lock("l").with_options(delayed);
    let guard = guard.acquire().await?;
    let info = other.client.leases().time_to_live(guard.lease_id()).await?;
    ensure!(info.unwrap().granted == Duration::from_secs(62));
    let left = guard.valid_until() - Instant::now();
    ensure!(left <= Duration::from_secs(2), "{left:?}");
    other.server.pause().await?;
    ensure!(timeout(SOON, guard.lost()).await? == LostReason::DeadlinePassed);
    other.server.resume()?;
    let holder = other.client.lock("l").holder().await?.unwrap();
    ensure!(holder.key == guard.key(), "it stays for the delay");
    other.client.leases().revoke(guard.lease_id()).await?;
    let lock = other.client.lock("l").with_options(options);
    let next = lock.acquire_within(SOON).await?.acquired();
    ensure!(next.unwrap().fencing_token() > guard.fencing_token());
    Ok(())
}
