//! Transactions.

use quorate_etcd::v3::{Cond, ErrorKind, KeyRange, Txn, TxnOp};

use super::line::World;
use super::target::Etcd;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_transaction_is_one_revision_and_reads_what_it_wrote,
        conditions_compare_what_is_known_of_a_key,
        a_missing_key_has_zeros_and_no_value,
        a_condition_on_a_range_is_one_on_each_key,
        all_conditions_have_to_hold,
        a_key_is_changed_once_only,
        a_key_may_be_changed_in_either_branch,
        transactions_nest,
        a_transaction_has_at_most_128_operations,
        one_wrong_operation_refuses_all_of_them,
        an_operation_that_is_nothing_is_refused,
        the_typed_client_builds_transactions,
    ]
    .into()
}

async fn a_transaction_is_one_revision_and_reads_what_it_wrote(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn ? get a ; put a 1 ; get a ; put b 2 prev ; del c ; get *",
                "yes @A { [] ; put @A ; [a='1' @A] ; put @A ; deleted 0 ; [a='1' @A, b='2' @A] }",
            ),
            (
                "txn ? get * rev=A ; del a prev ; put c 1 ; get * count",
                "yes @B { [a='1' @A, b='2' @A] ; deleted 1 @B was [a='1' @A] ; put @B ; [] of 2 }",
            ),
            ("get *", "[b='2' @A, c='1' @B]"),
        ])
        .await
}

async fn conditions_compare_what_is_known_of_a_key(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("put a m", "put @A"),
            ("put a n lease=7", "put @B"),
        ])
        .await?;
    let holds = [
        "version a = 2",
        "version a != 1",
        "version a > 1",
        "version a < 3",
        "create a = A",
        "create a < B",
        "create a != B",
        "create a > A-1",
        "mod a = B",
        "mod a > A",
        "mod a != A",
        "mod a < B+1",
        "value a = n",
        "value a != m",
        "value a > m",
        "value a < o",
        "value a > ''",
        "lease a = 7",
        "lease a != 0",
        "lease a > 0",
        "lease a < 8",
    ];
    for condition in holds {
        let told = world.ask(&format!("txn {condition} ?")).await?;
        equal(condition, told.as_str(), "yes {  }")?;
    }
    let fails = [
        "version a = 1",
        "version a != 2",
        "version a > 2",
        "version a < 2",
        "create a = B",
        "create a > A",
        "mod a = A",
        "mod a < B",
        "value a = m",
        "value a != n",
        "value a > n",
        "value a < n",
        "lease a = 0",
        "lease a != 7",
        "lease a > 7",
        "lease a < 7",
    ];
    for condition in fails {
        let told = world.ask(&format!("txn {condition} ?")).await?;
        equal(condition, told.as_str(), "no {  }")?;
    }
    Ok(())
}

async fn a_missing_key_has_zeros_and_no_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn version x = 0, create x = 0, mod x = 0, lease x = 0 ?",
                "yes {  }",
            ),
            ("txn version x < 1 ?", "yes {  }"),
            ("txn version x != 0 ?", "no {  }"),
            ("txn value x = '' ?", "no {  }"),
            ("txn value x != y ?", "no {  }"),
            ("txn value x < y ?", "no {  }"),
            ("txn value x > '' ?", "no {  }"),
        ])
        .await
}

async fn a_condition_on_a_range_is_one_on_each_key(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("txn ? put a 1 ; put b 1", "yes @A { put @A ; put @A }"),
            ("put b 2", "put @B"),
            ("txn version * > 0 ?", "yes {  }"),
            ("txn version * = 1 ?", "no {  }"),
            ("txn value * > 0 ?", "yes {  }"),
            ("txn value * = 1 ?", "no {  }"),
            ("txn create * = A ?", "yes {  }"),
            // A range without keys is one missing key.
            ("txn version x* = 0 ?", "yes {  }"),
            ("txn version x* > 0 ?", "no {  }"),
            ("txn value x* > 0 ?", "no {  }"),
        ])
        .await
}

async fn all_conditions_have_to_hold(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            (
                "txn value a = 1, version a = 1 ? put b yes : put b no",
                "yes @B { put @B }",
            ),
            (
                "txn value a = 1, version a = 2 ? put b yes : put b no",
                "no @C { put @C }",
            ),
            ("txn value a = 2, version a = 1 ? put b yes", "no {  }"),
            ("get b", "[b='no' @C/B v2]"),
        ])
        .await
}

const TWICE: &str = "InvalidArgument: etcdserver: duplicate key given in txn request";

async fn a_key_is_changed_once_only(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("txn ? put a 1 ; put a 1", TWICE),
            ("txn ? put a 1 ; del a", TWICE),
            ("txn ? del a ; put a 1", TWICE),
            ("txn ? put b 1 ; del a..c", TWICE),
            ("txn ? del * ; put b 1", TWICE),
            ("txn ? : put a 1 ; put a 2", TWICE),
            ("txn ? ( ? put a 1 ) ; put a 2", TWICE),
            ("txn ? put a 2 ; ( ? get a : put a 1 )", TWICE),
            ("txn ? ( ? put a 1 ) ; ( ? put a 2 )", TWICE),
            ("txn ? ( ? put b 1 ) ; del a..c", TWICE),
            ("txn ? ( ? del a..c ) ; put b 1", TWICE),
            ("get *", "[]"),
            (
                "txn ? del a ; del a ; del *",
                "yes { deleted 0 ; deleted 0 ; deleted 0 }",
            ),
            ("txn ? put c 1 ; del a..c", "yes @A { put @A ; deleted 0 }"),
        ])
        .await
}

