//! Watches.

use std::time::Duration;

use anyhow::{bail, ensure};
use quorate_etcd::v2::{Change, Event, Relisted, Watch, WatchOptions};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::EtcdServer;

use crate::{Etcd, Outcome, SOON, Trial, patient};

async fn event(watch: &mut Watch) -> anyhow::Result<Event> {
    loop {
        match tokio::time::timeout(SOON, watch.next()).await? {
            Ok(Change::Event(event)) => return Ok(event),
            Ok(other) => bail!("{other:?}"),
            // Told, and not the end.
            Err(_) => {}
        }
    }
}

async fn listed(watch: &mut Watch) -> anyhow::Result<Relisted> {
    match watch.next().await? {
        Change::Listed { reason, .. } => Ok(reason),
        other => bail!("{other:?}"),
    }
}

pub(crate) async fn a_watch_tells_every_change_once(etcd: &Trial) -> Outcome {
    let (keys, key) = (etcd.client.keys(), etcd.key("k"));
    let mut watch = keys.watch(&key);
    ensure!(listed(&mut watch).await? == Relisted::Started);
    for value in 0..20 {
        keys.set(&key, &value.to_string()).await?;
    }
    for value in 0..20 {
        let node = event(&mut watch).await?.node.expect("a node");
        ensure!(
            node.value.as_deref() == Some(&*value.to_string()),
            "{node:?}"
        );
    }
    keys.delete(&key).await?;
    ensure!(event(&mut watch).await?.action.is_removal());
    Ok(())
}

pub(crate) async fn a_tree_is_watched_without_what_is_hidden(etcd: &Trial) -> Outcome {
    let (keys, dir) = (etcd.client.keys(), etcd.key("d"));
    let mut watch = keys.watch_tree(&dir);
    listed(&mut watch).await?;
    for name in ["d/_hidden/x", "dd/beside", "d/a/b"] {
        keys.set(&etcd.key(name), "v").await?;
    }
    let told = event(&mut watch).await?.node.expect("a node");
    ensure!(told.key.ends_with("/d/a/b"), "{told:?}");
    keys.delete_tree(&dir).await?;
    ensure!(event(&mut watch).await?.action.is_removal());
    Ok(())
}

/// Of a server of its own: the watches of other trials would lose what they are behind.
async fn fill_the_history(etcd: &Etcd) -> Outcome {
    let keys = etcd.client.keys();
    for value in 0..1100 {
        keys.set("/noise", &value.to_string()).await?;
    }
    Ok(())
}

pub(crate) async fn a_quiet_watch_outlives_the_history(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let (keys, key) = (etcd.client.keys(), "/quiet");
    let options = WatchOptions::new().with_poll(Duration::from_millis(300));
    let mut watch = keys.watch_with(key, options);
    listed(&mut watch).await?;
    let until = async {
        fill_the_history(&etcd).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        keys.set(key, "v").await?;
        anyhow::Ok(())
    };
    let (told, written) = tokio::join!(event(&mut watch), until);
    written?;
    ensure!(
        told?
            .node
            .is_some_and(|node| node.value.as_deref() == Some("v"))
    );
    Ok(())
}

pub(crate) async fn a_watch_after_a_forgotten_index_lists_again(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let (keys, key) = (etcd.client.keys(), "/k");
    let index = keys.set(key, "v").await?.modified_index;
    fill_the_history(&etcd).await?;
    let mut watch = keys.watch_with(key, WatchOptions::new().with_after(index - 1));
    ensure!(listed(&mut watch).await? == Relisted::HistoryCleared);
    keys.set(key, "w").await?;
    ensure!(
        event(&mut watch)
            .await?
            .node
            .is_some_and(|node| node.value.as_deref() == Some("w"))
    );
    Ok(())
}

pub(crate) async fn a_watch_goes_on_after_the_server_was_killed(etcd: &Trial) -> Outcome {
    let server = EtcdServer::start(etcd.version).await?;
    let keys = patient(&server.url())?.keys();
    let mut watch = keys.watch("/k");
    listed(&mut watch).await?;
    let restart = async {
        server.kill()?;
        server.restart().await?;
        let write = || async { keys.set("/k", "after").await };
        eventually_ok(SOON, "a write", write).await?;
        anyhow::Ok(())
    };
    let (told, restarted) = tokio::join!(event(&mut watch), restart);
    restarted?;
    ensure!(
        told?
            .node
            .is_some_and(|node| node.value.as_deref() == Some("after"))
    );
    Ok(())
}
