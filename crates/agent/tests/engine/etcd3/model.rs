//! Random histories, compared with a store that keeps a copy of everything at each revision.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_agent::engine::etcd3::{KeyRange, Op, Watch};
use quorate_agent::engine::{Changes, Engine, Row, Time};

use super::watch::{events, watch};
use super::{Store, between, op_delete, op_put, put, single};

const KEYS: [&str; 5] = ["a", "ab", "b", "c", "ca"];

#[derive(Clone, Debug)]
enum Act {
    Put(usize, u8),
    Delete(usize, usize),
    Txn(usize, usize),
    Lease(usize, i64),
    Revoke(i64),
    Compact(i64),
    Sweep,
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let key = 0..KEYS.len();
    prop_oneof![
        6 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Act::Put(key, value)),
        3 => (key.clone(), key.clone()).prop_map(|(from, to)| Act::Delete(from, to)),
        3 => (key.clone(), key.clone()).prop_map(|(from, to)| Act::Txn(from, to)),
        2 => (key, 1..4_i64).prop_map(|(key, lease)| Act::Lease(key, lease)),
        1 => (1..4_i64).prop_map(Act::Revoke),
        1 => (0..6_i64).prop_map(Act::Compact),
        1 => Just(Act::Sweep),
        1 => Just(Act::Restart),
    ]
}

type Picture = BTreeMap<String, String>;

/// Everything at each revision.
#[derive(Default)]
struct Model {
    pictures: BTreeMap<i64, Picture>,
    compacted: i64,
}

fn picture(store: &Store, revision: i64) -> Picture {
    let listed = store.list(KeyRange::all(), revision);
    let pairs = listed.iter().filter_map(|it| it.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn carry_out(store: &mut Store, act: &Act, model: &mut Model) {
    match *act {
        Act::Put(key, value) => {
            store.put(KEYS[key], &value.to_string());
        }
        Act::Delete(from, to) => {
            store.delete(between(KEYS[from], KEYS[to]));
        }
        Act::Txn(write, remove) => {
            let ops = vec![op_put(KEYS[write]), op_delete(single(KEYS[remove]))];
            // The same key twice is refused, and changes nothing.
            let _ = store.all(ops);
        }
        Act::Lease(key, lease) => {
            let _ = store.grant(lease, 100);
            store.put_with_lease(KEYS[key], lease);
        }
        Act::Revoke(lease) => {
            let _ = store.apply(Op::Revoke(lease));
        }
        Act::Compact(back) => {
            let revision = store.revision() - back;
            if store.compact(revision).is_ok() {
                model.compacted = revision;
            }
        }
        Act::Sweep => store.expire(),
        Act::Restart => restart(store),
    }
}

fn restart(store: &mut Store) {
    let rows: Vec<Row> = store.engine.rows().collect();
    store.engine = Engine::restore(rows, Time::START);
    store.now = Time::START;
    store.changes = Changes::default();
}

/// What a reader who only hears of changes makes of a picture.
fn follow(store: &Store, watch: &mut Watch, picture: &mut Picture) {
    for seen in events(store, watch) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let kv = &seen.event.kv;
        if seen.event.is_put() {
            picture.insert(text(&kv.key), text(&kv.value));
        } else {
            picture.remove(&text(&kv.key));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_past_stays_what_it_was_until_it_is_compacted(acts in prop::collection::vec(act(), 1..60)) {
        let mut store = Store::new();
        let mut model = Model::default();
        for act in &acts {
            carry_out(&mut store, act, &mut model);
            let now = store.revision();
            let seen = picture(&store, 0);
            let before = model.pictures.insert(now, seen.clone());
            prop_assert!(before.is_none_or(|before| before == seen), "nothing changes unsaid");
            for (revision, expected) in model.pictures.range(model.compacted.max(1)..) {
                prop_assert_eq!(&picture(&store, *revision), expected, "at {}", revision);
            }
        }
    }

    #[test]
    fn who_follows_a_watch_has_what_the_store_has(acts in prop::collection::vec(act(), 1..60)) {
        let mut store = Store::new();
        let mut model = Model::default();
        let mut every = (watch(KeyRange::all(), 1), Picture::new());
        let mut late = (watch(KeyRange::all(), 1), Picture::new());
        for (at, act) in (0..).zip(&acts) {
            let before = store.revision();
            carry_out(&mut store, act, &mut model);
            prop_assert!(store.revision() <= before + 1);
            follow(&store, &mut every.0, &mut every.1);
            prop_assert_eq!(&every.1, &picture(&store, 0));
            if at % 7 == 6 {
                if late.0.since < model.compacted {
                    late = (watch(KeyRange::all(), store.revision() + 1), picture(&store, 0));
                }
                follow(&store, &mut late.0, &mut late.1);
                prop_assert_eq!(&late.1, &picture(&store, 0));
            }
        }
    }

    #[test]
    fn a_refused_write_leaves_no_trace(acts in prop::collection::vec(act(), 1..20), key in 0..KEYS.len()) {
        let mut store = Store::new();
        let mut model = Model::default();
        for act in &acts {
            carry_out(&mut store, act, &mut model);
        }
        let before: Vec<String> = store.engine.rows().map(|row| format!("{row:?}")).collect();
        let mut refused = put(KEYS[key], "1");
        refused.lease = 99;
        prop_assert!(store.try_put(refused).is_err());
        prop_assert!(store.changes.rows.is_empty() && store.changes.wakes.is_empty());
        let after: Vec<String> = store.engine.rows().map(|row| format!("{row:?}")).collect();
        prop_assert_eq!(before, after);
    }
}
