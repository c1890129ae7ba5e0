//! A tour of etcd's v3 API: keys and their revisions, transactions, large ranges in pages, a watch
//! that goes on where it was, keys that live as long as a lease is kept, a lock, an election, and
//! what servers say of themselves. Each part asserts what it says.
//!
//! It runs on an agent in this process, or on the etcd that `QUORATE_ETCD3_URL` names.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_etcd::v3::{
    Change, Client, Cond, DeleteOptions, ErrorKind, KeyRange, LeaseGrant, Outcome, PutOptions,
    QueueOptions, RangeOptions, Txn, TxnOp, WatchOptions,
};
use quorate_examples::{Etcd3, prefix};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let etcd = Etcd3::start().await?;
    let client = Client::new(etcd.hosts())?;
    let root = format!("{}/", prefix("etcd3"));
    keys(&client, &root).await?;
    transactions(&client, &root).await?;
    pages(&client, &root).await?;
    watch(&client, &root).await?;
    leases(&client, &root).await?;
    lock(&client, &root).await?;
    election(&client, &root).await?;
    servers(&client).await?;
    errors(&client, &root).await?;
    let all = KeyRange::prefix(&root);
    client
        .kv()
        .delete_range(&all, &DeleteOptions::new())
        .await?;
    client.close(Duration::from_secs(2)).await;
    println!("every part did what it says");
    Ok(())
}

/// Keys and values are bytes. Each write makes a revision of the whole store, and old revisions can
/// be read until they are compacted.
async fn keys(client: &Client, root: &str) -> anyhow::Result<()> {
    let kv = client.kv();
    let key = format!("{root}greeting");
    let first = kv.put(&key, "Hello world").await?;
    let second = kv
        .put_with(&key, "Hello again", &PutOptions::new().with_previous())
        .await?;
    let previous = second.previous.context("it was there")?;
    ensure!(previous.value == "Hello world" && second.header.revision > first.header.revision);

    let found = kv.get(&key).await?.context("just written")?;
    println!(
        "{} = {} (version {})",
        found.key_text(),
        found.value_text(),
        found.version
    );
    ensure!(found.version == 2 && found.create_revision == first.header.revision);

    let then = RangeOptions::new().with_revision(first.header.revision);
    let old = kv.range(&KeyRange::key(&key), &then).await?;
    ensure!(old.kvs[0].value == "Hello world", "the past is there still");
    ensure!(kv.delete(&key).await? && kv.get(&key).await?.is_none());
    Ok(())
}

/// Several operations at one revision, if conditions hold: here two programs want the same job, and
/// one gets it.
async fn transactions(client: &Client, root: &str) -> anyhow::Result<()> {
    let key = format!("{root}jobs/7");
    let claim = |who: &'static str| {
        Txn::new()
            .when(Cond::missing(&key))
            .then(TxnOp::put(&key, who))
            .otherwise(TxnOp::get(KeyRange::key(&key)))
    };
    let ann = client.kv().txn(&claim("ann")).await?;
    let bob = client.kv().txn(&claim("bob")).await?;
    ensure!(ann.succeeded && !bob.succeeded);
    let owner = bob
        .range(0)
        .and_then(|range| range.kvs.first())
        .context("its owner")?;
    println!("jobs/7 is {}'s", owner.value_text());

    // Changed only if nobody else changed it since it was read.
    let swap = Txn::new()
        .when(Cond::mod_revision(&key).is(owner.mod_revision))
        .then(TxnOp::put(&key, "ann, done"));
    ensure!(client.kv().txn(&swap).await?.succeeded);
    ensure!(
        !client.kv().txn(&swap).await?.succeeded,
        "the revision is another one now"
    );
    Ok(())
}

/// A large range comes in pages, all of them as the keys were at one revision.
async fn pages(client: &Client, root: &str) -> anyhow::Result<()> {
    let range = KeyRange::prefix(format!("{root}list/"));
    for chunk in (0..300).collect::<Vec<_>>().chunks(100) {
        let puts = chunk.iter().fold(Txn::new(), |txn, number| {
            txn.then(TxnOp::put(format!("{root}list/{number:03}"), "x"))
        });
        client.kv().txn(&puts).await?;
    }
    let mut pages = client
        .kv()
        .pages(range.clone(), RangeOptions::new().with_limit(128));
    let mut seen = 0;
    while let Some(page) = pages.next().await? {
        if seen == 0 {
            // What is written meanwhile is in none of them.
            client.kv().put(format!("{root}list/999"), "late").await?;
        }
        seen += page.len();
    }
    println!("{seen} keys in pages of 128");
    ensure!(seen == 300 && client.kv().count(&range).await? == 301);
    Ok(())
}

/// A watch tells every change once and in order, whatever happens to connections and servers. A
/// program that starts again goes on where it was: after the last revision that it has seen.
async fn watch(client: &Client, root: &str) -> anyhow::Result<()> {
    let range = KeyRange::prefix(format!("{root}config/"));
    let options = WatchOptions::new().with_list().with_previous();
    let mut watch = client.kv().watch_with(range.clone(), options);
    let Change::Listed { kvs, .. } = watch.next().await? else {
        bail!("the keys as they are come first");
    };
    ensure!(kvs.is_empty());
    client.kv().put(format!("{root}config/port"), "80").await?;
    let (seen, told) = changes(&mut watch).await?;
    println!("{told:?} at revision {seen}");
    ensure!(told == ["80"]);
    drop(watch);

    client
        .kv()
        .put(format!("{root}config/port"), "8080")
        .await?;
    client.kv().put(format!("{root}config/host"), "a").await?;
    let mut watch = client
        .kv()
        .watch_with(range, WatchOptions::new().from(seen + 1));
    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(changes(&mut watch).await?.1);
    }
    ensure!(
        told == ["8080", "a"],
        "nothing was missed meanwhile: {told:?}"
    );
    Ok(())
}

