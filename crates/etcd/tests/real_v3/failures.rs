//! Servers that are not there, stand still, or are others.

use std::time::Duration;

use anyhow::ensure;
use quorate_etcd::v3::{Client, ErrorKind, Outcome as Happened, Timeouts};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::EtcdServer;

use crate::{Etcd, Outcome, SOON, Trial, patience, patient};

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:1";

fn short() -> Timeouts {
    Timeouts::default()
        .with_attempt(Duration::from_millis(500))
        .with_overall(Some(SOON))
}

pub(crate) async fn a_dead_server_is_passed_over(etcd: &Trial) -> Outcome {
    let client = patient(&format!("{NOBODY},{}", etcd.server.url()))?;
    for at in 0..10 {
        client.kv().put(etcd.key("k"), format!("{at}")).await?;
    }
    let timeouts = short().with_overall(Some(Duration::from_secs(3)));
    let nobody = Client::builder()
        .address(NOBODY)
        .timeouts(timeouts)
        .build()?;
    let error = nobody.kv().put("k", "1").await.unwrap_err();
    ensure!(error.outcome() == Happened::DidNotHappen, "{error:?}");
    ensure!(error.peer() == Some(NOBODY));
    Ok(())
}

pub(crate) async fn a_server_that_stands_still_is_left_and_its_writes_are_indeterminate(
    etcd: &Trial,
) -> Outcome {
    let hung = EtcdServer::start_without_v2(etcd.version).await?;
    let addresses = format!("{},{}", hung.url(), etcd.server.url());
    patient(&hung.url())?.kv().put("here", "1").await?;
    let client = loop {
        let client = Client::builder()
            .address(&addresses)
            .timeouts(short())
            .any_cluster()
            .build()?;
        // A busy machine may not answer within an attempt: then the client is at the other one.
        if client.kv().get("here").await?.is_some() {
            break client;
        }
    };
    hung.pause().await?;
    ensure!(
        client.kv().get("here").await?.is_none(),
        "the other answers"
    );
    let alone = Client::builder()
        .address(&hung.url())
        .timeouts(short())
        .build()?;
    let error = alone.kv().put("k", "1").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Indeterminate, "{error:?}");
    hung.resume()?;
    ensure!(alone.kv().get("here").await?.is_some());
    Ok(())
}

pub(crate) async fn a_client_goes_on_after_its_server_was_restarted(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    etcd.client.kv().put("k", "1").await?;
    etcd.server.restart().await?;
    ensure!(etcd.client.kv().get("k").await?.unwrap().value == "1");
    Ok(())
}

pub(crate) async fn another_cluster_is_refused(etcd: &Trial) -> Outcome {
    let other = EtcdServer::start_without_v2(etcd.version).await?;
    let client = Client::builder()
        .address(&format!("{},{}", etcd.server.url(), other.url()))
        .timeouts(patience())
        .build()?;
    let id = client.kv().put(etcd.key("k"), "1").await?.header.cluster_id;
    let strict = Client::builder()
        .address(&other.url())
        .timeouts(short().with_overall(Some(Duration::from_secs(1))))
        .expected_cluster(id)
        .build()?;
    // Two clusters of one member with the same name and address would have the same id.
    let refused = || async {
        match strict.kv().get("k").await {
            Err(error) if error.kind() == ErrorKind::Timeout => Err(error),
            answer => Ok(answer),
        }
    };
    let error = eventually_ok(SOON, "an answer in time", refused).await?;
    let error = error.unwrap_err();
    ensure!(error.kind() == ErrorKind::ClusterChanged, "{error:?}");
    Ok(())
}
