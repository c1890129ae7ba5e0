//! What a restart does to leases.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_conformance::random::Random;
use quorate_etcd::v3::PutOptions;
use quorate_testkit::eventually;
use quorate_testkit::trial::Subject;
use tokio::time::Instant;

use crate::server::Kind;
use crate::world::World;

const SOON: Duration = Duration::from_secs(60);

/// Nobody could renew them while the server was away.
pub(super) async fn a_restart_gives_leases_their_whole_time_again(
    kind: &Subject<Kind>,
) -> anyhow::Result<()> {
    const TTL: Duration = Duration::from_secs(1000);
    let mut world = World::open(**kind, 1).await?;
    let leases = world.patient_client(0)?.leases();
    let lease = leases.grant(TTL).await?.id;
    let some_time = || async {
        let left = leases.time_to_live(lease).await.ok()??.remaining;
        (left + Duration::from_secs(3) <= TTL).then_some(left)
    };
    eventually(SOON, "three seconds of the lease are over", some_time).await?;
    let restarted = Instant::now();
    world.restart(&mut Random::new(1)).await?;
    let info = leases
        .time_to_live(lease)
        .await?
        .context("the lease is gone")?;
    let since = restarted.elapsed() + Duration::from_secs(1);
    ensure!(
        info.granted == TTL && info.remaining + since >= TTL,
        "{info:?}, {since:?} after the restart"
    );
    Ok(())
}

pub(super) async fn a_lease_that_nobody_keeps_ends_after_a_restart_too(
    kind: &Subject<Kind>,
) -> anyhow::Result<()> {
    let mut world = World::open(**kind, 1).await?;
    let client = world.patient_client(0)?;
    let lease = client.leases().grant(Duration::from_secs(12)).await?.id;
    let options = PutOptions::new().with_lease(lease);
    for name in ["a", "b"] {
        client.kv().put_with(kind.key(name), "v", &options).await?;
    }
    world.restart(&mut Random::new(1)).await?;
    let gone = || async {
        let a = client.kv().get(kind.key("a")).await.ok()?;
        let b = client.kv().get(kind.key("b")).await.ok()?;
        (a.is_none() && b.is_none()).then_some(())
    };
    eventually(SOON, "the keys of the lease are gone", gone).await?;
    let left = client.leases().time_to_live(lease).await?;
    ensure!(left.is_none(), "{left:?}");
    Ok(())
}
