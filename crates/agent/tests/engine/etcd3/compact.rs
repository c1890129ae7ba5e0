use quorate_agent::engine::etcd3::{KeyRange, Range, Refusal, Reply, State};

use super::{Store, single};

fn filled() -> Store {
    let mut store = Store::new();
    for (key, value) in [("a", "1"), ("a", "2"), ("b", "1"), ("a", "3")] {
        store.put(key, value);
    }
    store
}

fn at(store: &Store, revision: i64) -> Result<i64, Refusal> {
    let range = Range {
        revision,
        ..Range::new(KeyRange::all())
    };
    store.range(&range).map(|ranged| ranged.count)
}

#[test]
fn what_is_older_than_the_revision_can_not_be_read_and_the_revision_itself_can() {
    let mut store = filled();
    assert_eq!(store.compact(4), Ok(Reply::Done(5)));
    for swept in [false, true] {
        assert_eq!(at(&store, 3), Err(Refusal::Compacted), "{swept}");
        assert_eq!(at(&store, 4), Ok(2));
        assert_eq!(store.list(single("a"), 4), ["a=2"]);
        assert_eq!(store.list(single("a"), 0), ["a=3"]);
        store.expire();
    }
}

#[test]
fn a_revision_is_compacted_once_and_when_it_is_there() {
    let mut store = filled();
    assert_eq!(store.compact(6), Err(Refusal::Future));
    assert_eq!(store.compact(0), Ok(Reply::Done(5)), "for the first time");
    assert_eq!(store.compact(0), Err(Refusal::Compacted));
    assert_eq!(store.compact(-1), Err(Refusal::Compacted));
    assert_eq!(store.compact(5), Ok(Reply::Done(5)));
    assert_eq!(store.compact(5), Err(Refusal::Compacted));
    assert_eq!(store.compact(4), Err(Refusal::Compacted));
    assert_eq!(store.revision(), 5, "it is no revision itself");
}

/// How many changes are stored.
fn stored(store: &Store) -> usize {
    let rows = store.engine.rows().filter(|row| {
        let row = format!("{row:?}");
        row.starts_with("Etcd3(Version")
    });
    rows.count()
}

#[test]
fn only_what_is_needed_is_kept() {
    let mut store = filled();
    store.delete_key("b");
    store.put("c", "1");
    assert_eq!(stored(&store), 6);
    store.compact(5).unwrap();
    store.expire();
    assert!(!store.with_state(|state| state.is_sweeping()));
    assert_eq!(stored(&store), 4, "a=3, b=1, the removal of b, c=1");
    store.compact(7).unwrap();
    store.expire();
    assert_eq!(stored(&store), 2, "a=3, c=1");
    assert_eq!(store.list(KeyRange::all(), 7), ["a=3", "c=1"]);
}

#[test]
fn a_removal_at_the_very_revision_stays_until_the_next_time() {
    let mut store = filled();
    store.delete_key("a");
    store.compact(6).unwrap();
    store.expire();
    assert_eq!(stored(&store), 2, "b=1, the removal of a");
    store.put("c", "1");
    store.compact(7).unwrap();
    store.expire();
    assert_eq!(stored(&store), 2, "b=1, c=1");
}

#[test]
fn much_is_removed_bit_by_bit() {
    let mut store = Store::new();
    for _ in 0..10_000 {
        store.put("a", "1");
    }
    store.compact(10_001).unwrap();
    let mut turns = 0;
    while store
        .engine
        .next_deadline()
        .is_some_and(|due| due <= store.now)
    {
        store.changes = store
            .engine
            .apply(quorate_agent::engine::Command::Expire, store.now)
            .1;
        assert!(store.changes.rows.len() <= 4096);
        turns += 1;
    }
    assert_eq!((turns, stored(&store)), (3, 1));
}

#[test]
fn the_hash_is_the_same_before_and_after_the_removal() {
    let mut store = filled();
    store.delete_key("b");
    store.compact(5).unwrap();
    let hash = |store: &Store, revision| store.with_state(|state| state.hash(revision));
    let before = [5, 6, 0].map(|revision| hash(&store, revision));
    store.expire();
    assert_eq!([5, 6, 0].map(|revision| hash(&store, revision)), before);
    assert_eq!(hash(&store, 4), Err(Refusal::Compacted));
    assert_eq!(hash(&store, 7), Err(Refusal::Future));
    assert_ne!(before[0].unwrap().hash, before[1].unwrap().hash);
    assert_eq!(before[1], before[2]);
}

#[test]
fn the_changes_that_are_kept_are_those_of_etcd_before_they_are_removed_and_after() {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("a", "2");
    store.put("b", "1");
    store.delete_key("b");
    store.put("a", "3");
    store.delete_key("a");
    store.compact(6).unwrap();
    let kept = |store: &Store| {
        let changes = store.with_state(|state| state.changes());
        let shown = changes.into_iter().map(|(at, event)| {
            let kind = if event.is_put() { "put" } else { "delete" };
            format!(
                "{} {kind} {}",
                at.main,
                String::from_utf8_lossy(&event.kv.key)
            )
        });
        shown.collect::<Vec<_>>()
    };
    let wanted = ["6 put a", "7 delete a"];
    assert_eq!(kept(&store), wanted);
    assert!(store.with_state(State::is_sweeping));
    store.expire();
    assert!(!store.with_state(State::is_sweeping));
    assert_eq!(kept(&store), wanted);
}
