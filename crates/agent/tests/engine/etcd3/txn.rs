use quorate_agent::engine::etcd3::{
    Caller, CheckedTxn, Compare, Comparison, KeyRange, MAX_TXN_OPS, OpReply, Put, Range, Refusal,
    SortBy, Target, Txn, TxnOp,
};

use super::{Store, between, bytes, op_delete, op_put, op_range, put, shown, single, txn};

fn compare(range: KeyRange, target: Target, result: Comparison) -> Compare {
    Compare {
        range,
        target,
        result,
    }
}

fn within(success: Vec<TxnOp>, failure: Vec<TxnOp>) -> TxnOp {
    TxnOp::Txn(Txn {
        compare: Vec::new(),
        success,
        failure,
    })
}

/// Whether a condition holds.
fn holds(store: &mut Store, range: KeyRange, target: Target, result: Comparison) -> bool {
    let txn = Txn {
        compare: vec![compare(range, target, result)],
        ..Txn::default()
    };
    store.txn(txn).unwrap().succeeded
}

#[test]
fn all_writes_of_a_transaction_make_one_revision() {
    let mut store = Store::new();
    let done = store.all(vec![op_put("a"), op_put("b")]).unwrap();
    assert_eq!((done.revision, done.succeeded), (2, true));
    let seen = store.with_state(|state| {
        ["a", "b"].map(|key| state.get(key.as_bytes()).map(|kv| kv.mod_revision))
    });
    assert_eq!(seen, [Some(2), Some(2)]);
}

#[test]
fn a_transaction_that_writes_nothing_is_no_revision() {
    let mut store = Store::new();
    store.put("a", "1");
    for ops in [
        vec![],
        vec![op_range(single("a"))],
        vec![op_delete(single("x"))],
    ] {
        assert_eq!(store.all(ops).unwrap().revision, 2);
    }
    assert!(!store.changes.need_commit());
}

#[test]
fn reads_see_what_was_written_before_them_in_the_same_transaction() {
    let mut store = Store::new();
    store.put("x", "old");
    let ops = vec![
        op_range(single("x")),
        TxnOp::Put(put("x", "new")),
        op_range(single("x")),
        within(vec![op_put("y")], vec![]),
        op_range(between("x", "z")),
    ];
    let done = store.all(ops).unwrap();
    let OpReply::Range(before) = &done.replies[0] else {
        panic!("{done:?}");
    };
    assert_eq!((shown(before), before.revision), (vec!["x=old".into()], 2));
    let OpReply::Range(after) = &done.replies[2] else {
        panic!("{done:?}");
    };
    assert_eq!((shown(after), after.revision), (vec!["x=new".into()], 3));
    let OpReply::Txn(nested) = &done.replies[3] else {
        panic!("{done:?}");
    };
    assert_eq!((nested.revision, nested.succeeded), (0, true));
    let OpReply::Range(last) = &done.replies[4] else {
        panic!("{done:?}");
    };
    assert_eq!(shown(last), ["x=new", "y=1"]);
}

#[test]
fn conditions_within_are_looked_at_before_anything_is_written() {
    let mut store = Store::new();
    store.put("x", "1");
    let is = |value| compare(single("x"), Target::Value(bytes(value)), Comparison::Equal);
    let nested = |value| {
        TxnOp::Txn(Txn {
            compare: vec![is(value)],
            success: vec![op_put("y")],
            failure: vec![],
        })
    };
    let done = store
        .all(vec![TxnOp::Put(put("x", "9")), nested("9")])
        .unwrap();
    assert!(matches!(&done.replies[1], OpReply::Txn(nested) if !nested.succeeded));
    assert_eq!(store.get("y"), None);
}

#[test]
fn numbers_of_a_key_compare_as_they_say() {
    let mut store = Store::new();
    store.put("x", "1");
    store.put("a", "1");
    store.grant(7, 100).unwrap();
    store.put_with_lease("a", 7);
    let targets = [
        Target::Version as fn(i64) -> Target,
        Target::Create,
        Target::Mod,
        Target::Lease,
    ];
    for (target, is) in targets.into_iter().zip([2, 3, 4, 7]) {
        for (number, expected) in [
            (is - 1, [false, true, false, true]),
            (is, [true, false, false, false]),
            (is + 1, [false, false, true, true]),
        ] {
            let results = [
                Comparison::Equal,
                Comparison::Greater,
                Comparison::Less,
                Comparison::NotEqual,
            ];
            let held = results.map(|result| holds(&mut store, single("a"), target(number), result));
            assert_eq!(held, expected, "{:?}", target(number));
        }
    }
}

#[test]
fn of_a_key_that_is_not_there_numbers_are_0_and_nothing_holds_of_its_value() {
    let mut store = Store::new();
    for target in [
        Target::Version(0),
        Target::Create(0),
        Target::Mod(0),
        Target::Lease(0),
    ] {
        assert!(holds(&mut store, single("x"), target, Comparison::Equal));
    }
    assert!(holds(
        &mut store,
        single("x"),
        Target::Mod(1),
        Comparison::Less
    ));
    for value in ["", "1"] {
        for result in [Comparison::Equal, Comparison::NotEqual, Comparison::Less] {
            let value = Target::Value(bytes(value));
            assert!(!holds(&mut store, single("x"), value, result));
        }
    }
    let nothing = between("b", "a");
    assert!(holds(
        &mut store,
        nothing,
        Target::Version(0),
        Comparison::Equal
    ));
}