async fn a_key_may_be_changed_in_either_branch(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("txn version a = 0 ? put a 1 : put a 2", "yes @A { put @A }"),
            (
                "txn version a = 0 ? put a 1 : del a",
                "no @B { deleted 1 @B }",
            ),
            (
                "txn ? ( version a = 0 ? put a 3 : put a 4 )",
                "yes @C { yes { put @C } }",
            ),
        ])
        .await
}

async fn transactions_nest(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn ? put a 1 ; ( value a = 1 ? put b 1 : put b 2 ) ; ( version a = 0 ? put c 1 : get b )",
                // Conditions see the store as it was, not what is written before them.
                "yes @A { put @A ; no { put @A } ; yes { put @A } }",
            ),
            (
                "txn version a = 1 ? ( version a = 1 ? ( version a = 9 ? put x 1 : put y 1 ) ; get y ) : put z 1",
                "yes @B { yes { no { put @B } ; [y='1' @B] } }",
            ),
            ("get * keys", "[a='' @A, b='' @A, c='' @A, y='' @B]"),
        ])
        .await
}

async fn a_transaction_has_at_most_128_operations(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let line = |count: usize, part: &str| vec![part; count].join(" ; ");
    let too_many = "InvalidArgument: etcdserver: too many operations in txn request";
    let told = world.ask(&format!("txn ? {}", line(129, "get a"))).await?;
    equal("then", told.as_str(), too_many)?;
    let told = world
        .ask(&format!("txn ? get a : {}", line(129, "get a")))
        .await?;
    equal("else", told.as_str(), too_many)?;
    let conditions = vec!["version a = 0"; 129].join(", ");
    let told = world.ask(&format!("txn {conditions} ?")).await?;
    equal("conditions", told.as_str(), too_many)?;
    let inner = line(129, "get a");
    let told = world.ask(&format!("txn ? ( ? {inner} )")).await?;
    equal("nested", told.as_str(), too_many)?;
    let told = world.ask(&format!("txn ? {}", line(128, "get a"))).await?;
    anyhow::ensure!(told.starts_with("yes { [] ; []"), "{told}");
    // Each list counts alone.
    let told = world
        .ask(&format!("txn ? {0} : {0}", line(128, "get a")))
        .await?;
    anyhow::ensure!(told.starts_with("yes {"), "{told}");
    let mut txn = Txn::new();
    for _ in 0..129 {
        txn = txn.then(TxnOp::get(KeyRange::key("a")));
    }
    let refused = etcd
        .client
        .kv()
        .txn(&txn)
        .await
        .map_err(|error| error.kind());
    equal("typed", refused.err(), Some(ErrorKind::InvalidArgument))
}

async fn one_wrong_operation_refuses_all_of_them(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let future = "OutOfRange: etcdserver: mvcc: required revision is a future revision";
    world
        .play(&[
            ("txn ? put a 1 ; get a rev=9000000000", future),
            ("txn ? put a 1 ; ( ? get a rev=9000000000 )", future),
            (
                "txn ? put a 1 ; put b 1 lease=99",
                "NotFound: etcdserver: requested lease not found",
            ),
            (
                "txn ? put a 1 ; get ''",
                "InvalidArgument: etcdserver: key is not provided",
            ),
            (
                "txn ? put a 1 ; put b '' keep-value",
                "InvalidArgument: etcdserver: key not found",
            ),
            (
                "txn ? put a 1 ; put b 1 keep-value",
                "InvalidArgument: etcdserver: value is provided",
            ),
            ("get *", "[]"),
            // What is in the other branch is not carried out.
            ("txn ? put a 1 : get a rev=9000000000", "yes @A { put @A }"),
        ])
        .await
}

async fn an_operation_that_is_nothing_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn ? nothing",
                "InvalidArgument: etcdserver: key not found",
            ),
            (
                "txn ? put a 1 ; nothing",
                "InvalidArgument: etcdserver: key not found",
            ),
            ("get *", "[]"),
        ])
        .await
}

async fn the_typed_client_builds_transactions(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (a, b) = (etcd.key("a"), etcd.key("b"));
    let txn = || {
        Txn::new()
            .when(Cond::missing(&a))
            .then(TxnOp::put(&a, "1"))
            .then(TxnOp::txn(Txn::new().then(TxnOp::put(&b, "1"))))
            .otherwise(TxnOp::get(KeyRange::prefix(etcd.prefix())))
    };
    // Somebody may have deleted the key before the second time.
    anyhow::ensure!(!txn().may_be_repeated());
    let kv = etcd.client.kv();
    let first = kv.txn(&txn()).await?;
    equal("first", (first.succeeded, first.replies.len()), (true, 2))?;
    let second = kv.txn(&txn()).await?;
    let found = second.range(0).map(|range| range.kvs.len());
    equal("second", (second.succeeded, found), (false, Some(2)))
}
