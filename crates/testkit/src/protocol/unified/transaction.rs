//! Several keys at once.

use anyhow::{Context as _, bail, ensure};
use quorate::prelude::*;
use quorate::{Committed, Compare, ErrorKind, FailedCompare, Outcome, Transaction, TxnOutcome};

use super::target::{TRANSACTIONS, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        everything_happens_with_one_revision needs [TRANSACTIONS],
        one_failed_comparison_stops_everything needs [TRANSACTIONS],
        every_failed_comparison_is_told needs [TRANSACTIONS],
        comparisons_that_hold_let_it_happen needs [TRANSACTIONS],
        reads_of_a_transaction_show_what_was_there needs [TRANSACTIONS],
        a_prefix_can_be_deleted_in_a_transaction needs [TRANSACTIONS],
        the_most_operations_are_carried_out_and_one_more_is_refused needs [TRANSACTIONS],
        a_transaction_that_is_too_large_is_refused needs [TRANSACTIONS],
        a_key_is_changed_once needs [TRANSACTIONS],
        an_empty_transaction_is_told needs [TRANSACTIONS],
        a_read_of_a_missing_key_fails_the_transaction needs [TRANSACTIONS],
        binary_values_pass_through_transactions needs [TRANSACTIONS],
        concurrent_transfers_keep_the_sum needs [TRANSACTIONS],
    ]
    .into()
}

async fn committed(it: &Subject<Unified>, transaction: Transaction) -> anyhow::Result<Committed> {
    match it.coordinator.kv().transact(transaction).await? {
        TxnOutcome::Committed(done) => Ok(done),
        TxnOutcome::Failed(failed) => bail!("failed: {failed:?}"),
    }
}

async fn failed(
    it: &Subject<Unified>,
    transaction: Transaction,
) -> anyhow::Result<Vec<FailedCompare>> {
    match it.coordinator.kv().transact(transaction).await? {
        TxnOutcome::Failed(failed) => Ok(failed),
        TxnOutcome::Committed(done) => bail!("happened: {done:?}"),
    }
}

async fn everything_happens_with_one_revision(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let [a, b, c] = ["a", "b", "c"].map(|name| it.key(name));
    kv.put(&c, "old").await?;
    let txn = Transaction::new().put(&a, "1")?.put(&b, "2")?.delete(&c)?;
    let done = committed(it, txn).await?;
    let revision = done.revision.context("no revision")?;
    for (key, value) in [(&a, "1"), (&b, "2")] {
        let entry = kv.get(key).await?;
        equal(key, entry, Some(Entry::new(key, value, revision, revision)))?;
    }
    equal("deleted", kv.get(&c).await?, None)
}

async fn one_failed_comparison_stops_everything(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let [a, b] = ["a", "b"].map(|name| it.key(name));
    let revision = kv.put(&a, "1").await?;
    let txn = Transaction::new().revision(&a, revision)?.not_exists(&a)?;
    let txn = txn.put(&a, "2")?.put(&b, "2")?;
    let failures = failed(it, txn).await?;
    equal("failures", failures.len(), 1)?;
    ensure!(matches!(&failures[0].compare, Compare::NotExists(key) if key.as_str() == a));
    ensure!(!failures[0].detail.is_empty());
    equal(
        "a",
        kv.get(&a).await?,
        Some(Entry::new(&a, "1", revision, revision)),
    )?;
    equal("b", kv.get(&b).await?, None)
}

async fn every_failed_comparison_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let [there, none] = ["there", "none"].map(|name| it.key(name));
    let revision = kv.put(&there, "1").await?;
    let txn = Transaction::new()
        .not_exists(&there)?
        .exists(&none)?
        .revision(&none, revision)?
        .exists(&there)?
        .revision(&there, Revision(revision.0 + 1))?
        .put(&it.key("x"), "x")?;
    let compares: Vec<_> = failed(it, txn)
        .await?
        .into_iter()
        .map(|f| f.compare)
        .collect();
    equal("failures", compares.len(), 4)?;
    let keys: Vec<_> = compares
        .iter()
        .map(|compare| compare.key().as_str())
        .collect();
    equal("keys", keys, [&there, &none, &none, &there])?;
    equal("nothing is written", kv.get(&it.key("x")).await?, None)
}

async fn comparisons_that_hold_let_it_happen(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let [a, b, c] = ["a", "b", "c"].map(|name| it.key(name));
    let revision = kv.put(&a, "1").await?;
    kv.put(&b, "1").await?;
    let txn = Transaction::new()
        .revision(&a, revision)?
        .exists(&b)?
        .not_exists(&c)?;
    let done = committed(it, txn.put(&a, "2")?.put(&c, "2")?.delete(&b)?).await?;
    let after = done.revision.context("no revision")?;
    ensure!(after > revision);
    equal(
        "a",
        kv.get(&a).await?,
        Some(Entry::new(&a, "2", after, revision)),
    )?;
    equal("b", kv.get(&b).await?, None)?;
    equal(
        "c",
        kv.get(&c).await?.map(|entry| entry.revision),
        Some(after),
    )
}

async fn reads_of_a_transaction_show_what_was_there(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let [a, b] = ["a", "b"].map(|name| it.key(name));
    for key in [&a, &b] {
        kv.put(key, "1").await?;
    }
    let done = committed(it, Transaction::new().get(&a)?.get(&b)?).await?;
    let expected = [kv.get(&a).await?, kv.get(&b).await?];
    equal(
        "entries",
        done.entries.into_iter().map(Some).collect::<Vec<_>>(),
        expected,
    )
}

