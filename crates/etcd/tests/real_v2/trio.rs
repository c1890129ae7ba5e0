//! Three members, of which one goes away.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_etcd::v2::{Change, QueueOptions};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::EtcdCluster;
use tokio::time::timeout;

use crate::{Outcome, SOON, Trial, patient};

const WRITES: u32 = 20;

pub(crate) async fn everything_goes_on_when_the_leader_is_killed(etcd: &Trial) -> Outcome {
    let cluster = EtcdCluster::start(etcd.version).await?;
    let leader = cluster.leader().await?;
    let learnt = patient(&cluster.server(leader).url())?;
    ensure!(learnt.sync().await?.len() == 3, "{:?}", learnt.addresses());
    // It begins at the one that goes away.
    let client = patient(&cluster.urls_from(leader))?;
    // Longer than a few elections.
    let options = QueueOptions::new().with_ttl(Duration::from_secs(45));
    let lock = client.lock("jobs").with_options(options);
    let (keys, lock) = (client.keys(), lock.acquire().await?);
    let mut watch = keys.watch("/k");
    ensure!(matches!(watch.next().await?, Change::Listed { .. }));
    for number in 0..WRITES {
        if number == WRITES / 2 {
            cluster.server(leader).kill()?;
        }
        let text = number.to_string();
        eventually_ok(SOON, "a write", || keys.set("/k", &text)).await?;
    }
    let mut told = Vec::new();
    while told.last() != Some(&(WRITES - 1)) {
        match timeout(SOON, watch.next()).await.context("it is silent")? {
            Ok(Change::Event(event)) => {
                let value = event.node.and_then(|node| node.value);
                told.push(value.context("no value")?.parse()?);
            }
            Ok(other) => bail!("{other:?} after {told:?}"),
            // It is told that nobody leads, and goes on.
            Err(_) => {}
        }
    }
    // A write whose answer was lost may have happened twice.
    told.dedup();
    ensure!(told == (0..WRITES).collect::<Vec<_>>(), "{told:?}");
    ensure!(lock.is_held(), "{:?}", lock.lease());
    let first = lock.fencing_token();
    lock.release().await?;
    ensure!(learnt.keys().get("/k").await?.is_some(), "no fail-over");
    let next = learnt.lock("jobs").acquire_within(SOON).await?;
    let next = next.acquired().context("it was not released")?;
    ensure!(next.fencing_token() > first);
    next.release().await?;
    Ok(())
}
