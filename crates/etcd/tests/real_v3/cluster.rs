//! Three members, of which one goes away.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{
    Change, Client, ErrorKind, KeyRange, QueueOptions, Timeouts, Watch, WatchOptions,
};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::EtcdCluster;
use tokio::time::timeout;

use crate::{Outcome, SOON, Trial};

fn client(addresses: &str) -> anyhow::Result<Client> {
    let timeouts = Timeouts::default()
        .with_attempt(Duration::from_secs(1))
        .with_overall(Some(SOON));
    let builder = Client::builder().address(addresses);
    Ok(builder.timeouts(timeouts).build()?)
}

/// Writes a value that nobody else does, and finds out if the answer is lost.
async fn put(client: &Client, value: &str) -> Outcome {
    loop {
        match client.kv().put("k", value.to_owned()).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Indeterminate => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads on until the watch has told a value.
async fn told(watch: &mut Watch, value: &str) -> Outcome {
    let told = async {
        loop {
            let is_told = match watch.next().await {
                Ok(Change::Events { events, .. }) => events.iter().any(|it| it.kv.value == value),
                // It begins when it is first asked, which may be after the write.
                Ok(Change::Listed { kvs, .. }) => kvs.iter().any(|it| it.value == value),
                _ => false,
            };
            if is_told {
                return;
            }
        }
    };
    let told = timeout(SOON, told).await;
    told.with_context(|| format!("the watch never told {value}"))
}

pub(crate) async fn a_member_that_goes_away_is_left(etcd: &Trial) -> Outcome {
    let cluster = EtcdCluster::start(etcd.version).await?;
    let members = cluster.servers();
    let first = cluster.leader().await?;
    // The one that goes away is the one that the client asks first.
    let client = client(&cluster.urls_from(first))?;
    let options = WatchOptions::new().with_list();
    let mut watch = client.kv().watch_with(KeyRange::key("k"), options);
    // Longer than a few elections.
    let options = QueueOptions::new().with_ttl(Duration::from_secs(45));
    let lock = client.lock("l").with_options(options);
    let guard = lock.acquire().await?;
    put(&client, "1").await?;
    told(&mut watch, "1").await?;
    members[first].pause().await?;
    put(&client, "2").await?;
    told(&mut watch, "2").await?;
    ensure!(guard.is_held(), "two members are enough");
    members[first].resume()?;
    let second = cluster.leader().await?;
    members[second].kill()?;
    put(&client, "3").await?;
    told(&mut watch, "3").await?;
    ensure!(client.kv().get("k").await?.unwrap().value == "3");
    members[second].restart().await?;
    let sync = || async { client.sync().await };
    ensure!(eventually_ok(SOON, "the members", sync).await?.len() == 3);
    guard.release().await?;
    Ok(())
}

pub(crate) async fn a_member_without_a_leader_is_left(etcd: &Trial) -> Outcome {
    let cluster = EtcdCluster::start(etcd.version).await?;
    let members = cluster.servers();
    let client = client(&members[0].url())?;
    put(&client, "1").await?;
    members[1].kill()?;
    members[2].kill()?;
    let alone = Client::builder()
        .address(&members[0].url())
        .timeouts(
            Timeouts::default()
                .with_attempt(Duration::from_secs(2))
                .with_overall(Some(Duration::from_secs(4))),
        )
        .build()?;
    let error = alone.kv().get("k").await.unwrap_err();
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
    ensure!(kinds.contains(&error.kind()), "{error:?}");
    let old = quorate_etcd::v3::RangeOptions::new().serializable();
    let range = KeyRange::key("k");
    let known = || async { alone.kv().range(&range, &old).await };
    let known = eventually_ok(SOON, "what it knows", known).await?;
    ensure!(known.kvs[0].value == "1", "what it knows it tells");
    Ok(())
}