async fn a_prefix_can_be_deleted_in_a_transaction(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    for name in ["d/a", "d/b/c", "d2"] {
        kv.put(&it.key(name), "v").await?;
    }
    let txn = Transaction::new()
        .delete_prefix(&it.key("d"))?
        .put(&it.key("done"), "v")?;
    committed(it, txn).await?;
    equal(
        "left",
        kv.keys(it.prefix()).await?,
        [it.key("d2"), it.key("done")],
    )
}

async fn the_most_operations_are_carried_out_and_one_more_is_refused(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let most = it.coordinator.capabilities().max_txn_ops;
    let mut txn = Transaction::new();
    for number in 0..most {
        txn = txn.put(&it.key(&number.to_string()), "v")?;
    }
    let more = txn.clone().put(&it.key("more"), "v")?;
    let error = it
        .coordinator
        .kv()
        .transact(more)
        .await
        .err()
        .context("too many")?;
    equal(
        "kind",
        (error.kind(), error.outcome()),
        (ErrorKind::InvalidArgument, Outcome::DidNotHappen),
    )?;
    equal(
        "nothing",
        it.coordinator.kv().keys(it.prefix()).await?.len(),
        0,
    )?;
    committed(it, txn).await?;
    equal(
        "all",
        it.coordinator.kv().keys(it.prefix()).await?.len(),
        most,
    )
}

async fn a_transaction_that_is_too_large_is_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let half = it.coordinator.capabilities().max_value_bytes / 2;
    let mut txn = Transaction::new();
    for name in ["a", "b", "c"] {
        txn = txn.put(&it.key(name), vec![1; half])?;
    }
    let error = it
        .coordinator
        .kv()
        .transact(txn)
        .await
        .err()
        .context("too large")?;
    equal(
        "kind",
        (error.kind(), error.outcome()),
        (ErrorKind::InvalidArgument, Outcome::DidNotHappen),
    )
}

async fn a_key_is_changed_once(it: &Subject<Unified>) -> anyhow::Result<()> {
    let key = it.key("k");
    for txn in [
        Transaction::new().put(&key, "1")?.put(&key, "2")?,
        Transaction::new().put(&key, "1")?.delete(&key)?,
    ] {
        let error = it
            .coordinator
            .kv()
            .transact(txn)
            .await
            .err()
            .context("twice")?;
        equal("kind", error.kind(), ErrorKind::InvalidArgument)?;
    }
    equal(
        "nothing is written",
        it.coordinator.kv().get(&key).await?,
        None,
    )
}

async fn an_empty_transaction_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    match it.coordinator.kv().transact(Transaction::new()).await {
        Ok(TxnOutcome::Committed(done)) => equal("entries", done.entries, []),
        Ok(TxnOutcome::Failed(failed)) => bail!("failed: {failed:?}"),
        Err(error) => equal("kind", error.kind(), ErrorKind::InvalidArgument),
    }
}

async fn a_read_of_a_missing_key_fails_the_transaction(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (key, none) = (it.key("k"), it.key("none"));
    let txn = Transaction::new().get(&none)?.put(&key, "v")?;
    let failures = failed(it, txn).await?;
    equal("failures", failures.len(), 1)?;
    ensure!(matches!(&failures[0].compare, Compare::Exists(key) if key.as_str() == none));
    equal(
        "nothing is written",
        it.coordinator.kv().get(&key).await?,
        None,
    )
}

async fn binary_values_pass_through_transactions(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (key, all) = (it.key("k"), (0..=u8::MAX).collect::<Vec<u8>>());
    committed(it, Transaction::new().put(&key, all.clone())?).await?;
    let done = committed(it, Transaction::new().get(&key)?).await?;
    equal("value", &done.entries[0].value[..], &all[..])
}

async fn concurrent_transfers_keep_the_sum(it: &Subject<Unified>) -> anyhow::Result<()> {
    let keys = ["a", "b"].map(|name| it.key(name));
    for key in &keys {
        it.coordinator.kv().put(key, "50").await?;
    }
    let other = it.another().await?;
    let transfer = async |coordinator: &Coordinator, from: &str, to: &str| {
        let kv = coordinator.kv();
        for _ in 0..5 {
            loop {
                let source = kv.get(from).await?.context("no source")?;
                let target = kv.get(to).await?.context("no target")?;
                let amount = |entry: &Entry| entry.text().unwrap_or_default().parse::<i64>();
                let txn = Transaction::new()
                    .revision(from, source.revision)?
                    .revision(to, target.revision)?
                    .put(from, (amount(&source)? - 1).to_string())?
                    .put(to, (amount(&target)? + 1).to_string())?;
                if kv.transact(txn).await?.is_committed() {
                    break;
                }
            }
        }
        anyhow::Ok(())
    };
    tokio::try_join!(
        transfer(&it.coordinator, &keys[0], &keys[1]),
        transfer(&other, &keys[1], &keys[0]),
        transfer(&it.coordinator, &keys[1], &keys[0]),
    )?;
    let mut amounts = Vec::new();
    for key in &keys {
        let entry = it.coordinator.kv().get(key).await?.context("not there")?;
        amounts.push(entry.text().unwrap_or_default().parse::<i64>()?);
    }
    equal("amounts", amounts, [55, 45])
}
