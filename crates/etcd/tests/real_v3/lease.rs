//! Leases.

use std::time::Duration;

use anyhow::ensure;
use quorate_etcd::v3::{ErrorKind, LostReason, PutOptions};
use tokio::time::timeout;

use crate::{Etcd, Outcome, SOON, Trial};

pub(crate) async fn a_lease_is_granted_looked_at_and_revoked(etcd: &Trial) -> Outcome {
    let (leases, kv) = (etcd.client.leases(), etcd.client.kv());
    let grant = leases.grant(Duration::from_millis(59_500)).await?;
    ensure!(grant.ttl == Duration::from_secs(60));
    let key = etcd.key("k");
    let with = PutOptions::new().with_lease(grant.id);
    kv.put_with(&key, "1", &with).await?;
    ensure!(kv.get(&key).await?.unwrap().lease == Some(grant.id));
    let info = leases.keys_of(grant.id).await?.unwrap();
    ensure!(info.granted == grant.ttl && info.remaining <= grant.ttl);
    ensure!(info.keys == [key.as_bytes()]);
    ensure!(leases.list().await?.contains(&grant.id));
    ensure!(leases.renew(grant.id).await? == Some(grant.ttl));
    let error = leases.grant_with(grant.id, grant.ttl).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::AlreadyExists, "{error}");
    leases.revoke(grant.id).await?;
    ensure!(kv.get(&key).await?.is_none());
    ensure!(leases.time_to_live(grant.id).await?.is_none());
    ensure!(leases.renew(grant.id).await?.is_none());
    let error = leases.revoke(grant.id).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFound, "{error}");
    Ok(())
}

pub(crate) async fn a_lease_that_is_kept_outlives_its_time_and_ends_with_its_keeper(
    etcd: &Trial,
) -> Outcome {
    let (leases, kv, key) = (etcd.client.leases(), etcd.client.kv(), etcd.key("k"));
    let keeper = leases.hold(Duration::from_secs(12)).await?;
    let with = PutOptions::new().with_lease(keeper.id());
    kv.put_with(&key, "1", &with).await?;
    let first = keeper.valid_until();
    let renewed = async {
        while keeper.valid_until() < first + keeper.ttl() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, renewed).await?;
    ensure!(keeper.is_valid() && kv.get(&key).await?.is_some());
    let id = keeper.id();
    let lost = keeper.lost();
    drop(keeper);
    ensure!(lost.await == LostReason::Released);
    let gone = async {
        while leases.time_to_live(id).await?.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    timeout(SOON, gone).await??;
    ensure!(kv.get(&key).await?.is_none());
    Ok(())
}

pub(crate) async fn a_lease_that_somebody_revokes_is_lost(etcd: &Trial) -> Outcome {
    let leases = etcd.client.leases();
    let keeper = leases.hold(Duration::from_secs(15)).await?;
    leases.revoke(keeper.id()).await?;
    let lost = timeout(SOON, keeper.lost()).await?;
    ensure!(lost == LostReason::EntryGone, "{lost}");
    let error = keeper.revoke().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::LeaseLost, "{error}");
    Ok(())
}

pub(crate) async fn a_lease_is_lost_at_its_deadline_when_the_server_stands_still(
    etcd: &Trial,
) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let keeper = etcd.client.leases().hold(Duration::from_secs(10)).await?;
    etcd.server.pause().await?;
    let until = keeper.valid_until();
    let lost = timeout(SOON, keeper.lost()).await?;
    ensure!(lost == LostReason::DeadlinePassed, "{lost}");
    ensure!(keeper.valid_until() <= until + keeper.ttl());
    etcd.server.resume()?;
    ensure!(!keeper.is_valid(), "nothing brings it back");
    Ok(())
}