#[test]
fn a_condition_on_a_range_has_to_hold_for_each_of_its_keys() {
    let mut store = Store::new();
    store.put("s", "1");
    store.put("t", "2");
    let range = || between("s", "u");
    assert!(holds(
        &mut store,
        range(),
        Target::Version(1),
        Comparison::Equal
    ));
    let value = Target::Value(bytes("1"));
    assert!(!holds(&mut store, range(), value, Comparison::Equal));
    let value = Target::Value(bytes("0"));
    assert!(holds(&mut store, range(), value, Comparison::Greater));
}

#[test]
fn what_does_not_exist_compares_as_in_etcd() {
    let mut store = Store::new();
    assert!(holds(
        &mut store,
        single("x"),
        Target::Version(5),
        Comparison::Unknown
    ));
    assert!(holds(
        &mut store,
        single("x"),
        Target::Unknown,
        Comparison::Equal
    ));
    assert!(!holds(
        &mut store,
        single("x"),
        Target::Unknown,
        Comparison::Less
    ));
}

#[test]
fn the_other_side_is_done_when_a_condition_does_not_hold() {
    let mut store = Store::new();
    let missing = compare(single("a"), Target::Create(0), Comparison::Equal);
    let lock = Txn {
        compare: vec![missing],
        success: vec![op_put("a")],
        failure: vec![op_range(single("a"))],
    };
    assert!(store.txn(lock.clone()).unwrap().succeeded);
    let second = store.txn(lock).unwrap();
    assert!(!second.succeeded);
    assert!(matches!(&second.replies[..], [OpReply::Range(ranged)] if ranged.count == 1));
}

#[test]
fn no_key_is_changed_twice() {
    let k = || op_put("k");
    let d = || op_delete(single("k"));
    let refused = [
        vec![k(), k()],
        vec![k(), d()],
        vec![d(), k()],
        vec![op_delete(between("a", "z")), k()],
        vec![k(), within(vec![k()], vec![])],
        vec![within(vec![k()], vec![]), within(vec![k()], vec![])],
        vec![within(vec![k()], vec![]), within(vec![], vec![k()])],
        vec![within(vec![k()], vec![]), d()],
        vec![within(vec![d()], vec![]), k()],
        vec![within(vec![d()], vec![]), within(vec![k()], vec![])],
        vec![within(vec![k()], vec![k()]), within(vec![k()], vec![])],
    ];
    for ops in refused {
        let mut store = Store::new();
        assert_eq!(
            store.all(ops.clone()),
            Err(Refusal::DuplicateKey),
            "{ops:?}"
        );
        let failure = Txn {
            failure: ops,
            ..Txn::default()
        };
        assert_eq!(store.txn(failure), Err(Refusal::DuplicateKey));
    }
}

#[test]
fn what_only_looks_like_a_key_that_is_changed_twice_is_done() {
    let k = || op_put("k");
    let d = || op_delete(single("k"));
    let done = [
        vec![d(), d()],
        vec![op_delete(between("a", "k")), k()],
        vec![op_delete(between("z", "a")), k()],
        vec![op_delete(between("a", "\0")), k()],
        vec![within(vec![k()], vec![k()])],
        vec![within(vec![k()], vec![d()])],
        vec![within(vec![k()], vec![]), within(vec![d()], vec![])],
    ];
    for ops in done {
        let mut store = Store::new();
        store.put("k", "0");
        assert_eq!(store.all(ops).unwrap().revision, 3);
    }
    let mut store = Store::new();
    let both = Txn {
        compare: vec![],
        success: vec![k()],
        failure: vec![k()],
    };
    assert!(store.txn(both).is_ok());
}

#[test]
fn a_key_that_is_removed_and_written_at_one_revision_is_new() {
    let mut store = Store::new();
    store.put("k", "0");
    store
        .all(vec![op_delete(KeyRange::all()), op_put("k")])
        .unwrap();
    let kv = store.with_state(|state| state.get(b"k").cloned()).unwrap();
    assert_eq!((kv.create_revision, kv.version), (3, 1));
    assert_eq!(store.list(single("k"), 3), ["k=1"]);
    assert_eq!(store.list(single("k"), 2), ["k=0"]);
}

#[test]
fn a_transaction_has_128_operations_at_most_those_within_counted() {
    let mut store = Store::new();
    let reads = |count| vec![op_range(single("k")); count];
    let with = |count, nested: Vec<usize>| {
        let nested = nested.into_iter().map(|count| within(reads(count), vec![]));
        reads(count).into_iter().chain(nested).collect::<Vec<_>>()
    };
    for good in [
        with(128, vec![]),
        with(100, vec![27]),
        with(100, vec![26, 26]),
    ] {
        assert!(store.all(good).is_ok());
    }
    for bad in [with(129, vec![]), with(100, vec![28]), with(127, vec![1])] {
        assert_eq!(store.all(bad), Err(Refusal::TooManyOps));
    }
    let condition = compare(single("k"), Target::Version(0), Comparison::Equal);
    let many = Txn {
        compare: vec![condition; 129],
        ..Txn::default()
    };
    assert_eq!(store.txn(many), Err(Refusal::TooManyOps));
}

