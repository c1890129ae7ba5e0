//! Looking after servers, and members.

use anyhow::ensure;
use quorate_etcd::v3::{Alarm, AlarmKind, ErrorKind};

use crate::{Etcd, Outcome, Trial};

pub(crate) async fn a_server_tells_how_it_is(etcd: &Trial) -> Outcome {
    let maintenance = etcd.client.maintenance();
    let status = maintenance.status().await?;
    ensure!(
        status.version == etcd.version.number() && status.is_leader(),
        "{status:?}"
    );
    ensure!(status.db_size > 0 && status.errors.is_empty());
    let one = maintenance.of_server(&etcd.server.url())?;
    ensure!(one.status().await?.header.member_id == status.header.member_id);
    let error = maintenance.of_server("http://elsewhere:1").unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error}");
    let first = one.hash_keys(None).await?;
    ensure!(one.hash_keys(None).await?.hash == first.hash || first.hash != 0);
    one.hash().await?;
    one.defragment().await?;
    let members = etcd.client.members().list().await?;
    ensure!(members.len() == 1 && members[0].id == status.header.member_id);
    ensure!(members[0].client_urls == [etcd.server.url()]);
    ensure!(etcd.client.members().list_local().await? == members);
    ensure!(etcd.client.sync().await? == [etcd.server.url()]);
    let error = etcd.client.members().remove(1).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFound, "{error}");
    Ok(())
}

pub(crate) async fn an_alarm_stops_writes_until_it_is_disarmed(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let maintenance = etcd.client.maintenance();
    ensure!(maintenance.alarms().await?.is_empty());
    let member = maintenance.status().await?.header.member_id;
    let alarm = Alarm::new(member, AlarmKind::NoSpace);
    maintenance.raise(alarm).await?;
    ensure!(maintenance.alarms().await? == [alarm]);
    let error = etcd.client.kv().put("k", "1").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NoSpace, "{error}");
    maintenance.disarm(alarm).await?;
    etcd.client.kv().put("k", "1").await?;
    Ok(())
}

pub(crate) async fn a_snapshot_is_saved_whole(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    for at in 0..10 {
        etcd.client
            .kv()
            .put(format!("{at}"), vec![at; 100_000])
            .await?;
    }
    // Its own: the trials of the other versions save theirs at the same time.
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("snapshot");
    let size = etcd.client.maintenance().save_snapshot(&path).await?;
    let found = std::fs::metadata(&path)?.len();
    ensure!(found == size && size > 1_000_000, "{found} and {size}");
    Ok(())
}
