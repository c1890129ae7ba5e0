//! What a watch tells, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::prelude::*;
use quorate::{ErrorKind, Replica, Transaction, Watch};
use tokio::time::timeout;

use super::target::{CONSUL, TRANSACTIONS, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_watch_lists_first_and_says_when_it_has,
        puts_and_deletions_come_in_their_order,
        a_watch_of_one_key_begins_before_the_key,
        a_watch_tells_nothing_of_neighbours,
        a_put_that_changes_nothing_is_not_told_twice,
        changes_of_one_transaction_have_one_revision needs [TRANSACTIONS],
        a_dropped_wait_loses_nothing,
        every_watch_of_one_key_is_told,
        a_deleted_prefix_is_told_key_by_key,
        taking_and_releasing_a_lock_is_seen needs [CONSUL],
        a_cache_equals_the_listing_after_random_writes,
        a_closed_handle_ends_its_watches,
    ]
    .into()
}

/// The next event, which comes soon and is no error.
pub(super) async fn event(watch: &mut Watch) -> anyhow::Result<WatchEvent> {
    let next = timeout(Duration::from_secs(30), watch.next()).await;
    let event = next.context("no event")?.context("the watch ended")?;
    Ok(event?)
}

/// Reads up to `InitDone`, and gives what was listed.
pub(super) async fn listed(watch: &mut Watch) -> anyhow::Result<(Vec<Entry>, Revision)> {
    equal("first", event(watch).await?, WatchEvent::Init)?;
    let mut entries = Vec::new();
    loop {
        match event(watch).await? {
            WatchEvent::Put(entry) => entries.push(entry),
            WatchEvent::InitDone { revision } => return Ok((entries, revision)),
            other => anyhow::bail!("{other:?} while listing"),
        }
    }
}

fn put(key: &str, value: &'static str, revision: Revision, created: Revision) -> WatchEvent {
    WatchEvent::Put(Entry::new(key, value, revision, created))
}

async fn a_watch_lists_first_and_says_when_it_has(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, dir) = (it.coordinator.kv(), it.key("dir"));
    for name in ["dir/b", "dir/a", "dir/c/d", "dir2"] {
        kv.put(&it.key(name), "v").await?;
    }
    let mut watch = it.coordinator.watch_prefix(&dir)?;
    let (entries, revision) = listed(&mut watch).await?;
    equal("listed", entries.clone(), kv.list(&dir).await?)?;
    let newest = entries.iter().map(|entry| entry.revision).max();
    ensure!(Some(revision) >= newest);
    equal("revision", watch.revision(), Some(revision))?;
    let mut empty = it.coordinator.watch_prefix(&it.key("none"))?;
    equal("nothing", listed(&mut empty).await?.0, [])
}

async fn puts_and_deletions_come_in_their_order(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, dir) = (it.coordinator.kv(), it.key("dir"));
    let [a, b] = ["dir/a", "dir/b"].map(|name| it.key(name));
    let mut watch = it.coordinator.watch_prefix(&dir)?;
    let (_, mut last) = listed(&mut watch).await?;
    for (key, value) in [(&a, "1"), (&b, "1"), (&a, "2")] {
        let revision = kv.put(key, value).await?;
        let WatchEvent::Put(entry) = event(&mut watch).await? else {
            anyhow::bail!("no put");
        };
        equal(
            "entry",
            (&entry.key, entry.text(), entry.revision),
            (key, Some(value), revision),
        )?;
        ensure!(revision > last);
        last = revision;
    }
    kv.delete(&a).await?;
    let WatchEvent::Delete { key, revision } = event(&mut watch).await? else {
        anyhow::bail!("no deletion");
    };
    equal("deleted", key, a.clone())?;
    ensure!(revision > last);
    let again = kv.put(&a, "3").await?;
    equal(
        "again",
        event(&mut watch).await?,
        put(&a, "3", again, again),
    )
}

async fn a_watch_of_one_key_begins_before_the_key(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let mut watch = it.coordinator.watch(&key)?;
    equal("nothing", listed(&mut watch).await?.0, [])?;
    let first = kv.put(&key, "1").await?;
    equal(
        "created",
        event(&mut watch).await?,
        put(&key, "1", first, first),
    )?;
    kv.delete(&key).await?;
    let deleted = event(&mut watch).await?;
    ensure!(
        matches!(&deleted, WatchEvent::Delete { key: gone, .. } if *gone == key),
        "{deleted:?}"
    );
    let second = kv.put(&key, "2").await?;
    equal(
        "created again",
        event(&mut watch).await?,
        put(&key, "2", second, second),
    )
}