#[test]
fn one_bad_operation_leaves_everything_as_it_was() {
    let mut store = Store::new();
    store.put("a", "1");
    let future = TxnOp::Range(Range {
        revision: 4,
        ..Range::new(single("a"))
    });
    let no_lease = TxnOp::Put(Put {
        lease: 404,
        ..put("b", "1")
    });
    let no_key = TxnOp::Put(Put {
        ignore_value: true,
        ..put("b", "")
    });
    let bad = [
        (future, Refusal::Future),
        (no_lease, Refusal::LeaseNotFound),
        (no_key, Refusal::KeyNotFound),
        (op_put(""), Refusal::EmptyKey),
        (TxnOp::Nothing, Refusal::KeyNotFound),
    ];
    for (op, refusal) in bad {
        for ops in [
            vec![op_put("q"), op.clone()],
            vec![op_put("q"), within(vec![op], vec![])],
        ] {
            assert_eq!(store.all(ops), Err(refusal));
            assert_eq!((store.revision(), store.get("q")), (2, None));
        }
    }
}

#[test]
fn of_several_bad_operations_the_first_is_told() {
    let mut store = Store::new();
    let unknown = TxnOp::Range(Range {
        sort_by: SortBy::Unknown,
        ..Range::new(single("a"))
    });
    let value = TxnOp::Put(Put {
        ignore_value: true,
        ..put("b", "1")
    });
    let bad = [
        (value, Refusal::ValueProvided),
        (TxnOp::Nothing, Refusal::KeyNotFound),
        (unknown, Refusal::InvalidSort),
    ];
    for (first, refusal) in &bad {
        for (second, _) in &bad {
            let ops = vec![within(vec![first.clone()], vec![]), second.clone()];
            assert_eq!(store.all(ops), Err(*refusal));
        }
    }
}

#[test]
fn writes_are_looked_at_before_reads_and_their_keys_before_their_leases() {
    let mut store = Store::new();
    let future = TxnOp::Range(Range {
        revision: 4,
        ..Range::new(single("a"))
    });
    let no_lease = Put {
        lease: 404,
        ..put("b", "1")
    };
    let neither = Put {
        ignore_value: true,
        lease: 404,
        ..put("b", "")
    };
    assert_eq!(
        store.try_put(neither.clone()),
        Err(Refusal::LeaseNotFound),
        "alone"
    );
    let neither = within(vec![TxnOp::Put(neither)], vec![]);
    let ops = vec![future.clone(), neither];
    assert_eq!(store.all(ops), Err(Refusal::KeyNotFound));
    let ops = vec![future, TxnOp::Put(no_lease)];
    assert_eq!(store.all(ops), Err(Refusal::LeaseNotFound));
}

#[test]
fn what_is_not_done_may_ask_for_what_is_not_there() {
    let mut store = Store::new();
    let future = TxnOp::Range(Range {
        revision: 1000,
        ..Range::new(single("a"))
    });
    let txn = Txn {
        failure: vec![future],
        ..txn(vec![op_put("q")])
    };
    assert_eq!(store.txn(txn).unwrap().revision, 2);
}

#[test]
fn a_large_transaction_is_looked_at_in_time() {
    let keys: Vec<TxnOp> = (0..60).map(|at| op_put(&format!("{at}"))).collect();
    let nested: Vec<TxnOp> = (0..60).map(|_| within(vec![], keys.clone())).collect();
    assert_eq!(Store::new().all(nested), Err(Refusal::DuplicateKey));
}

#[test]
fn a_transaction_that_only_reads_comes_to_the_same_without_a_change() {
    let mut store = Store::new();
    for key in ["a", "b"] {
        store.put(key, "1");
    }
    let read = |key: &str| op_range(single(key));
    let nested = within(vec![read("b")], vec![read("a")]);
    let future = TxnOp::Range(Range {
        revision: 1000,
        ..Range::new(single("a"))
    });
    for ops in [vec![], vec![read("a"), nested], vec![future]] {
        let only_reads = txn(ops);
        let checked = CheckedTxn::new(only_reads.clone(), MAX_TXN_OPS).unwrap();
        let read = store.with_state(|state| state.read_txn(&Caller::Nobody, &checked));
        assert_eq!(read.unwrap(), store.txn(only_reads));
    }
    for op in [op_put("c"), within(vec![], vec![op_delete(single("a"))])] {
        let checked = CheckedTxn::new(txn(vec![op]), MAX_TXN_OPS).unwrap();
        let read = store.with_state(|state| state.read_txn(&Caller::Nobody, &checked));
        assert_eq!(read, None, "it may change something");
    }
}
