//! Leases.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{ErrorKind, LeaseId, PutOptions};
use tokio::time::timeout;

use super::line::World;
use super::target::{Etcd, PATIENCE};
use crate::cases;
use crate::eventually;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_short_ttl_is_made_longer,
        a_ttl_has_an_upper_bound,
        an_id_is_chosen_by_the_client_or_the_server,
        a_dead_lease_is_told_by_numbers_not_by_errors,
        a_revoked_lease_takes_its_keys_along,
        a_lease_that_is_kept_lives_on,
        a_key_goes_with_its_last_lease,
        the_typed_client_grants_holds_and_revokes,
        the_typed_client_notices_a_lease_that_is_gone,
    ]
    .into()
}

async fn a_short_ttl_is_made_longer(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 0", "lease 1 ttl 2"),
            ("grant 2 -5", "lease 2 ttl 2"),
            ("grant 3 1", "lease 3 ttl 2"),
            ("grant 4 2", "lease 4 ttl 2"),
            ("grant 5 3", "lease 5 ttl 3"),
        ])
        .await?;
    let granted = etcd
        .client
        .leases()
        .grant(Duration::from_millis(10))
        .await?;
    equal("typed", granted.ttl, Duration::from_secs(2))
}

async fn a_ttl_has_an_upper_bound(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "grant 1 9000000001",
                "OutOfRange: etcdserver: too large lease TTL",
            ),
            ("ttl 1", "gone of 0"),
            ("grant 1 9000000000", "lease 1 ttl 9000000000"),
            ("revoke 1", "revoked"),
        ])
        .await
}

async fn an_id_is_chosen_by_the_client_or_the_server(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            (
                "grant 1 600",
                "FailedPrecondition: etcdserver: lease already exists",
            ),
            ("grant 2 600", "lease 2 ttl 600"),
            ("leases", "[1, 2]"),
            ("revoke 1", "revoked"),
            ("leases", "[2]"),
            ("grant 1 600", "lease 1 ttl 600"),
        ])
        .await?;
    let leases = etcd.client.leases();
    let first = leases.grant(Duration::from_secs(600)).await?;
    let second = leases.grant(Duration::from_secs(600)).await?;
    ensure!(first.id != second.id && first.id.number() > 0);
    let again = leases.grant_with(first.id, Duration::from_secs(600)).await;
    let kind = again.map_err(|error| error.kind()).err();
    equal("typed", kind, Some(ErrorKind::AlreadyExists))?;
    let listed = leases.list().await?;
    ensure!(listed.contains(&first.id) && listed.contains(&second.id));
    Ok(())
}

async fn a_dead_lease_is_told_by_numbers_not_by_errors(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("keep 99", "ttl 0"),
            ("ttl 99", "gone of 0"),
            ("ttl 99 keys", "gone of 0"),
            (
                "revoke 99",
                "NotFound: etcdserver: requested lease not found",
            ),
            (
                "put a 1 lease=99",
                "NotFound: etcdserver: requested lease not found",
            ),
        ])
        .await?;
    let leases = etcd.client.leases();
    let nobody = LeaseId::of(9_999_999_999_999).context("a number")?;
    equal("typed", leases.renew(nobody).await?, None)?;
    ensure!(leases.time_to_live(nobody).await?.is_none());
    let refused = leases.revoke(nobody).await.map_err(|error| error.kind());
    equal("typed", refused.err(), Some(ErrorKind::NotFound))
}

async fn a_revoked_lease_takes_its_keys_along(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("put b 1 lease=1", "put @A"),
            ("put a 1 lease=1", "put @B"),
            ("put c 1", "put @C"),
            ("ttl 1 keys", "alive of 600 [a, b]"),
            ("revoke 1", "revoked"),
            ("get *", "[c='1' @C]"),
            ("ttl 1", "gone of 0"),
            (
                "revoke 1",
                "NotFound: etcdserver: requested lease not found",
            ),
        ])
        .await
}

async fn a_lease_that_is_kept_lives_on(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let leases = etcd.client.leases();
    let keeper = leases.hold(Duration::from_secs(20)).await?;
    let options = PutOptions::new().with_lease(keeper.id());
    let key = etcd.key("a");
    etcd.client.kv().put_with(&key, "1", &options).await?;
    let first = keeper.valid_until();
    let renewed = || async { (keeper.valid_until() > first).then_some(()) };
    eventually(PATIENCE, "a renewal", renewed).await?;
    ensure!(keeper.is_valid() && etcd.client.kv().get(&key).await?.is_some());
    keeper.revoke().await?;
    ensure!(etcd.client.kv().get(&key).await?.is_none());
    Ok(())
}

async fn a_key_goes_with_its_last_lease(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 1 600", "lease 1 ttl 600"),
            ("grant 2 600", "lease 2 ttl 600"),
            ("put a 1 lease=1", "put @A"),
            ("put a 2 lease=2", "put @B"),
            ("revoke 1", "revoked"),
            ("get a", "[a='2' @B/A v2 lease 2]"),
            ("del a", "deleted 1 @C"),
            ("ttl 2 keys", "alive of 600"),
            (
                "txn ? put a 3 lease=2 ; get a",
                "yes @D { put @D ; [a='3' @D lease 2] }",
            ),
            ("ttl 2 keys", "alive of 600 [a]"),
            ("revoke 2", "revoked"),
            ("get a", "[]"),
        ])
        .await
}

async fn the_typed_client_grants_holds_and_revokes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let leases = etcd.client.leases();
    let granted = leases.grant(Duration::from_secs(600)).await?;
    equal("granted", granted.ttl, Duration::from_secs(600))?;
    let options = PutOptions::new().with_lease(granted.id);
    etcd.client
        .kv()
        .put_with(etcd.key("a"), "1", &options)
        .await?;
    let info = leases.keys_of(granted.id).await?.context("it is gone")?;
    equal("keys", info.keys, [etcd.key("a").into_bytes()])?;
    equal(
        "renewed",
        leases.renew(granted.id).await?,
        Some(Duration::from_secs(600)),
    )?;
    leases.revoke(granted.id).await?;
    ensure!(leases.time_to_live(granted.id).await?.is_none());
    Ok(())
}

async fn the_typed_client_notices_a_lease_that_is_gone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let leases = etcd.client.leases();
    let keeper = leases.hold(Duration::from_secs(15)).await?;
    ensure!(keeper.is_valid());
    leases.revoke(keeper.id()).await?;
    let lost = timeout(PATIENCE, keeper.lost()).await;
    lost.context("nobody says that it is lost")?;
    ensure!(!keeper.is_valid());
    Ok(())
}
