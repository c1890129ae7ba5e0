use quorate_agent::engine::etcd3::{Alarm, DeleteRange, Op, Refusal, Reply, Txn};

use super::{Store, op_delete, op_put, op_range, put, single, txn};

fn set(store: &mut Store, alarm: Alarm, member: u64, on: bool) -> bool {
    match store.apply(Op::SetAlarm { alarm, member, on }) {
        Ok(Reply::Alarm { known, .. }) => known,
        other => panic!("not a reply to an alarm: {other:?}"),
    }
}

#[test]
fn without_room_nothing_is_written_but_everything_can_be_removed() {
    let mut store = Store::new();
    store.put("a", "1");
    store.grant(5, 100).unwrap();
    set(&mut store, Alarm::NoSpace, 0, true);
    assert_eq!(store.try_put(put("b", "1")), Err(Refusal::NoSpace));
    assert_eq!(store.grant(6, 10), Err(Refusal::NoSpace));
    assert_eq!(store.all(vec![op_put("b")]), Err(Refusal::NoSpace));
    let on_the_other_side = Txn {
        failure: vec![op_put("b")],
        ..txn(vec![])
    };
    assert_eq!(store.txn(on_the_other_side), Err(Refusal::NoSpace));
    assert!(store.all(vec![op_range(single("a"))]).is_ok());
    assert!(store.all(vec![op_delete(single("x"))]).is_ok());
    assert_eq!(store.delete_key("a"), 3);
    assert!(store.apply(Op::Revoke(5)).is_ok());
    assert!(store.compact(2).is_ok());
    set(&mut store, Alarm::NoSpace, 0, false);
    store.put("b", "1");
}

#[test]
fn damaged_data_is_not_changed_and_can_be_read() {
    let mut store = Store::new();
    store.put("a", "1");
    store.grant(5, 100).unwrap();
    set(&mut store, Alarm::Corrupt, 3, true);
    let delete = DeleteRange {
        range: single("a"),
        prev_kv: false,
    };
    let refused = [
        Op::Delete(delete),
        Op::Compact(2),
        Op::Revoke(5),
        Op::Put(put("b", "1")),
    ];
    for op in refused {
        assert_eq!(store.apply(op), Err(Refusal::Corrupt));
    }
    assert_eq!(store.grant(6, 10), Err(Refusal::Corrupt));
    assert_eq!(
        store.all(vec![op_delete(single("a"))]),
        Err(Refusal::Corrupt)
    );
    assert!(store.all(vec![op_range(single("a"))]).is_ok());
    assert_eq!(store.get("a").unwrap(), "1");
}

#[test]
fn an_alarm_is_of_one_member_and_told_when_it_was_on() {
    let mut store = Store::new();
    assert!(set(&mut store, Alarm::NoSpace, 77, true));
    assert!(set(&mut store, Alarm::NoSpace, 0, true));
    assert!(set(&mut store, Alarm::NoSpace, 0, true), "again");
    let on = store.with_state(|state| state.alarms().collect::<Vec<_>>());
    assert_eq!(on, [(Alarm::NoSpace, 0), (Alarm::NoSpace, 77)]);
    assert!(set(&mut store, Alarm::NoSpace, 0, false));
    assert!(!set(&mut store, Alarm::NoSpace, 0, false));
    assert_eq!(store.try_put(put("a", "1")), Err(Refusal::NoSpace));
}
