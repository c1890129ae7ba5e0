//! The service Lock, and the queue that clients make of keys.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::QueueOptions;
use tokio::time::timeout;

use super::line::World;
use super::target::{Etcd, MENDED, PATIENCE, REAL, SINCE_3_5, V3_4};
use super::waiting::Waiting;
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_lock_is_a_key_with_the_number_of_its_lease,
        a_lock_is_taken_twice_by_the_same_lease,
        a_lock_waits_for_the_one_before_it,
        the_key_with_the_oldest_creation_holds_the_lock,
        a_lock_without_a_lease_has_one_of_60_seconds,
        a_lock_of_a_dead_lease_is_refused,
        whatever_is_unlocked_is_unlocked,
        names_of_locks_nest,
        whoever_goes_away_while_waiting_leaves_the_queue,
        a_waiter_whose_lease_ends_waits_on_and_fails needs [REAL, SINCE_3_5],
        a_waiter_whose_lease_ends_holds_what_nobody_has needs [V3_4],
        a_waiter_whose_lease_ends_is_told_so needs [MENDED],
        the_typed_client_holds_a_lock_that_the_service_knows,
        the_typed_client_hands_on_and_counts_up,
    ]
    .into()
}

async fn a_lock_is_a_key_with_the_number_of_its_lease(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("lock l 7", "held by l/#7"),
            ("get *", "[l/#7='' @A lease 7]"),
            ("unlock l/#7", "unlocked"),
            ("get *", "[]"),
            ("lock l 7", "held by l/#7"),
            ("revoke 7", "revoked"),
            ("get *", "[]"),
        ])
        .await
}

async fn a_lock_is_taken_twice_by_the_same_lease(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("lock l 7", "held by l/#7"),
            ("get *", "[l/#7='' @A lease 7]"),
            ("lock l 7", "held by l/#7"),
            ("get *", "[l/#7='' @A lease 7]"),
        ])
        .await
}

async fn a_lock_waits_for_the_one_before_it(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("grant 3 600", "lease 3 ttl 600"),
            ("lock l 1", "held by l/#1"),
        ])
        .await?;
    let second = Waiting::begin(&world, "lock l 2", "l/#2").await?;
    let third = Waiting::begin(&world, "lock l 3", "l/#3").await?;
    // The third does not get it when the second leaves, because the first has it.
    world.play(&[("unlock l/#2", "unlocked")]).await?;
    third.waits().await?;
    world.play(&[("unlock l/#1", "unlocked")]).await?;
    equal("third", third.told().await?.as_str(), "held by l/#3")?;
    drop(second);
    Ok(())
}

async fn the_key_with_the_oldest_creation_holds_the_lock(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            // Anybody's key below the name counts, and a later write does not make it younger.
            ("put l/x 1", "put @A"),
        ])
        .await?;
    let waiting = Waiting::begin(&world, "lock l 1", "l/#1").await?;
    world.play(&[("put l/x 2", "put @B")]).await?;
    waiting.waits().await?;
    world.ask("del l/x").await?;
    equal("then", waiting.told().await?.as_str(), "held by l/#1")
}

async fn a_lock_without_a_lease_has_one_of_60_seconds(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let told = world.ask("lock l 0").await?;
    let lease = told.rsplit('/').next().unwrap_or_default();
    let lease = i64::from_str_radix(lease, 16).with_context(|| told.clone())?;
    let lease = quorate_etcd::v3::LeaseId::of(lease).context("no lease")?;
    let info = etcd.client.leases().time_to_live(lease).await?;
    let granted = info.map(|info| info.granted);
    equal("time", granted, Some(Duration::from_secs(60)))
}

async fn a_lock_of_a_dead_lease_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let gone = "Unknown: etcdserver: requested lease not found";
    world
        .play(&[
            ("lock l 99", gone),
            ("campaign l 99 v", gone),
            ("get *", "[]"),
        ])
        .await
}

async fn whatever_is_unlocked_is_unlocked(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("unlock nothing", "unlocked"),
            ("put a 1", "put @A"),
            ("unlock a", "unlocked"),
            ("get *", "[]"),
        ])
        .await
}

