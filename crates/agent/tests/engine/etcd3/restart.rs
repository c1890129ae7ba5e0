use quorate_agent::engine::etcd3::{Alarm, AuthCommand, Caller, KeyRange, NewUser, Op, Watch};
use quorate_agent::engine::{Changes, Engine, Row, Time};

use super::watch::events;
use super::{Store, op_delete, op_put, single};

/// What a start finds of what was stored.
fn restarted(store: &Store, reverse: bool) -> Store {
    let mut rows: Vec<Row> = store.engine.rows().collect();
    if reverse {
        rows.reverse();
    }
    Store {
        engine: Engine::restore(rows, Time::START),
        now: Time::START,
        changes: Changes::default(),
        caller: Caller::Nobody,
    }
}

fn filled() -> Store {
    let mut store = Store::new();
    for (key, value) in [("a", "1"), ("a", "2"), ("b", "1"), ("a", "3")] {
        store.put(key, value);
    }
    store.delete_key("b");
    store
        .all(vec![op_put("x"), op_put("y"), op_delete(single("a"))])
        .unwrap();
    store
}

#[test]
fn everything_is_there_again_whatever_the_order_of_the_rows() {
    for reverse in [false, true] {
        let before = filled();
        let mut after = restarted(&before, reverse);
        assert_eq!(after.revision(), 7);
        for revision in 2..=7 {
            let range = || KeyRange::all();
            assert_eq!(
                after.list(range(), revision),
                before.list(range(), revision)
            );
        }
        assert_eq!(after.put("a", "4"), 8);
        let kv = after.with_state(|state| state.get(b"a").cloned()).unwrap();
        assert_eq!((kv.version, kv.create_revision), (1, 8));
    }
}

#[test]
fn watches_go_on_where_they_were() {
    let before = filled();
    for reverse in [false, true] {
        let after = restarted(&before, reverse);
        for since in [1, 2, 4, 7] {
            let mut watch = Watch {
                range: KeyRange::all(),
                since,
                no_puts: false,
                no_deletes: false,
                prev_kv: true,
            };
            let mut same = watch.clone();
            assert_eq!(events(&after, &mut watch), events(&before, &mut same));
        }
    }
}

#[test]
fn a_compaction_that_was_not_finished_is_finished() {
    let mut store = filled();
    store.compact(5).unwrap();
    assert!(store.with_state(|state| state.is_sweeping()));
    let mut after = restarted(&store, true);
    assert!(after.with_state(|state| state.is_sweeping()));
    after.expire();
    store.expire();
    let sorted = |store: &Store| {
        let mut rows: Vec<String> = store.engine.rows().map(|row| format!("{row:?}")).collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted(&after), sorted(&store));
    assert_eq!(after.with_state(|state| state.compacted()), 5);
}

#[test]
fn the_revision_stays_when_everything_is_removed_and_compacted() {
    let mut store = Store::new();
    store.put("a", "1");
    store.delete_key("a");
    store.put("b", "1");
    store.delete_key("b");
    store.compact(5).unwrap();
    store.expire();
    let mut after = restarted(&store, false);
    assert_eq!((after.revision(), after.put("a", "1")), (5, 6));
}

#[test]
fn a_lease_has_its_whole_time_again_and_its_keys() {
    let mut store = Store::new();
    store.grant(5, 10).unwrap();
    store.put_with_lease("a", 5);
    store.pass(9);
    let mut after = restarted(&store, true);
    after.pass(9);
    assert_eq!(after.get("a").unwrap(), "1");
    after.pass(1);
    assert_eq!(after.get("a"), None);
    let gone = restarted(&after, false);
    assert_eq!(gone.engine.next_deadline(), None);
}

#[test]
fn users_alarms_and_members_are_there_again() {
    let mut store = Store::new();
    let root = NewUser {
        name: "root".into(),
        hash: Some("hash".into()),
        no_password: false,
    };
    let grant = AuthCommand::GrantRole {
        user: "root".into(),
        role: "root".into(),
    };
    let role = AuthCommand::AddRole("r".into());
    store
        .apply(Op::SetPeers(vec!["http://a:1".into()]))
        .unwrap();
    for command in [AuthCommand::AddUser(root), role, grant, AuthCommand::Enable] {
        store.apply(Op::Auth(Box::new(command))).unwrap();
    }
    let (alarm, member) = (Alarm::NoSpace, 7);
    store
        .apply(Op::SetAlarm {
            alarm,
            member,
            on: true,
        })
        .unwrap();
    let after = restarted(&store, true);
    let (before, after) = (store.engine.snapshot(), after.engine.snapshot());
    let (before, after) = (before.etcd3(), after.etcd3());
    assert!(after.auth().is_enabled());
    assert_eq!(after.auth().revision(), before.auth().revision());
    assert_eq!(after.auth().user("root"), before.auth().user("root"));
    assert_eq!(after.auth().role("r"), before.auth().role("r"));
    assert_eq!(after.peers(), before.peers());
    assert_eq!(after.alarms().collect::<Vec<_>>(), [(alarm, member)]);
}
