//! Three members, of which one stops, stands still or is replaced in the middle of work.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{
    Change, Client, Cond, ErrorKind, KeyRange, QueueOptions, RangeOptions, Timeouts, Txn, TxnOp,
    WatchOptions,
};
use quorate_net::task::{Task, spawn};
use tokio::sync::watch;
use tokio::time::timeout;

use super::line::World;
use super::target::{Etcd, MEMBERS};
use crate::protocol::equal;
use crate::server::EtcdCluster;
use crate::trial::{Case, Subject};
use crate::{cases, eventually, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_follower_answers_for_all needs [MEMBERS],
        work_goes_on_while_members_are_killed_and_come_back needs [MEMBERS],
        work_goes_on_while_members_stand_still needs [MEMBERS],
        work_goes_on_while_all_members_are_replaced needs [MEMBERS],
        a_minority_reads_what_it_knows_and_writes_nothing needs [MEMBERS],
    ]
    .into()
}

/// How long anything may take until it goes on.
const SOON: Duration = Duration::from_secs(50);
/// Longer than a few elections on a machine that stands still in between.
const TTL: Duration = Duration::from_secs(40);
/// How long one call may.
const CALL: Duration = Duration::from_secs(20);

/// The election that the leader of now won.
async fn term(etcd: &Etcd) -> anyhow::Result<u64> {
    let status = || async { etcd.client.maintenance().status().await };
    let status = eventually_ok(SOON, "a status", status).await?;
    Ok(status.raft_term)
}

async fn a_follower_answers_for_all(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    for attempt in 1..=5 {
        let before = term(etcd).await?;
        let place = etcd.key(&format!("{attempt}/"));
        let mut world = World::below(etcd.channel().await?, &place);
        let outcome = ask_for_all(&mut world).await;
        // What is asked in the middle of an election may come to nothing.
        if outcome.is_ok() || term(etcd).await? == before {
            outcome?;
            break;
        }
    }
    let members = etcd.client.members().list().await?;
    equal("members", members.len(), 3)?;
    equal("synced", etcd.client.sync().await?.len(), 3)
}

async fn ask_for_all(world: &mut World) -> anyhow::Result<()> {
    world
        .play(&[
            ("put a 1", "put @A"),
            ("get a", "[a='1' @A]"),
            ("grant 7 600", "lease 7 ttl 600"),
            ("keep 7", "ttl 600"),
            ("ttl 7", "alive of 600"),
            ("lock l 7", "held by l/#7"),
            ("unlock l/#7", "unlocked"),
        ])
        .await
}

/// A client of all members that finds out soon when one does not answer.
fn client(cluster: &EtcdCluster) -> anyhow::Result<Client> {
    let timeouts = Timeouts::default()
        .with_attempt(Duration::from_secs(1))
        .with_overall(Some(CALL));
    let builder = Client::builder().address(&cluster.urls_from(0));
    let builder = builder.sync_every(Duration::from_secs(1));
    Ok(builder.timeouts(timeouts).build()?)
}

/// What goes on while members come and go: a writer, and a copy of what it writes made of a watch.
struct Work {
    client: Client,
    writer: Task<anyhow::Result<BTreeMap<String, i64>>>,
    written: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
    copy: Task<anyhow::Result<()>>,
    copied: watch::Receiver<BTreeMap<String, String>>,
}

impl Work {
    async fn begin(cluster: &EtcdCluster) -> anyhow::Result<Self> {
        let client = client(cluster)?;
        let (stop, stopped) = watch::channel(false);
        let (count, written) = watch::channel(0);
        let (told, copied) = watch::channel(BTreeMap::new());
        let writer = spawn(write(client.clone(), stopped, count));
        let copy = spawn(copy(client.clone(), told));
        let work = Self {
            client,
            writer,
            written,
            stop,
            copy,
            copied,
        };
        work.goes_on().await?;
        Ok(work)
    }

    /// Twenty more writes are acknowledged.
    async fn goes_on(&self) -> anyhow::Result<()> {
        let mut written = self.written.clone();
        let enough = *written.borrow_and_update() + 20;
        let more = timeout(SOON, written.wait_for(|count| *count >= enough)).await;
        more.context("nothing is written any more")?
            .context("the writer failed")?;
        Ok(())
    }

