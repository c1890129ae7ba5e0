use std::time::{Duration, SystemTime};

use quorate_agent::engine::Time;
use quorate_agent::engine::etcd2::{Action, Op, Seen};

use super::{Tree, create, dir, lasting, put, set, update};

#[test]
fn a_key_ends_when_its_time_is_up_and_not_before() {
    let mut tree = Tree::new();
    let event = tree.write("/a", set(lasting("1", 5))).unwrap();
    assert_eq!(
        (event.node.ttl, event.node.expiration),
        (5, Some(5_000_000_000))
    );
    let mut watch = tree.watch("/a", false, 0).unwrap();
    assert_eq!(
        tree.engine.next_deadline(),
        Some(Time::since_start(Duration::from_secs(5)))
    );
    tree.pass(4);
    assert_eq!(tree.get("/a").unwrap(), "1");
    tree.pass(1);
    assert_eq!(tree.get("/a"), None);
    let snapshot = tree.engine.snapshot();
    let Seen::Event(expired) = watch.look(snapshot.etcd2()) else {
        panic!("it was not told");
    };
    assert_eq!(expired.action, Action::Expire);
    assert_eq!((expired.node.modified, expired.node.created), (5, 4));
    assert_eq!(expired.node.value, None);
    assert!(expired.prev.as_ref().unwrap().value.is_some());
    assert_eq!(snapshot.etcd2().stats().expired, 1);
    assert_eq!(tree.engine.next_deadline(), None);
}

#[test]
fn those_that_are_due_together_end_in_the_order_of_their_times() {
    let mut tree = Tree::new();
    for (key, seconds) in [("/late", 9), ("/soon", 3), ("/middle", 6)] {
        tree.write(key, set(lasting("1", seconds))).unwrap();
    }
    let mut watch = tree.watch("/", true, 0).unwrap();
    tree.now = Time::since_start(Duration::from_secs(10));
    tree.engine
        .apply(quorate_agent::engine::Command::Expire, tree.now);
    let snapshot = tree.engine.snapshot();
    let mut keys = Vec::new();
    while let Seen::Event(event) = watch.look(snapshot.etcd2()) {
        keys.push((event.key.to_string(), event.index));
    }
    let expected = [("/soon", 7), ("/middle", 8), ("/late", 9)];
    assert_eq!(keys, expected.map(|(key, index)| (key.to_owned(), index)));
}

#[test]
fn a_directory_takes_everything_with_it_and_what_would_last_longer_too() {
    let mut tree = Tree::new();
    let lasting_dir = quorate_agent::engine::etcd2::Put {
        ttl: Some(2),
        ..dir()
    };
    tree.write("/d", create(lasting_dir)).unwrap();
    tree.write("/d/long", set(lasting("1", 600))).unwrap();
    tree.set("/d/sub/forever", "1");
    let before = tree.index();
    tree.pass(2);
    assert_eq!(tree.index(), before + 1, "one event for all");
    assert_eq!(tree.get("/d"), None);
    assert_eq!(tree.engine.next_deadline(), None, "nothing is left to end");
}

#[test]
fn zero_seconds_are_over_at_once() {
    let mut tree = Tree::new();
    let event = tree.write("/a", set(lasting("1", 0))).unwrap();
    assert_eq!((event.node.ttl, event.node.expiration), (0, Some(0)));
    assert_eq!(tree.engine.next_deadline(), Some(tree.now));
    tree.pass(0);
    assert_eq!(tree.get("/a"), None);
}

#[test]
fn the_longest_time_is_very_long_and_not_over() {
    let mut tree = Tree::new();
    tree.engine.set_started(SystemTime::now());
    for seconds in [9_223_372_036, u64::MAX] {
        let event = tree.write("/a", set(lasting("1", seconds))).unwrap();
        assert_eq!(event.node.expiration, Some(i64::MAX));
        assert!(event.node.ttl > 1_000_000_000);
    }
    tree.pass(60);
    assert_eq!(tree.get("/a").unwrap(), "1");
}

#[test]
fn every_write_decides_anew_how_long_a_key_lives() {
    let mut tree = Tree::new();
    tree.write("/a", set(lasting("1", 5))).unwrap();
    let refresh = Op::Update {
        put: lasting("", 10),
        refresh: true,
    };
    tree.write("/a", refresh).unwrap();
    tree.pass(9);
    assert_eq!(tree.get("/a").unwrap(), "1");
    tree.write("/a", update(put("2"))).unwrap();
    tree.pass(60);
    assert_eq!(tree.get("/a").unwrap(), "2", "without a time it is forever");
    tree.write("/a", set(lasting("3", 1))).unwrap();
    tree.delete("/a");
    tree.set("/a", "4");
    tree.pass(60);
    assert_eq!(tree.get("/a").unwrap(), "4", "another key of the same name");
}