/// The next changes: their last revision, and the values that were written.
async fn changes(watch: &mut quorate_etcd::v3::Watch) -> anyhow::Result<(i64, Vec<String>)> {
    loop {
        if let Change::Events {
            revision, events, ..
        } = watch.next().await?
        {
            let values = events
                .iter()
                .map(|event| event.kv.value_text().into_owned());
            return Ok((revision, values.collect()));
        }
    }
}

/// Keys that go when this program does: their lease is renewed as long as it is kept, and says when
/// it is lost.
async fn leases(client: &Client, root: &str) -> anyhow::Result<()> {
    let key = format!("{root}nodes/7");
    let keeper = client.leases().hold(Duration::from_secs(10)).await?;
    let here = PutOptions::new().with_lease(keeper.id());
    client.kv().put_with(&key, "http://10.0.0.7", &here).await?;
    ensure!(keeper.is_valid());
    let info = client
        .leases()
        .keys_of(keeper.id())
        .await?
        .context("it lives")?;
    println!(
        "lease {} lives for {:?} and has {:?}",
        info.id, info.remaining, info.keys
    );
    ensure!(info.keys == [key.as_bytes()]);
    keeper.revoke().await?;
    ensure!(
        client.kv().get(&key).await?.is_none(),
        "the key went with its lease"
    );

    // One that nobody keeps ends by itself.
    let LeaseGrant { id, .. } = client.leases().grant(Duration::from_secs(600)).await?;
    ensure!(client.leases().time_to_live(id).await?.is_some());
    client.leases().revoke(id).await?;
    ensure!(client.leases().time_to_live(id).await?.is_none());
    Ok(())
}

/// One at a time. `etcdctl lock` and Go's package `concurrency` take part in the same queue.
async fn lock(client: &Client, root: &str) -> anyhow::Result<()> {
    let name = format!("{root}locks/nightly");
    let options = QueueOptions::new().with_ttl(Duration::from_secs(10));
    let lock = client.lock(&name).with_options(options);
    let guard = lock.acquire().await?;
    println!(
        "{} is held with token {}",
        guard.key(),
        guard.fencing_token()
    );
    ensure!(
        lock.acquire_within(Duration::ZERO)
            .await?
            .acquired()
            .is_none()
    );

    // What is written under the lock is written only while it is held: the server checks.
    let held = Cond::create_revision(guard.key()).is(guard.fencing_token());
    let write = Txn::new()
        .when(held)
        .then(TxnOp::put(format!("{root}report"), "done"));
    let written = guard.run_while_held(client.kv().txn(&write)).await??;
    ensure!(written.succeeded);
    guard.release().await?;
    ensure!(
        !client.kv().txn(&write).await?.succeeded,
        "it is not held any more"
    );
    Ok(())
}

/// One leader of many, and everybody knows who it is.
async fn election(client: &Client, root: &str) -> anyhow::Result<()> {
    let election = client.election(&format!("{root}elections/mailer"));
    let mut leaders = election.observe();
    ensure!(leaders.next().await?.is_none(), "nobody leads yet");
    let ann = election.campaign("ann").await?;
    let leader = leaders.next().await?.context("somebody leads")?;
    println!("{} leads", String::from_utf8_lossy(&leader.value));
    ensure!(leader.value == "ann" && leader.create_revision == ann.fencing_token());
    let bob = election.campaign("bob");
    let (bob, resigned) = tokio::join!(bob, ann.resign());
    resigned?;
    let bob = bob?;
    ensure!(
        bob.fencing_token() > leader.create_revision,
        "tokens only grow"
    );
    bob.proclaim("bob, on 10.0.0.8").await?;
    bob.resign().await?;
    Ok(())
}

/// What servers and members say of themselves.
async fn servers(client: &Client) -> anyhow::Result<()> {
    let status = client.maintenance().status().await?;
    println!(
        "version {}, a database of {} bytes",
        status.version, status.db_size
    );
    let members = client.members().list().await?;
    ensure!(!members.is_empty() && client.maintenance().alarms().await?.is_empty());
    let hash = client.maintenance().hash_keys(None).await?;
    ensure!(hash.header.revision >= 1);
    let file = std::env::temp_dir().join(format!("etcd3-tour-{}.db", std::process::id()));
    let bytes = client.maintenance().save_snapshot(&file).await?;
    println!("a snapshot of {bytes} bytes");
    std::fs::remove_file(&file)?;
    ensure!(bytes > 0);
    Ok(())
}

/// Every error says what it was, and whether anything happened.
async fn errors(client: &Client, root: &str) -> anyhow::Result<()> {
    let kv = client.kv();
    let written = kv.put(format!("{root}greeting"), "Hello").await?;
    let future = RangeOptions::new().with_revision(written.header.revision + 1000);
    let range = KeyRange::prefix(root);
    let Err(error) = kv.range(&range, &future).await else {
        bail!("that has not happened yet");
    };
    println!("{error}");
    ensure!(error.kind() == ErrorKind::FutureRevision);

    // Two that are down are passed over; if all are, nothing happened.
    let down = "127.0.0.1:1,127.0.0.1:2";
    let Err(error) = Client::new(down)?.kv().put("x", "1").await else {
        bail!("nobody listens there");
    };
    ensure!(error.kind() == ErrorKind::Unavailable && error.outcome() == Outcome::DidNotHappen);
    Ok(())
}