async fn a_watch_tells_nothing_of_neighbours(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let mut key = it.coordinator.watch(&it.key("k"))?;
    let mut dir = it.coordinator.watch_prefix(&it.key("d"))?;
    listed(&mut key).await?;
    listed(&mut dir).await?;
    for name in ["k2", "k/below", "d", "d2", "other"] {
        kv.put(&it.key(name), "v").await?;
        kv.delete(&it.key(name)).await?;
    }
    let mine = kv.put(&it.key("k"), "v").await?;
    equal(
        "key",
        event(&mut key).await?,
        put(&it.key("k"), "v", mine, mine),
    )?;
    let below = kv.put(&it.key("d/x"), "v").await?;
    equal(
        "dir",
        event(&mut dir).await?,
        put(&it.key("d/x"), "v", below, below),
    )
}

async fn a_put_that_changes_nothing_is_not_told_twice(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let mut watch = it.coordinator.watch(&key)?;
    listed(&mut watch).await?;
    let first = kv.put(&key, "same").await?;
    equal(
        "first",
        event(&mut watch).await?,
        put(&key, "same", first, first),
    )?;
    kv.put(&key, "same").await?;
    kv.put(&key, "same").await?;
    let other = kv.put(&key, "other").await?;
    loop {
        // A backend that gives an identical put a revision of its own may tell it.
        match event(&mut watch).await? {
            WatchEvent::Put(entry) if entry.text() == Some("same") => {
                ensure!(entry.revision > first);
            }
            event => return equal("next", event, put(&key, "other", other, first)),
        }
    }
}

async fn changes_of_one_transaction_have_one_revision(it: &Subject<Unified>) -> anyhow::Result<()> {
    let mut watch = it.coordinator.watch_prefix(it.prefix())?;
    listed(&mut watch).await?;
    let [a, b] = ["a", "b"].map(|name| it.key(name));
    let both = Transaction::new().put(&b, "v")?.put(&a, "v")?;
    it.coordinator.kv().transact(both).await?;
    let events = [event(&mut watch).await?, event(&mut watch).await?];
    let revision = events[0].revision().context("no revision")?;
    equal(
        "events",
        events,
        [
            put(&a, "v", revision, revision),
            put(&b, "v", revision, revision),
        ],
    )
}

async fn a_dropped_wait_loses_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let key = it.key("k");
    let mut watch = it.coordinator.watch(&key)?;
    listed(&mut watch).await?;
    for number in 0..5 {
        let early = timeout(Duration::from_millis(20), watch.next()).await;
        ensure!(early.is_err(), "{early:?} before the write");
        let revision = it.coordinator.kv().put(&key, number.to_string()).await?;
        equal(
            "revision",
            event(&mut watch).await?.revision(),
            Some(revision),
        )?;
    }
    Ok(())
}

async fn every_watch_of_one_key_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (key, other) = (it.key("k"), it.another().await?);
    let mut watches = Vec::new();
    for number in 0..8 {
        let handle = if number % 2 == 0 {
            &it.coordinator
        } else {
            &other
        };
        let mut watch = handle.watch(&key)?;
        listed(&mut watch).await?;
        watches.push(watch);
    }
    let revision = it.coordinator.kv().put(&key, "v").await?;
    for mut watch in watches {
        equal(
            "event",
            event(&mut watch).await?,
            put(&key, "v", revision, revision),
        )?;
    }
    Ok(())
}

async fn a_deleted_prefix_is_told_key_by_key(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let keys = ["d/a", "d/b/c", "d/z"].map(|name| it.key(name));
    for key in &keys {
        kv.put(key, "v").await?;
    }
    let mut watch = it.coordinator.watch_prefix(&it.key("d"))?;
    listed(&mut watch).await?;
    kv.delete_prefix(&it.key("d")).await?;
    let mut gone = Vec::new();
    while gone.len() < 3 {
        match event(&mut watch).await? {
            WatchEvent::Delete { key, .. } => gone.push(key),
            other => anyhow::bail!("{other:?}"),
        }
    }
    equal("gone", gone, keys)
}

