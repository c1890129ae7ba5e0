use quorate_agent::engine::etcd3::{EventKind, KeyRange, Seen, TxnOp, Watch, WatchEvent};

use super::{Store, between, op_delete, op_put, single, txn};

pub(super) fn watch(range: KeyRange, since: i64) -> Watch {
    Watch {
        range,
        since,
        no_puts: false,
        no_deletes: false,
        prev_kv: false,
    }
}

/// All that a watch has to see.
pub(super) fn events(store: &Store, watch: &mut Watch) -> Vec<WatchEvent> {
    let mut all = Vec::new();
    store.with_state(|state| {
        while let Seen::Events(events) = watch.look(state) {
            all.extend(events);
        }
    });
    all
}

/// The same in short, as `+key revision`, with what the key was before.
fn told(store: &Store, watch: &mut Watch) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let short = |seen: WatchEvent| {
        let sign = if seen.event.kind == EventKind::Put {
            '+'
        } else {
            '-'
        };
        let kv = &seen.event.kv;
        let prev = seen.prev.map(|prev| format!(" was {}", text(&prev.value)));
        let prev = prev.unwrap_or_default();
        format!("{sign}{} {}{prev}", text(&kv.key), kv.mod_revision)
    };
    events(store, watch).into_iter().map(short).collect()
}

/// `p` is written at 2 and 3, removed at 4 and written again at 5.
fn filled() -> Store {
    let mut store = Store::new();
    store.put("p", "1");
    store.put("p", "2");
    store.delete_key("p");
    store.put("p", "4");
    store
}

#[test]
fn a_watch_tells_everything_from_its_revision_on_and_goes_on() {
    let mut store = filled();
    for range in [single("p"), KeyRange::prefix("p"), KeyRange::all()] {
        let mut from_3 = watch(range.clone(), 3);
        assert_eq!(told(&store, &mut from_3), ["+p 3", "-p 4", "+p 5"]);
        assert!(told(&store, &mut from_3).is_empty());
        let mut of_the_beginning = watch(range.clone(), 1);
        assert_eq!(told(&store, &mut of_the_beginning).len(), 4);
    }
    let mut one = watch(single("p"), 6);
    let mut many = watch(KeyRange::all(), 6);
    store.put("q", "1");
    store.put("p", "5");
    assert_eq!(told(&store, &mut one), ["+p 7"]);
    assert_eq!(told(&store, &mut many), ["+q 6", "+p 7"]);
}

#[test]
fn a_watch_of_the_future_waits_for_it() {
    let mut store = Store::new();
    let mut one = watch(single("p"), 4);
    let mut many = watch(KeyRange::all(), 4);
    for revision in [2, 3] {
        store.put("p", "1");
        assert!(told(&store, &mut one).is_empty(), "{revision}");
        assert!(told(&store, &mut many).is_empty());
    }
    store.put("p", "1");
    assert_eq!(told(&store, &mut one), ["+p 4"]);
    assert_eq!(told(&store, &mut many), ["+p 4"]);
}

#[test]
fn only_the_keys_of_the_range_are_told() {
    let mut store = Store::new();
    for key in ["a", "b", "ba", "c", "d"] {
        store.put(key, "1");
    }
    assert_eq!(
        told(&store, &mut watch(between("b", "d"), 1)),
        ["+b 3", "+ba 4", "+c 5"]
    );
    assert_eq!(told(&store, &mut watch(single("b"), 1)), ["+b 3"]);
    assert_eq!(
        told(&store, &mut watch(between("c", "\0"), 1)),
        ["+c 5", "+d 6"]
    );
}

#[test]
fn a_removed_key_is_told_by_its_name_and_revision_alone() {
    let store = filled();
    let all = events(&store, &mut watch(single("p"), 4));
    let kv = &all[0].event.kv;
    assert_eq!((kv.mod_revision, kv.create_revision, kv.version), (4, 0, 0));
    assert!(kv.value.is_empty());
}

#[test]
fn what_was_before_is_told_on_request() {
    let store = filled();
    let mut asking = Watch {
        prev_kv: true,
        ..watch(single("p"), 1)
    };
    let all = ["+p 2", "+p 3 was 1", "-p 4 was 2", "+p 5"];
    assert_eq!(told(&store, &mut asking), all);
}