async fn names_of_locks_nest(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("lock a/b 1", "held by a/b/#1"),
            // Another name that begins alike is another one.
            ("lock a/ 2", "held by a//#2"),
            ("unlock a//#2", "unlocked"),
        ])
        .await?;
    let waiting = Waiting::begin(&world, "lock a 2", "a/#2").await?;
    waiting.waits().await?;
    world.play(&[("unlock a/b/#1", "unlocked")]).await?;
    equal("outer", waiting.told().await?.as_str(), "held by a/#2")
}

async fn whoever_goes_away_while_waiting_leaves_the_queue(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("lock l 1", "held by l/#1"),
        ])
        .await?;
    let waiting = Waiting::begin(&world, "lock l 2", "l/#2").await?;
    drop(waiting);
    let left = || {
        let mut world = world.clone();
        async move {
            let told = world
                .ask("get * keys count")
                .await
                .map_err(|error| error.to_string())?;
            if told == "[] of 1" { Ok(()) } else { Err(told) }
        }
    };
    eventually_ok(PATIENCE, "the entry is gone", left).await?;
    Ok(())
}

/// A waiter whose lease is revoked.
async fn bereft(world: &mut World) -> anyhow::Result<Waiting> {
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("lock l 1", "held by l/#1"),
        ])
        .await?;
    let waiting = Waiting::begin(world, "lock l 2", "l/#2").await?;
    world.play(&[("revoke 2", "revoked")]).await?;
    Ok(waiting)
}

async fn a_waiter_whose_lease_ends_waits_on_and_fails(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let waiting = bereft(&mut world).await?;
    waiting.waits().await?;
    world.play(&[("unlock l/#1", "unlocked")]).await?;
    let told = waiting.told().await?;
    equal("told", told.as_str(), "Unknown: mutex: session is expired")
}

async fn a_waiter_whose_lease_ends_holds_what_nobody_has(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let waiting = bereft(&mut world).await?;
    world.play(&[("unlock l/#1", "unlocked")]).await?;
    equal("told", waiting.told().await?.as_str(), "held by l/#2")?;
    world.play(&[("get *", "[]")]).await
}

async fn a_waiter_whose_lease_ends_is_told_so(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    // The other one still holds it.
    let told = bereft(&mut world).await?.told().await?;
    equal("told", told.as_str(), "Unknown: mutex: session is expired")?;
    equal("left", world.ask("get * count").await?.as_str(), "[] of 1")
}

async fn the_typed_client_holds_a_lock_that_the_service_knows(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let guard = etcd.client.lock(&etcd.key("l")).acquire().await?;
    world.play(&[("grant 1 600", "lease 1 ttl 600")]).await?;
    let waiting = Waiting::begin(&world, "lock l 1", "l/#1").await?;
    waiting.waits().await?;
    ensure!(guard.is_held());
    guard.release().await?;
    equal("service", waiting.told().await?.as_str(), "held by l/#1")?;
    // And the other way round.
    let lock = etcd.client.lock(&etcd.key("l"));
    let taken = lock.acquire_within(Duration::from_millis(300)).await?;
    ensure!(taken.acquired().is_none(), "two hold it");
    world.play(&[("unlock l/#1", "unlocked")]).await?;
    let guard = timeout(PATIENCE, lock.acquire())
        .await
        .context("it waits on")??;
    guard.release().await?;
    Ok(())
}

async fn the_typed_client_hands_on_and_counts_up(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let lock = etcd.client.lock(&etcd.key("l"));
    let lock = lock.with_options(QueueOptions::new());
    let mut before = 0;
    for _ in 0..3 {
        let guard = timeout(PATIENCE, lock.acquire())
            .await
            .context("it waits on")??;
        ensure!(
            guard.fencing_token() > before,
            "{} is no later",
            guard.fencing_token()
        );
        before = guard.fencing_token();
        equal(
            "holder",
            lock.holder().await?.map(|it| it.key),
            Some(guard.key().to_owned().into()),
        )?;
        guard.release().await?;
    }
    ensure!(lock.holder().await?.is_none() && lock.queue().await?.is_empty());
    Ok(())
}