    /// Ends the writer: all that was acknowledged is there, and the copy is what is there.
    async fn end(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        let acknowledged = timeout(SOON, self.writer)
            .await
            .context("the writer hangs")???;
        let range = KeyRange::prefix("w/");
        let read = || async { self.client.kv().range(&range, &RangeOptions::new()).await };
        let found = eventually_ok(SOON, "a read", read).await?;
        let kvs: BTreeMap<_, _> = found
            .kvs
            .iter()
            .map(|kv| {
                (
                    kv.key_text().into_owned(),
                    (kv.mod_revision, kv.value_text().into_owned()),
                )
            })
            .collect();
        for (key, revision) in &acknowledged {
            let there = kvs.get(key).map(|(at, _)| *at);
            equal(key, there, Some(*revision))?;
        }
        ensure!(
            acknowledged.len() >= 40,
            "only {} writes",
            acknowledged.len()
        );
        let expected: BTreeMap<_, _> = kvs
            .into_iter()
            .map(|(key, (_, value))| (key, value))
            .collect();
        let mut copied = self.copied;
        let same = timeout(SOON, copied.wait_for(|copied| *copied == expected)).await;
        same.context("the copy is another one")?
            .context("the watch failed")?;
        self.copy.abort();
        Ok(())
    }
}

/// Writes keys one after the other, each with a condition, so that it knows what became of each; the
/// revisions of those that were acknowledged.
async fn write(
    client: Client,
    stop: watch::Receiver<bool>,
    count: watch::Sender<u64>,
) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut acknowledged = BTreeMap::new();
    let mut number = 0;
    while !*stop.borrow() {
        let key = format!("w/{number:05}");
        number += 1;
        let made = Txn::new()
            .when(Cond::missing(&key))
            .then(TxnOp::put(&key, number.to_string()))
            .otherwise(TxnOp::get(KeyRange::key(&key)));
        let call = async {
            match client.kv().txn(&made).await {
                Ok(done) => Ok(match done.range(0).and_then(|range| range.kvs.first()) {
                    // A repetition found that the first time did it.
                    Some(kv) => kv.mod_revision,
                    None => done.header.revision,
                }),
                Err(error) => Err(error),
            }
        };
        match timeout(SOON, call).await.context("a write hangs")? {
            Ok(revision) => {
                acknowledged.insert(key, revision);
                count.send_modify(|count| *count += 1);
            }
            Err(error) => {
                let kinds = [
                    ErrorKind::Unavailable,
                    ErrorKind::Timeout,
                    ErrorKind::Indeterminate,
                ];
                ensure!(kinds.contains(&error.kind()), "{error:?}");
            }
        }
    }
    Ok(acknowledged)
}

/// Keeps a copy of the keys by what a watch tells.
async fn copy(client: Client, told: watch::Sender<BTreeMap<String, String>>) -> anyhow::Result<()> {
    let options = WatchOptions::new().with_list();
    let mut changes = client.kv().watch_with(KeyRange::prefix("w/"), options);
    let mut last = 0;
    loop {
        let change = match changes.next().await {
            Ok(change) => change,
            Err(error) if error.kind() == ErrorKind::Closed => return Err(error.into()),
            // It tries again when it is asked again.
            Err(_) => continue,
        };
        match change {
            Change::Listed { kvs, revision, .. } => {
                last = revision;
                let kvs = kvs
                    .iter()
                    .map(|kv| (kv.key_text().into_owned(), kv.value_text().into_owned()));
                told.send_replace(kvs.collect());
            }
            Change::Events {
                events, revision, ..
            } => {
                ensure!(
                    events.iter().all(|event| event.revision() > last),
                    "told twice"
                );
                last = revision;
                told.send_modify(|copy| {
                    for event in &events {
                        let value = event.kv.value_text().into_owned();
                        copy.insert(event.kv.key_text().into_owned(), value);
                    }
                });
            }
            _ => {}
        }
    }
}

