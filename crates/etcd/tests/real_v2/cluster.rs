//! Members, statistics, versions, health.

use anyhow::ensure;
use quorate_etcd::v2::{ErrorKind, MemberState};
use quorate_testkit::server::EtcdServer;

use crate::{Outcome, Trial, patient};

pub(crate) async fn members_statistics_version_and_health_are_read(etcd: &Trial) -> Outcome {
    let client = &etcd.client;
    let members = client.members().list().await?;
    ensure!(members.len() == 1 && members[0].is_started(), "{members:?}");
    let leader = client.members().leader().await?;
    ensure!(leader.as_ref() == members.first());
    ensure!(client.machines().await? == [etcd.server.url()]);
    ensure!(client.sync().await? == [etcd.server.url()]);
    let me = client.stats().this_member().await?;
    ensure!(me.state == MemberState::Leader && me.id == members[0].id);
    ensure!(client.stats().leader().await?.leader == members[0].id);
    client.keys().set(&etcd.key("k"), "v").await?;
    ensure!(client.stats().store().await?.sets_success > 0);
    let version = client.version().await?.server;
    ensure!(version == etcd.version.number(), "{version}");
    ensure!(client.health().check().await?.healthy);
    let error = client.members().remove("1234").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFound, "{error}");
    let error = client.members().add(["nonsense"]).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error}");
    let error = client
        .members()
        .add(members[0].peer_urls.clone())
        .await
        .unwrap_err();
    ensure!(error.kind() == ErrorKind::AlreadyExists, "{error}");
    client
        .members()
        .update(&members[0].id, members[0].peer_urls.clone())
        .await?;
    Ok(())
}

pub(crate) async fn a_server_without_the_api_is_named(etcd: &Trial) -> Outcome {
    let server = EtcdServer::start_without_v2(etcd.version).await?;
    let error = patient(&server.url())?.keys().get("/k").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Unsupported, "{error}");
    ensure!(error.to_string().contains("--enable-v2"), "{error}");
    Ok(())
}
