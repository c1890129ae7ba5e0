//! Watches and caches on the agent in memory: what they tell is what is there.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use quorate::prelude::*;
use quorate::{ErrorKind, Replica, Transaction, Watch};

async fn memory() -> Coordinator {
    quorate::connect("memory:").await.unwrap()
}

async fn event(watch: &mut Watch) -> WatchEvent {
    let next = tokio::time::timeout(Duration::from_secs(20), watch.next()).await;
    next.expect("an event in time")
        .expect("no end")
        .expect("no error")
}

#[tokio::test]
async fn a_watch_tells_what_is_there_and_then_what_changes() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let first = kv.put("dir/a", "1").await.unwrap();
    kv.put("other", "1").await.unwrap();
    let mut watch = coordinator.watch_prefix("dir").unwrap();
    assert_eq!(event(&mut watch).await, WatchEvent::Init);
    assert_eq!(
        event(&mut watch).await,
        WatchEvent::Put(Entry::new("dir/a", "1", first, first))
    );
    let WatchEvent::InitDone { revision } = event(&mut watch).await else {
        panic!()
    };
    assert!(revision >= first);

    let second = kv.put("dir/b", "2").await.unwrap();
    assert_eq!(
        event(&mut watch).await,
        WatchEvent::Put(Entry::new("dir/b", "2", second, second))
    );
    assert_eq!(watch.revision(), Some(second));
    kv.delete("dir/a").await.unwrap();
    match event(&mut watch).await {
        WatchEvent::Delete { key, revision } => {
            assert_eq!(key, "dir/a");
            assert!(revision > second);
        }
        other => panic!("{other:?}"),
    }
    coordinator.close().await.unwrap();
    assert!(watch.next().await.is_none());
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_watch_of_one_key_starts_before_it_exists() {
    let coordinator = memory().await;
    let mut watch = coordinator.watch("a").unwrap();
    assert_eq!(event(&mut watch).await, WatchEvent::Init);
    assert!(matches!(
        event(&mut watch).await,
        WatchEvent::InitDone { .. }
    ));
    coordinator.kv().put("ab", "neighbour").await.unwrap();
    coordinator.kv().put("a", "1").await.unwrap();
    match event(&mut watch).await {
        WatchEvent::Put(entry) => assert_eq!(entry.text(), Some("1")),
        other => panic!("{other:?}"),
    }
    coordinator.kv().delete("a").await.unwrap();
    assert!(matches!(event(&mut watch).await, WatchEvent::Delete { .. }));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn changes_of_one_transaction_have_one_revision() {
    let coordinator = memory().await;
    let mut watch = coordinator.watch_prefix("dir").unwrap();
    event(&mut watch).await;
    event(&mut watch).await;
    let both = Transaction::new()
        .put("dir/b", "1")
        .and_then(|t| t.put("dir/a", "1"))
        .unwrap();
    coordinator.kv().transact(both).await.unwrap();
    let (WatchEvent::Put(a), WatchEvent::Put(b)) =
        (event(&mut watch).await, event(&mut watch).await)
    else {
        panic!("two puts");
    };
    assert_eq!((a.key.as_str(), b.key.as_str()), ("dir/a", "dir/b"));
    assert_eq!(a.revision, b.revision);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn dropping_a_wait_for_the_next_event_loses_nothing() {
    let coordinator = memory().await;
    let mut watch = coordinator.watch("a").unwrap();
    event(&mut watch).await;
    event(&mut watch).await;
    for _ in 0..3 {
        let waited = tokio::time::timeout(Duration::from_millis(5), watch.next()).await;
        assert!(waited.is_err(), "nothing has changed yet");
    }
    coordinator.kv().put("a", "1").await.unwrap();
    assert!(matches!(event(&mut watch).await, WatchEvent::Put(_)));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_cache_follows_and_stops_with_its_coordinator() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("dir/a", "1").await.unwrap();
    let mut cache = coordinator.cache("dir").unwrap();
    assert!(!cache.snapshot().is_complete());
    let first = cache.ready().await.unwrap();
    assert_eq!(first.entries().len(), 1);
    let written = kv.put("dir/a", "2").await.unwrap();
    let second = cache.changed().await.unwrap();
    assert_eq!(second.get("dir/a").unwrap().text(), Some("2"));
    assert_eq!(second.revision(), Some(written));
    assert_eq!(
        first.get("dir/a").unwrap().text(),
        Some("1"),
        "a snapshot does not change"
    );
    assert!(cache.last_error().is_none());
    coordinator.close().await.unwrap();
    assert_eq!(cache.changed().await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(
        cache.get("dir/a").unwrap().text(),
        Some("2"),
        "the last copy stays"
    );
}

/// Something that a writer does.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    DeleteAll,
    Both(u8, u8),
    /// Lets the watcher see what happened so far.
    Look,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..5u8;
    let step = prop_oneof![
        4 => (key.clone(), 0..3u8).prop_map(|(key, value)| Step::Put(key, value)),
        2 => key.clone().prop_map(Step::Delete),
        1 => Just(Step::DeleteAll),
        1 => (key, 0..3u8).prop_map(|(key, value)| Step::Both(key, value)),
        3 => Just(Step::Look),
    ];
    prop::collection::vec(step, 1..20)
}

async fn write(coordinator: &Coordinator, step: &Step) {
    let kv = coordinator.kv();
    match step {
        Step::Put(key, value) => {
            kv.put(&format!("dir/{key}"), vec![*value]).await.unwrap();
        }
        Step::Delete(key) => kv.delete(&format!("dir/{key}")).await.unwrap(),
        Step::DeleteAll => kv.delete_prefix("dir").await.unwrap(),
        Step::Both(key, value) => {
            let transaction = Transaction::new()
                .put(&format!("dir/{key}"), vec![*value])
                .and_then(|t| t.put("dir/last", vec![*value]));
            kv.transact(transaction.unwrap()).await.unwrap();
        }
        Step::Look => {}
    }
}

/// Follows `watch` until the replica equals what a listing shows, checking each event on its way.
async fn catch_up(coordinator: &Coordinator, watch: &mut Watch, replica: &mut Replica) {
    let listing = coordinator.kv().list("dir").await.unwrap();
    let expected: BTreeMap<String, Entry> = listing
        .into_iter()
        .map(|entry| (entry.key.clone(), entry))
        .collect();
    while !replica.is_complete() || *replica.entries() != expected {
        let (before, event) = (replica.revision(), event(watch).await);
        let during_init = matches!(event, WatchEvent::Init) || before.is_none();
        if !during_init {
            assert!(event.revision() >= before, "{event:?} after {before:?}");
        }
        replica.apply(event);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_replica_equals_the_listing_after_any_history(history in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let coordinator = memory().await;
            let mut watch = coordinator.watch_prefix("dir").unwrap();
            let mut replica = Replica::new();
            for step in &history {
                write(&coordinator, step).await;
                if matches!(step, Step::Look) {
                    catch_up(&coordinator, &mut watch, &mut replica).await;
                }
            }
            catch_up(&coordinator, &mut watch, &mut replica).await;
            coordinator.close().await.unwrap();
        });
    }
}
