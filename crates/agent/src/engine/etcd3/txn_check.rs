use std::collections::BTreeSet;

use super::intervals::Intervals;
use super::key_range::End;
use super::refusal::Refusal;
use super::txn::{Txn, TxnOp};

/// How many operations, or conditions, a transaction may have, with those of transactions within.
pub const MAX_TXN_OPS: usize = 128;

/// A transaction that is in order in itself: it has keys, not too many operations, and changes no
/// key twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTxn(Txn);

impl CheckedTxn {
    /// Looks whether a transaction is in order. This takes time that grows with the transaction,
    /// and needs no state.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(txn: Txn, max_ops: usize) -> Result<Self, Refusal> {
        check(&txn, max_ops)?;
        changes(&txn.success)?;
        changes(&txn.failure)?;
        Ok(Self(txn))
    }

    /// The transaction.
    #[must_use]
    pub fn inner(&self) -> &Txn {
        &self.0
    }
}

fn check(txn: &Txn, max_ops: usize) -> Result<(), Refusal> {
    let lengths = [txn.compare.len(), txn.success.len(), txn.failure.len()];
    let longest = lengths.into_iter().max().unwrap_or(0);
    // What is left is for each transaction within, and not for all of them together.
    let left = max_ops.checked_sub(longest).ok_or(Refusal::TooManyOps)?;
    txn.compare.iter().try_for_each(|compare| compare.check())?;
    let mut ops = txn.success.iter().chain(&txn.failure);
    ops.try_for_each(|op| match op {
        TxnOp::Range(range) => range.check(),
        TxnOp::Put(put) => put.check(),
        TxnOp::Delete(delete) => delete.check(),
        TxnOp::Txn(txn) => check(txn, left),
        TxnOp::Nothing => Err(Refusal::KeyNotFound),
    })
}

/// What operations change.
struct Changed<'a> {
    puts: BTreeSet<&'a [u8]>,
    deletes: Intervals,
}

impl<'a> Changed<'a> {
    fn put(&mut self, key: &'a [u8]) -> Result<(), Refusal> {
        if self.deletes.contains(key) || !self.puts.insert(key) {
            return Err(Refusal::DuplicateKey);
        }
        Ok(())
    }

    /// Adds what a transaction within changes, of which one side is done only: both may write the
    /// same key.
    fn either(&mut self, success: &Self, failure: &Self) -> Result<(), Refusal> {
        for key in success.puts.union(&failure.puts) {
            self.put(key)?;
        }
        self.deletes.add_all(&success.deletes);
        self.deletes.add_all(&failure.deletes);
        Ok(())
    }
}

/// What `ops` change, unless two of them write the same key, or one removes what another writes.
///
/// As in etcd, who removes what a transaction before it within writes is not found: the removal
/// counts for what comes behind it, and for what stands beside it. Nor is one that has no end.
fn changes(ops: &[TxnOp]) -> Result<Changed<'_>, Refusal> {
    let mut changed = Changed {
        puts: BTreeSet::new(),
        deletes: Intervals::default(),
    };
    for op in ops {
        if let TxnOp::Delete(delete) = op
            && delete.range.end != End::Open
        {
            changed.deletes.add(&delete.range);
        }
    }
    for op in ops {
        if let TxnOp::Txn(txn) = op {
            changed.either(&changes(&txn.success)?, &changes(&txn.failure)?)?;
        }
    }
    for op in ops {
        if let TxnOp::Put(put) = op {
            changed.put(&put.key)?;
        }
    }
    Ok(changed)
}
