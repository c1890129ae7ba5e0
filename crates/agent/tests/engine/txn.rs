//! Transactions: all or nothing, at one index.

use bytes::Bytes;
use quorate_agent::engine::consul::{KvOp, KvVerb, TxnOp, TxnRow};

use crate::world::{World, bytes};

const NOBODY: &str = "11111111-1111-1111-1111-111111111111";

fn op(verb: KvVerb, key: &str) -> KvOp {
    KvOp {
        verb,
        key: bytes(key),
        value: Bytes::from_static(b"x"),
        flags: 0,
        index: 0,
        session: String::new(),
    }
}

fn at(verb: KvVerb, key: &str, index: u64) -> KvOp {
    KvOp {
        index,
        ..op(verb, key)
    }
}

fn of(verb: KvVerb, key: &str, session: impl std::fmt::Display) -> KvOp {
    KvOp {
        session: format!("{session}"),
        ..op(verb, key)
    }
}

fn ops(ops: impl IntoIterator<Item = KvOp>) -> Vec<TxnOp> {
    ops.into_iter().map(TxnOp::Kv).collect()
}

fn failures(world: &mut World, list: impl IntoIterator<Item = KvOp>) -> Vec<(usize, String)> {
    let failed = world.txn(ops(list)).unwrap_err();
    failed
        .into_iter()
        .map(|failure| (failure.op_index, failure.what))
        .collect()
}

/// Every text as the real server answered it.
#[test]
fn every_operation_that_fails_is_listed() {
    use KvVerb::*;
    let mut world = World::new();
    world.put("a", "1");
    let index = world.index();
    let session = world.session();
    let other = world.session();
    assert!(world.acquire("H", session));
    let expected = [
        (op(Get, "nope"), "key \"nope\" doesn't exist".to_owned()),
        (
            at(Cas, "a", 1),
            "failed to set key \"a\", index is stale".into(),
        ),
        (
            at(Cas, "nope", 1),
            "failed to set key \"nope\", index is stale".into(),
        ),
        (
            at(Cas, "a", 0),
            "failed to set key \"a\", index is stale".into(),
        ),
        (
            of(Lock, "a", "xx"),
            "failed session lookup: index error: UUID must be 36 characters".into(),
        ),
        (
            of(Lock, "a", NOBODY),
            format!("invalid session \"{NOBODY}\""),
        ),
        (of(Lock, "a", ""), "missing session".into()),
        (
            of(Lock, "H", other),
            "failed to lock key \"H\", lock is already held".into(),
        ),
        (
            of(Unlock, "H", other),
            "failed to unlock key \"H\", lock isn't held, or is held by another session".into(),
        ),
        (
            of(Unlock, "nope", NOBODY),
            "failed to unlock key \"nope\", lock isn't held, or is held by another session".into(),
        ),
        (
            at(CheckIndex, "a", 1),
            format!("failed index check for key \"a\", current modify index {index} != 1"),
        ),
        (
            at(CheckIndex, "nope", 0),
            "failed to check index, key \"nope\" doesn't exist".into(),
        ),
        (
            of(CheckSession, "a", "b"),
            "failed session check for key \"a\", current session \"\" != \"b\"".into(),
        ),
        (
            of(CheckSession, "H", ""),
            format!("failed session check for key \"H\", current session \"{session}\" != \"\""),
        ),
        (
            of(CheckSession, "nope", ""),
            "failed to check session, key \"nope\" doesn't exist".into(),
        ),
        (op(CheckNotExists, "a"), "key \"a\" exists".into()),
        (
            at(DeleteCas, "a", 3),
            "failed to delete key \"a\", index is stale".into(),
        ),
        (
            at(DeleteCas, "a", 0),
            "failed to delete key \"a\", index is stale".into(),
        ),
    ];
    let (list, texts): (Vec<KvOp>, Vec<String>) = expected.into_iter().unzip();
    let expected: Vec<(usize, String)> = texts.into_iter().enumerate().collect();
    assert_eq!(failures(&mut world, list), expected);
}

#[test]
fn nothing_is_applied_when_one_operation_fails() {
    let mut world = World::new();
    world.put("a", "1");
    let before = world.get("a");
    let index = world.index();
    let list = [
        op(KvVerb::Set, "a"),
        op(KvVerb::Set, "b"),
        op(KvVerb::Delete, "a"),
        op(KvVerb::Get, "nope"),
    ];
    assert_eq!(
        failures(&mut world, list),
        [(3, "key \"nope\" doesn't exist".to_owned())]
    );
    assert_eq!((world.get("a"), world.get("b")), (before, None));
    assert_eq!(world.key_index("nope"), index);
    assert_eq!(world.index(), index + 1, "the index is spent");
    assert!(!world.changes.need_commit());
    assert!(world.changes.wakes.is_empty());
}

#[test]
fn every_write_of_a_transaction_has_the_same_index() {
    let mut world = World::new();
    let index = world.index() + 1;
    let rows = world
        .txn(ops([op(KvVerb::Set, "a"), op(KvVerb::Set, "b")]))
        .unwrap();
    assert!(rows.iter().all(|row| row.entry.modify_index == index));
    assert_eq!(world.key_index("a"), world.key_index("b"));
    assert!(world.woke_key("a") && world.woke_key("b"));
}

