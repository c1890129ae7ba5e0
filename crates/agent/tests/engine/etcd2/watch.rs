use quorate_agent::engine::etcd2::{Action, HISTORY, Op, Problem, RETAINED, Seen, Watch, clean};
use quorate_agent::engine::{Topic, Wake};

use super::{Tree, expecting, lasting, put, set};

fn refresh(seconds: u64) -> Op {
    Op::Set {
        put: lasting("", seconds),
        refresh: true,
    }
}

#[test]
fn a_watch_sees_what_happens_from_now_on() {
    let mut tree = Tree::new();
    tree.set("/a", "1");
    let mut watch = tree.watch("/a", false, 0).unwrap();
    assert_eq!((watch.since, watch.started), (5, 4));
    assert!(tree.seen(&mut watch).is_empty());
    tree.set("/b", "1");
    tree.set("/a", "2");
    assert_eq!(tree.seen(&mut watch), [6]);
}

#[test]
fn a_watch_of_the_past_begins_with_the_first_match() {
    let mut tree = Tree::new();
    for value in ["1", "2", "3"] {
        tree.set("/a", value);
        tree.set("/b", value);
    }
    let mut watch = tree.watch("/a", false, 5).unwrap();
    assert_eq!(tree.seen(&mut watch), [6, 8]);
}

#[test]
fn a_watch_of_the_future_waits_for_its_index() {
    let mut tree = Tree::new();
    let mut watch = tree.watch("/a", false, 6).unwrap();
    tree.set("/a", "1");
    tree.set("/a", "2");
    assert!(tree.seen(&mut watch).is_empty());
    tree.set("/a", "3");
    tree.set("/a", "4");
    assert_eq!(tree.seen(&mut watch), [6, 7]);
}

#[test]
fn only_a_recursive_watch_sees_what_is_below_and_only_whole_names() {
    let mut tree = Tree::new();
    let mut flat = tree.watch("/foo", false, 0).unwrap();
    let mut deep = tree.watch("/foo", true, 0).unwrap();
    let mut root = tree.watch("/", true, 0).unwrap();
    tree.set("/foo/a/b", "1");
    tree.set("/foobar", "1");
    tree.delete("/foo");
    assert_eq!(tree.seen(&mut flat), [6]);
    assert_eq!(tree.seen(&mut deep), [4, 6]);
    assert_eq!(tree.seen(&mut root), [4, 5, 6]);
}

#[test]
fn what_is_hidden_is_seen_only_from_within() {
    let mut tree = Tree::new();
    let mut from_above = tree.watch("/", true, 0).unwrap();
    let mut from_within = tree.watch("/d/_h", true, 0).unwrap();
    let mut at_it = tree.watch("/d/_h/x", false, 0).unwrap();
    tree.set("/d/_h/x", "1");
    assert!(tree.seen(&mut from_above).is_empty());
    assert_eq!(tree.seen(&mut from_within), [4]);
    assert_eq!(tree.seen(&mut at_it), [4]);
    let mut later = tree.watch("/", true, 4).unwrap();
    assert!(tree.seen(&mut later).is_empty(), "history hides it too");
}

#[test]
fn a_refresh_takes_an_index_and_is_never_seen() {
    let mut tree = Tree::new();
    tree.set("/a", "1");
    let mut watch = tree.watch("/a", false, 5).unwrap();
    let event = tree.write("/a", refresh(60)).unwrap();
    assert_eq!(event.index, 5);
    assert!(tree.seen(&mut watch).is_empty());
    let mut later = tree.watch("/a", false, 5).unwrap();
    assert!(tree.seen(&mut later).is_empty());
    tree.set("/a", "2");
    assert_eq!(tree.seen(&mut watch), [6]);
}

#[test]
fn a_directory_that_goes_is_told_to_those_whose_key_went_with_it() {
    let mut tree = Tree::new();
    tree.set("/d/a/b", "1");
    let mut with = ["/d", "/d/a", "/d/a/b"].map(|key| tree.watch(key, false, 0).unwrap());
    let mut never_was = tree.watch("/d/none", false, 0).unwrap();
    let event = tree.delete("/d");
    for watch in &mut with {
        assert_eq!(tree.seen(watch), [event.index], "{}", watch.key);
    }
    assert!(tree.seen(&mut never_was).is_empty());
    assert_eq!(&*event.key, "/d", "all are told of the directory");
}

