use std::time::Duration;

use quorate_agent::engine::Time;
use quorate_agent::engine::etcd3::{Op, Refusal, Reply};

use super::{Store, put, single};

fn granted(store: &mut Store, id: i64, ttl: i64) -> i64 {
    match store.grant(id, ttl) {
        Ok(Reply::Granted { ttl, .. }) => ttl,
        other => panic!("not granted: {other:?}"),
    }
}

fn kept_alive(store: &mut Store, id: i64) -> i64 {
    match store.apply(Op::KeepAlive(id)) {
        Ok(Reply::KeptAlive { ttl, .. }) => ttl,
        other => panic!("not a reply to a renewal: {other:?}"),
    }
}

fn keys(store: &Store, id: i64) -> Vec<String> {
    store.with_state(|state| {
        let lease = state.lease(id);
        let keys = lease.into_iter().flat_map(|lease| lease.keys());
        keys.map(|key| String::from_utf8(key.to_vec()).unwrap())
            .collect()
    })
}

#[test]
fn a_lease_lives_two_seconds_at_least() {
    let mut store = Store::new();
    for (id, asked, expected) in [(1, 0, 2), (2, -5, 2), (3, 1, 2), (4, 3, 3)] {
        assert_eq!(granted(&mut store, id, asked), expected);
    }
    assert_eq!(granted(&mut store, 5, 9_000_000_000), 9_000_000_000);
    assert_eq!(
        store.grant(6, 9_000_000_001),
        Err(Refusal::LeaseTtlTooLarge)
    );
    assert_eq!(store.revision(), 1, "a lease is no revision");
}

#[test]
fn an_id_is_given_once_and_may_be_negative() {
    let mut store = Store::new();
    granted(&mut store, -7, 100);
    assert_eq!(store.grant(-7, 100), Err(Refusal::LeaseExists));
    assert_eq!(store.apply(Op::Revoke(-7)), Ok(Reply::Done(1)));
    assert_eq!(store.apply(Op::Revoke(-7)), Err(Refusal::LeaseNotFound));
    granted(&mut store, -7, 100);
}

#[test]
fn nobody_is_told_that_a_lease_to_renew_is_gone() {
    let mut store = Store::new();
    assert_eq!(kept_alive(&mut store, 55), 0);
    assert!(store.with_state(|state| state.lease(55).is_none()));
}

#[test]
fn renewing_gives_a_lease_its_whole_time_again_and_readers_see_it() {
    let mut store = Store::new();
    granted(&mut store, 5, 10);
    store.pass(8);
    let left = |store: &Store| {
        store.with_state(|state| state.lease(5).map(|lease| lease.remaining(store.now)))
    };
    assert_eq!(left(&store), Some(2));
    assert_eq!(kept_alive(&mut store, 5), 10);
    assert_eq!(left(&store), Some(10));
    assert!(
        !store.changes.wakes.is_empty(),
        "or no snapshot would show it"
    );
    assert!(
        !store.changes.need_commit(),
        "the disk has nothing to do with it"
    );
    store.pass(9);
    assert_eq!(left(&store), Some(1));
    store.pass(1);
    assert_eq!(left(&store), None);
}

#[test]
fn all_keys_of_a_lease_end_at_one_revision_in_their_order() {
    let mut store = Store::new();
    granted(&mut store, 9, 2);
    for key in ["z", "x", "y"] {
        store.put_with_lease(key, 9);
    }
    store.now = Time::since_start(Duration::from_millis(1999));
    store.expire();
    assert_eq!(store.get("x").unwrap(), "1");
    store.now = Time::since_start(Duration::from_secs(2));
    store.expire();
    assert_eq!(store.revision(), 5);
    let order: Vec<_> = store.with_state(|state| {
        let mut watch = quorate_agent::engine::etcd3::Watch {
            range: quorate_agent::engine::etcd3::KeyRange::all(),
            since: 5,
            no_puts: false,
            no_deletes: false,
            prev_kv: false,
        };
        match watch.look(state) {
            quorate_agent::engine::etcd3::Seen::Events(events) => {
                events.iter().map(|it| it.event.kv.key.clone()).collect()
            }
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(order, ["x", "y", "z"]);
}

#[test]
fn leases_that_end_together_end_one_after_the_other() {
    let mut store = Store::new();
    for id in [1, 2, 3] {
        granted(&mut store, id, 5);
        store.put_with_lease(&format!("k{id}"), id);
    }
    granted(&mut store, 4, 5);
    store.pass(5);
    assert_eq!(store.revision(), 7, "a lease without keys is no revision");
    assert_eq!(store.with_state(|state| state.lease_ids().count()), 0);
    assert_eq!(store.engine.next_deadline(), None);
}

#[test]
fn revoking_removes_the_keys_at_once() {
    let mut store = Store::new();
    granted(&mut store, 5, 100);
    store.put_with_lease("b", 5);
    store.put_with_lease("a", 5);
    store.put("c", "1");
    assert_eq!(store.apply(Op::Revoke(5)), Ok(Reply::Done(5)));
    assert_eq!((store.get("a"), store.get("b")), (None, None));
    assert_eq!(store.get("c").unwrap(), "1");
    assert_eq!(store.engine.next_deadline(), None);
}

#[test]
fn a_write_takes_the_key_to_another_lease_or_to_none() {
    let mut store = Store::new();
    granted(&mut store, 1, 100);
    granted(&mut store, 2, 100);
    store.put_with_lease("a", 1);
    store.put_with_lease("b", 1);
    assert_eq!(keys(&store, 1), ["a", "b"]);
    store.put_with_lease("a", 2);
    assert_eq!(
        (keys(&store, 1), keys(&store, 2)),
        (vec!["b".into()], vec!["a".into()])
    );
    store.put("a", "2");
    assert!(keys(&store, 2).is_empty());
    store.delete_key("b");
    assert!(keys(&store, 1).is_empty());
    assert_eq!(store.apply(Op::Revoke(1)), Ok(Reply::Done(6)));
    assert_eq!(
        store.get("a").unwrap(),
        "2",
        "it has nothing to do with them any more"
    );
}

#[test]
fn no_key_gets_a_lease_that_is_not_there() {
    let mut store = Store::new();
    let put = quorate_agent::engine::etcd3::Put {
        lease: 77,
        ..put("a", "1")
    };
    assert_eq!(store.try_put(put), Err(Refusal::LeaseNotFound));
    assert_eq!(store.list(single("a"), 0), [""; 0]);
}

#[test]
fn leases_are_listed_by_when_they_end() {
    let mut store = Store::new();
    for (id, ttl) in [(1, 100), (2, 5), (3, 50)] {
        granted(&mut store, id, ttl);
    }
    let ids = |store: &Store| store.with_state(|state| state.lease_ids().collect::<Vec<_>>());
    assert_eq!(ids(&store), [2, 3, 1]);
    store.pass(4);
    kept_alive(&mut store, 3);
    kept_alive(&mut store, 2);
    assert_eq!(ids(&store), [2, 3, 1]);
}