/// As the real server answered, row by row.
#[test]
fn operations_see_what_those_before_them_did() {
    let mut world = World::new();
    let session = world.session();
    let mut locked = of(KvVerb::Lock, "L", session);
    locked.flags = 7;
    let rows = world.txn(ops([
        locked,
        op(KvVerb::Get, "L"),
        op(KvVerb::Set, "L"),
        of(KvVerb::CheckSession, "L", session),
        op(KvVerb::Delete, "L"),
        op(KvVerb::CheckNotExists, "L"),
        of(KvVerb::Lock, "L", session),
        of(KvVerb::Unlock, "L", session),
        op(KvVerb::GetTree, "L"),
    ]));
    let rows = rows.unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.entry.lock_index,
                row.entry.session.is_some(),
                row.shows_value,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, true, false),
            (1, true, true),
            (0, true, false),
            (0, true, false),
            (1, true, false),
            (1, false, false),
            (1, false, true),
        ]
    );
}

#[test]
fn deletions_and_absence_checks_answer_no_row_and_trees_many() {
    let mut world = World::new();
    world.put("t/1", "1");
    world.put("t/2", "2");
    let rows = world.txn(ops([
        op(KvVerb::GetTree, "t/"),
        op(KvVerb::GetTree, "none"),
        op(KvVerb::CheckNotExists, "none"),
        at(KvVerb::DeleteCas, "none", 5),
        op(KvVerb::DeleteTree, "t/"),
    ]));
    let rows = rows.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row.entry.key.clone()).collect();
    assert_eq!(keys, ["t/1", "t/2"]);
    assert!(world.keys("t/", "").is_empty());
}

#[test]
fn an_empty_key_hides_every_other_failure_and_spends_no_index() {
    use KvVerb::*;
    let mut world = World::new();
    let index = world.index();
    for verb in [
        Set,
        Cas,
        Lock,
        Unlock,
        Get,
        GetTree,
        CheckIndex,
        CheckSession,
        CheckNotExists,
        Delete,
        DeleteCas,
    ] {
        let list = [op(Get, "nope"), op(verb, "")];
        assert_eq!(
            failures(&mut world, list),
            [(1, "Must provide key".to_owned())],
            "{verb:?}"
        );
    }
    assert_eq!(world.index(), index);
    world.put("a", "1");
    assert_eq!(world.txn(ops([op(DeleteTree, "")])), Ok(vec![]));
    assert_eq!(world.get("a"), None);
}

#[test]
fn the_lock_delay_hides_every_other_failure() {
    let mut world = World::new();
    let (one, two) = (world.session_with_delay(10), world.session());
    assert!(world.acquire("D", one));
    world.destroy(one);
    let index = world.index();
    let list = || {
        [
            of(KvVerb::Lock, "D", two),
            of(KvVerb::Lock, "D", NOBODY),
            of(KvVerb::Lock, "D", ""),
            op(KvVerb::Get, "nope"),
        ]
    };
    let text = "failed to lock key \"D\" due to lock delay".to_owned();
    let expected = [(0, text.clone()), (1, text.clone()), (2, text)];
    assert_eq!(failures(&mut world, list()), expected);
    assert_eq!(world.index(), index);
    world.pass(10);
    assert_eq!(failures(&mut world, list()).len(), 3);
}

#[test]
fn an_unknown_verb_fails_beside_the_others() {
    let mut world = World::new();
    let mut list = ops([op(KvVerb::Set, "a"), op(KvVerb::Get, "nope")]);
    list.push(TxnOp::UnknownKvVerb {
        verb: "bogus".into(),
        key: "k".into(),
    });
    let failed = world.txn(list).unwrap_err();
    let texts: Vec<_> = failed
        .iter()
        .map(|it| (it.op_index, it.what.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            (1, "key \"nope\" doesn't exist"),
            (2, "unknown KV verb \"bogus\"")
        ]
    );
    assert_eq!(world.get("a"), None);
}

#[test]
fn reads_alone_need_no_writer_and_spend_no_index() {
    let mut world = World::new();
    world.put("a", "1");
    let snapshot = world.engine.snapshot();
    let list = ops([
        op(KvVerb::Get, "a"),
        op(KvVerb::GetTree, ""),
        op(KvVerb::Get, "nope"),
    ]);
    assert!(list.iter().all(TxnOp::is_read));
    let failed = snapshot.consul().read_txn(&list).unwrap_err();
    assert_eq!(failed[0].what, "Must provide key");
    let rows = snapshot
        .consul()
        .read_txn(&ops([op(KvVerb::Get, "a")]))
        .unwrap();
    let TxnRow::Kv(row) = &rows[0] else {
        panic!("{rows:?}");
    };
    assert_eq!(row.entry.value, "1");
    assert!(row.shows_value);
}

#[test]
fn a_lost_session_fences_off_a_write() {
    let mut world = World::new();
    let session = world.session();
    assert!(world.acquire("lock", session));
    let fenced = |session| {
        ops([
            of(KvVerb::CheckSession, "lock", session),
            op(KvVerb::Set, "data"),
        ])
    };
    assert!(world.txn(fenced(session)).is_ok());
    world.delete("data");
    world.destroy(session);
    assert!(world.txn(fenced(session)).is_err());
    assert_eq!(world.get("data"), None);
}

#[test]
fn a_write_that_changes_nothing_keeps_its_index_in_a_transaction_too() {
    let mut world = World::new();
    world.put("a", "x");
    let index = world.index();
    let rows = world.txn(ops([op(KvVerb::Set, "a")])).unwrap();
    assert_eq!(rows[0].entry.modify_index, index);
    assert!(world.changes.wakes.is_empty());
}