async fn taking_and_releasing_a_lock_is_seen(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("lock");
    let mut watch = it.coordinator.watch_prefix(&name)?;
    listed(&mut watch).await?;
    let guard = it.coordinator.lock(&name).acquire().await?;
    let owner = guard.holding().owner().to_owned();
    loop {
        if let WatchEvent::Put(entry) = event(&mut watch).await?
            && entry.holder.as_deref() == Some(&owner)
        {
            break;
        }
    }
    guard.release().await?;
    loop {
        match event(&mut watch).await? {
            WatchEvent::Put(entry) if entry.holder.is_some() => {}
            WatchEvent::Put(_) | WatchEvent::Delete { .. } => return Ok(()),
            other => anyhow::bail!("{other:?}"),
        }
    }
}

/// A sequence that looks random and is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One change somewhere beneath `dir`.
pub(super) async fn scribble(kv: &quorate::Kv, dir: &str, seed: u64) -> quorate::Result<()> {
    let mut dice = Dice(seed);
    let key = format!("{dir}/{}", dice.roll(6));
    match dice.roll(10) {
        0..=5 => kv.put(&key, dice.roll(4).to_string()).await.map(drop),
        6 | 7 => kv.delete(&key).await,
        8 => kv.delete_prefix(&format!("{dir}/sub")).await,
        _ => {
            let sub = format!("{dir}/sub/{}", dice.roll(3));
            let both = Transaction::new().put(&key, "both")?.put(&sub, "both")?;
            match kv.transact(both).await {
                // One after the other, where both at once can't be.
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    kv.put(&key, "both").await?;
                    kv.put(&sub, "both").await.map(drop)
                }
                done => done.map(drop),
            }
        }
    }
}

/// Follows until the copy is what a listing shows.
pub(super) async fn catch_up(
    coordinator: &Coordinator,
    dir: &str,
    watch: &mut Watch,
    replica: &mut Replica,
) -> anyhow::Result<()> {
    let listing = coordinator.kv().list(dir).await?;
    let expected: BTreeMap<_, _> = listing
        .into_iter()
        .map(|entry| (entry.key.clone(), entry))
        .collect();
    while !replica.is_complete() || *replica.entries() != expected {
        let next = timeout(Duration::from_secs(30), watch.next()).await;
        let next =
            next.with_context(|| format!("stuck at {:?}, not {expected:?}", replica.entries()))?;
        match next.context("the watch ended")? {
            Ok(event) => {
                replica.apply(event);
            }
            // Transient: the watch goes on.
            Err(error) => ensure!(error.kind() != ErrorKind::Closed, "{error}"),
        }
    }
    Ok(())
}

async fn a_cache_equals_the_listing_after_random_writes(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (dir, other) = (it.key("dir"), it.another().await?);
    let mut cache = it.coordinator.cache(&dir)?;
    cache.ready().await?;
    let mut watch = it.coordinator.watch_prefix(&dir)?;
    let mut replica = Replica::new();
    for round in 0..12 {
        for step in 0..6 {
            let handle = if step % 2 == 0 {
                &it.coordinator
            } else {
                &other
            };
            scribble(&handle.kv(), &dir, round * 100 + step).await?;
        }
        catch_up(&it.coordinator, &dir, &mut watch, &mut replica).await?;
    }
    while cache.snapshot().entries() != replica.entries() {
        timeout(Duration::from_secs(30), cache.changed())
            .await
            .context("the cache is stuck")??;
    }
    equal("errors", cache.last_error().is_none(), true)
}

async fn a_closed_handle_ends_its_watches(it: &Subject<Unified>) -> anyhow::Result<()> {
    let other = it.separate().await?;
    let mut watch = other.watch(&it.key("k"))?;
    listed(&mut watch).await?;
    other.close().await?;
    ensure!(
        timeout(Duration::from_secs(30), watch.next())
            .await?
            .is_none()
    );
    let error = other
        .kv()
        .get(&it.key("k"))
        .await
        .err()
        .context("it is closed")?;
    equal("kind", error.kind(), ErrorKind::Closed)
}