#[test]
fn what_is_made_anew_where_it_was_removed_was_nothing_before() {
    let mut store = filled();
    let remove = TxnOp::Txn(txn(vec![op_delete(KeyRange::all())]));
    store.all(vec![remove, op_put("p")]).unwrap();
    let mut asking = Watch {
        prev_kv: true,
        ..watch(single("p"), 6)
    };
    assert_eq!(told(&store, &mut asking), ["-p 6 was 4", "+p 6"]);
}

#[test]
fn what_was_before_is_not_told_once_it_is_compacted() {
    let mut store = filled();
    store.compact(3).unwrap();
    for _ in 0..2 {
        let mut asking = Watch {
            prev_kv: true,
            ..watch(single("p"), 3)
        };
        assert_eq!(told(&store, &mut asking), ["+p 3", "-p 4 was 2", "+p 5"]);
        store.expire();
    }
}

#[test]
fn what_is_filtered_is_not_told() {
    let store = filled();
    let mut no_puts = Watch {
        no_puts: true,
        ..watch(single("p"), 1)
    };
    assert_eq!(told(&store, &mut no_puts), ["-p 4"]);
    let mut no_deletes = Watch {
        no_deletes: true,
        ..watch(KeyRange::all(), 1)
    };
    assert_eq!(told(&store, &mut no_deletes), ["+p 2", "+p 3", "+p 5"]);
    let mut nothing = Watch {
        no_puts: true,
        no_deletes: true,
        ..watch(KeyRange::all(), 1)
    };
    assert!(told(&store, &mut nothing).is_empty());
    assert_eq!(nothing.since, 6, "it has looked all the same");
}

#[test]
fn a_watch_that_begins_before_what_is_compacted_is_too_late() {
    let mut store = filled();
    store.compact(4).unwrap();
    for _ in 0..2 {
        for since in [1, 3, -4] {
            let seen = store.with_state(|state| watch(single("p"), since).look(state));
            assert_eq!(seen, Seen::Compacted(4));
        }
        let from = ["-p 4", "+p 5"];
        assert_eq!(
            told(&store, &mut watch(single("p"), 4)),
            from,
            "itself is not"
        );
        assert_eq!(told(&store, &mut watch(KeyRange::all(), 4)), from);
        store.expire();
    }
}

#[test]
fn the_order_within_a_revision_is_the_order_of_the_changes() {
    let mut store = filled();
    store
        .all(vec![op_put("z"), op_delete(single("p")), op_put("a")])
        .unwrap();
    let mut all = watch(KeyRange::all(), 6);
    assert_eq!(told(&store, &mut all), ["+z 6", "-p 6", "+a 6"]);
}

/// The revisions of the events of each look.
fn looks(store: &Store, watch: &mut Watch) -> Vec<Vec<i64>> {
    let mut looks = Vec::new();
    store.with_state(|state| {
        while let Seen::Events(events) = watch.look(state) {
            looks.push(events.iter().map(|it| it.event.kv.mod_revision).collect());
        }
    });
    looks
}

#[test]
fn a_watch_that_is_far_behind_is_told_in_parts_that_split_no_revision() {
    let mut store = Store::new();
    for _ in 0..1500 {
        store.all(vec![op_put("a"), op_put("b")]).unwrap();
    }
    let looks_at_all = looks(&store, &mut watch(KeyRange::all(), 1));
    assert_eq!(
        looks_at_all.iter().map(Vec::len).collect::<Vec<_>>(),
        [2000, 1000]
    );
    assert_eq!(
        (looks_at_all[0].last(), looks_at_all[1].first()),
        (Some(&1001), Some(&1002))
    );
    let looks_at_one = looks(&store, &mut watch(single("a"), 1));
    assert_eq!(
        looks_at_one.iter().map(Vec::len).collect::<Vec<_>>(),
        [1000, 500]
    );
}

#[test]
fn large_values_are_told_in_parts_too() {
    let mut store = Store::new();
    let large = "x".repeat(400 * 1024);
    for key in ["a", "b", "c", "d", "e"] {
        store.put(key, &large);
    }
    let parts = looks(&store, &mut watch(KeyRange::all(), 1));
    assert_eq!(parts, [vec![2, 3, 4], vec![5, 6]]);
}