/// Work, a lock and a lease that last while members are disturbed.
async fn work_with(
    etcd: &Etcd,
    disturb: impl AsyncFnOnce(&mut EtcdCluster, &Work) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut cluster = EtcdCluster::start_without_v2(etcd.version_of_members()?).await?;
    let work = Work::begin(&cluster).await?;
    let options = QueueOptions::new().with_ttl(TTL);
    let lock = work.client.lock("l").with_options(options);
    let guard = timeout(SOON, lock.acquire()).await.context("no lock")??;
    let keeper = work.client.leases().hold(TTL).await?;
    disturb(&mut cluster, &work).await?;
    ensure!(
        guard.is_held(),
        "the lock is lost while two members are there"
    );
    ensure!(
        keeper.is_valid(),
        "the lease is lost while two members are there"
    );
    let other = client(&cluster)?;
    let second = other
        .lock("l")
        .acquire_within(Duration::from_millis(500))
        .await?;
    ensure!(second.acquired().is_none(), "two hold the lock");
    let token = guard.fencing_token();
    guard.release().await?;
    let next = timeout(SOON, other.lock("l").acquire())
        .await
        .context("no lock")??;
    ensure!(next.fencing_token() > token);
    next.release().await?;
    keeper.revoke().await?;
    work.end().await
}

async fn work_goes_on_while_members_are_killed_and_come_back(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    work_with(etcd, async |cluster, work| {
        for _ in 0..2 {
            let leader = cluster.leader().await?;
            cluster.server(leader).kill()?;
            work.goes_on().await?;
            cluster.server(leader).restart().await?;
            work.goes_on().await?;
        }
        let follower = (cluster.leader().await? + 1) % 3;
        cluster.server(follower).kill()?;
        work.goes_on().await?;
        cluster.server(follower).restart().await?;
        Ok(())
    })
    .await
}

async fn work_goes_on_while_members_stand_still(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    work_with(etcd, async |cluster, work| {
        for number in 0..3 {
            cluster.server(number).pause().await?;
            work.goes_on().await?;
            cluster.server(number).resume()?;
            cluster.leader().await?;
        }
        work.goes_on().await
    })
    .await
}

async fn work_goes_on_while_all_members_are_replaced(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    work_with(etcd, async |cluster, work| {
        for number in 0..3 {
            cluster.replace(number).await?;
            work.goes_on().await?;
            // The fresh one is found before the next one of those that the client began with goes.
            let fresh = cluster.server(number).url();
            let found = || async { work.client.addresses().contains(&fresh).then_some(()) };
            eventually(SOON, "the fresh member is known", found).await?;
        }
        let known = work.client.addresses();
        let fresh = cluster.servers().iter().all(|it| known.contains(&it.url()));
        ensure!(fresh, "not all are known: {known:?}");
        Ok(())
    })
    .await
}

async fn a_minority_reads_what_it_knows_and_writes_nothing(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let cluster = EtcdCluster::start_without_v2(etcd.version_of_members()?).await?;
    let first = client(&cluster)?;
    let put = || async {
        first
            .kv()
            .put("a", "1")
            .await
            .map_err(|error| error.to_string())
    };
    eventually_ok(SOON, "a write", put).await?;
    let alone = |overall| {
        let timeouts = Timeouts::default()
            .with_attempt(Duration::from_secs(2))
            .with_overall(Some(overall));
        let builder = Client::builder().address(&cluster.server(0).url());
        builder.timeouts(timeouts).build()
    };
    let alone = alone(Duration::from_secs(4))?;
    let get = || async { alone.kv().get("a").await };
    let found = eventually_ok(SOON, "a read", get).await?;
    ensure!(found.is_some());
    cluster.server(1).kill()?;
    cluster.server(2).kill()?;
    let written = timeout(CALL, alone.kv().put("a", "2"))
        .await
        .context("it hangs")?;
    let kind = written.map_err(|error| error.kind()).err();
    let kinds = [
        ErrorKind::Unavailable,
        ErrorKind::Timeout,
        ErrorKind::Indeterminate,
    ];
    ensure!(kind.is_some_and(|kind| kinds.contains(&kind)), "{kind:?}");
    let read = timeout(CALL, alone.kv().get("a"))
        .await
        .context("it hangs")?;
    let kind = read.map_err(|error| error.kind()).err();
    ensure!(
        kind.is_some_and(|kind| kinds[..2].contains(&kind)),
        "{kind:?}"
    );
    let old = RangeOptions::new().serializable();
    let range = KeyRange::key("a");
    let read = || async { alone.kv().range(&range, &old).await };
    let found = eventually_ok(SOON, "what it knows", read).await?;
    equal(
        "value",
        found.kvs.first().map(|kv| kv.value_text().into_owned()),
        Some("1".to_owned()),
    )?;
    cluster.server(1).restart().await?;
    let put = || async {
        first
            .kv()
            .put("a", "3")
            .await
            .map_err(|error| error.to_string())
    };
    eventually_ok(SOON, "a write", put).await?;
    Ok(())
}