#[test]
fn those_who_are_to_see_a_change_are_woken_and_no_others() {
    let mut tree = Tree::new();
    tree.set("/d/a", "1");
    tree.set("/d/b", "1");
    let wakes = |tree: &Tree| {
        let topics = tree.changes.wakes.iter().filter_map(|wake| match wake {
            Wake::Topic(topic) => Some(topic.clone()),
            _ => None,
        });
        topics.collect::<Vec<_>>()
    };
    let key = |key: &str| Topic::Etcd2Key(key.into());
    let below = |key: &str| Topic::Etcd2Tree(key.into());
    tree.set("/d/a", "2");
    let woken = wakes(&tree);
    for topic in [below("/"), below("/d"), key("/d/a"), below("/d/a")] {
        assert!(woken.contains(&topic), "{topic:?}");
    }
    assert!(!woken.contains(&key("/d")) && !woken.contains(&key("/d/b")));
    tree.delete("/d");
    let woken = wakes(&tree);
    for topic in [key("/d"), key("/d/a"), key("/d/b"), below("/d/b")] {
        assert!(woken.contains(&topic), "{topic:?}");
    }
}

#[test]
fn the_last_thousand_events_can_be_asked_for() {
    let mut tree = Tree::new();
    while tree.index() < 1165 {
        tree.set("/a", "1");
    }
    assert!(tree.watch("/b", false, 1165 + 1 - HISTORY).is_ok());
    let refusal = tree.watch("/b", false, 165).unwrap_err();
    assert_eq!(refusal.problem, Problem::HistoryCleared);
    assert_eq!(
        &*refusal.cause,
        "the requested history has been cleared [166/165]"
    );
    assert_eq!(refusal.index, 1165);
}

#[test]
fn a_quiet_watch_that_looks_at_every_turn_loses_nothing() {
    let mut tree = Tree::new();
    let mut watch = tree.watch("/quiet", false, 0).unwrap();
    let mut turns = 0;
    for _ in 0..3 * RETAINED {
        tree.set("/busy", "1");
        if tree.changes.wakes.contains(&Wake::Topic(Topic::Etcd2Turn)) {
            turns += 1;
            assert!(tree.seen(&mut watch).is_empty());
        }
    }
    let event = tree.set("/quiet", "1");
    assert!(turns >= 6);
    assert_eq!(tree.seen(&mut watch), [event.index]);
}

#[test]
fn a_watch_that_looks_too_late_is_told_so() {
    let mut tree = Tree::new();
    let mut watch = tree.watch("/a", false, 0).unwrap();
    for _ in 0..=RETAINED {
        tree.set("/a", "1");
    }
    let snapshot = tree.engine.snapshot();
    assert_eq!(watch.look(snapshot.etcd2()), Seen::Lost);
}

#[test]
fn a_strict_history_shows_what_etcds_shows() {
    let mut tree = Tree::new();
    tree.set("/_h/x", "1");
    tree.set("/foo/a", "1");
    tree.delete("/foo");
    let strict = |key: &str, since| {
        let snapshot = tree.engine.snapshot();
        Watch::begin(snapshot.etcd2(), clean(key), true, since, true).unwrap()
    };
    let mut hidden = strict("/", 4);
    assert_eq!(tree.seen(&mut hidden), [4, 5, 6]);
    let mut neighbour = strict("/foobar", 4);
    assert_eq!(
        tree.seen(&mut neighbour),
        [6],
        "a name that only begins alike"
    );
    let mut lenient = tree.watch("/foobar", true, 4).unwrap();
    assert!(tree.seen(&mut lenient).is_empty());
}

#[test]
fn every_kind_of_change_is_seen() {
    let mut tree = Tree::new();
    let mut watch = tree.watch("/a", false, 0).unwrap();
    tree.write("/a", super::create(put("1"))).unwrap();
    tree.set("/a", "2");
    tree.write("/a", super::update(put("3"))).unwrap();
    tree.write("/a", super::swap(expecting("3", 0), put("4")))
        .unwrap();
    tree.write("/a", Op::CompareAndDelete(expecting("4", 0)))
        .unwrap();
    tree.write("/a", set(lasting("5", 1))).unwrap();
    tree.pass(1);
    let snapshot = tree.engine.snapshot();
    let mut actions = Vec::new();
    while let Seen::Event(event) = watch.look(snapshot.etcd2()) {
        actions.push(event.action);
    }
    let expected = [
        Action::Create,
        Action::Set,
        Action::Update,
        Action::CompareAndSwap,
        Action::CompareAndDelete,
        Action::Set,
        Action::Expire,
    ];
    assert_eq!(actions, expected);
}
