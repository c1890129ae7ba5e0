use super::auth::Caller;
use super::compare::Compare;
use super::delete::{DeleteRange, Deleted};
use super::put::{Put, PutDone};
use super::range::{Range, Ranged};
use super::refusal::Refusal;
use super::state::State;
use super::step::Step;
use super::txn_check::CheckedTxn;

/// Conditions, what to do if all of them hold, and what to do if one does not. All of it sees the
/// same revision, and makes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// The conditions.
    pub compare: Vec<Compare>,
    /// What is done if they hold, in order.
    pub success: Vec<TxnOp>,
    /// What is done if not, in order.
    pub failure: Vec<TxnOp>,
}

/// A part of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TxnOp {
    /// Reads keys, and sees what the operations before it have written.
    Range(Range),
    /// Writes a key.
    Put(Put),
    /// Removes keys.
    Delete(DeleteRange),
    /// A transaction of its own, whose conditions are looked at before anything is written.
    Txn(Txn),
    /// An operation that says nothing, with which no transaction is in order.
    Nothing,
}

impl Txn {
    pub(super) fn payload_bytes(&self) -> usize {
        let ops = self.success.iter().chain(&self.failure);
        ops.map(|op| match op {
            TxnOp::Put(put) => put.payload_bytes(),
            TxnOp::Txn(txn) => txn.payload_bytes(),
            TxnOp::Range(_) | TxnOp::Delete(_) | TxnOp::Nothing => 0,
        })
        .sum()
    }

    /// Whether it writes a key, in whichever case.
    pub(super) fn puts(&self) -> bool {
        self.any(&|op| matches!(op, TxnOp::Put(_)))
    }

    /// Whether it changes a key, in whichever case.
    pub(super) fn writes(&self) -> bool {
        self.any(&|op| matches!(op, TxnOp::Put(_) | TxnOp::Delete(_)))
    }

    fn any(&self, wanted: &impl Fn(&TxnOp) -> bool) -> bool {
        let mut ops = self.success.iter().chain(&self.failure);
        ops.any(|op| match op {
            TxnOp::Txn(txn) => txn.any(wanted),
            op => wanted(op),
        })
    }
}

/// What a [`Txn`] comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnDone {
    /// The revision.
    pub revision: i64,
    /// Whether the conditions held.
    pub succeeded: bool,
    /// What each operation that was done comes to.
    pub replies: Vec<OpReply>,
}

/// What a [`TxnOp`] comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpReply {
    /// A read.
    Range(Ranged),
    /// A write.
    Put(PutDone),
    /// A removal.
    Delete(Deleted),
    /// A transaction within, which has no revision of its own: it is 0.
    Txn(TxnDone),
}

/// What is to be done of a transaction.
struct Chosen<'a> {
    succeeded: bool,
    ops: Vec<ChosenOp<'a>>,
}

enum ChosenOp<'a> {
    Range(&'a Range),
    Put(&'a Put),
    Delete(&'a DeleteRange),
    Txn(Chosen<'a>),
}

impl State {
    /// Looks at all conditions, those of transactions within too.
    fn choose<'a>(&self, txn: &'a Txn) -> Chosen<'a> {
        let succeeded = txn.compare.iter().all(|compare| self.holds(compare));
        let ops = if succeeded {
            &txn.success
        } else {
            &txn.failure
        };
        let choose = |op: &'a TxnOp| match op {
            TxnOp::Range(range) => Some(ChosenOp::Range(range)),
            TxnOp::Put(put) => Some(ChosenOp::Put(put)),
            TxnOp::Delete(delete) => Some(ChosenOp::Delete(delete)),
            TxnOp::Txn(txn) => Some(ChosenOp::Txn(self.choose(txn))),
            TxnOp::Nothing => None,
        };
        Chosen {
            succeeded,
            ops: ops.iter().filter_map(choose).collect(),
        }
    }

    /// What a transaction comes to that changes nothing, whatever its conditions; nothing if it may
    /// change something. It needs no place among the changes then.
    #[must_use]
    pub fn read_txn(&self, caller: &Caller, txn: &CheckedTxn) -> Option<Result<TxnDone, Refusal>> {
        let txn = txn.inner();
        (!txn.writes()).then(|| {
            self.may_read_all(caller, txn)?;
            let chosen = self.choose(txn);
            self.refuse_chosen(&chosen)?;
            Ok(TxnDone {
                revision: self.revision,
                ..self.read_chosen(&chosen)
            })
        })
    }

    fn read_chosen(&self, chosen: &Chosen<'_>) -> TxnDone {
        let reply = |op: &ChosenOp<'_>| match op {
            ChosenOp::Range(range) => Some(OpReply::Range(self.read(range, self.revision))),
            ChosenOp::Txn(chosen) => Some(OpReply::Txn(self.read_chosen(chosen))),
            ChosenOp::Put(_) | ChosenOp::Delete(_) => None,
        };
        TxnDone {
            revision: 0,
            succeeded: chosen.succeeded,
            replies: chosen.ops.iter().filter_map(reply).collect(),
        }
    }

    /// Why it can't be carried out. As in etcd, writes are looked at before reads.
    fn refuse_chosen(&self, chosen: &Chosen<'_>) -> Result<(), Refusal> {
        self.refuse_puts(chosen)?;
        self.refuse_reads(chosen)
    }

    fn refuse_puts(&self, chosen: &Chosen<'_>) -> Result<(), Refusal> {
        chosen.ops.iter().try_for_each(|op| match op {
            ChosenOp::Put(put) => self.refuse_put_within(put),
            ChosenOp::Txn(chosen) => self.refuse_puts(chosen),
            ChosenOp::Range(_) | ChosenOp::Delete(_) => Ok(()),
        })
    }

    fn refuse_reads(&self, chosen: &Chosen<'_>) -> Result<(), Refusal> {
        chosen.ops.iter().try_for_each(|op| match op {
            ChosenOp::Range(range) => self.refuse_revision(range.revision),
            ChosenOp::Txn(chosen) => self.refuse_reads(chosen),
            ChosenOp::Put(_) | ChosenOp::Delete(_) => Ok(()),
        })
    }
}

impl Step<'_> {
    pub(super) fn txn(&mut self, txn: &Txn) -> Result<TxnDone, Refusal> {
        let chosen = self.state.choose(txn);
        self.state.refuse_chosen(&chosen)?;
        let done = self.carry_out_chosen(&chosen);
        Ok(TxnDone {
            revision: self.revision(),
            ..done
        })
    }

    fn carry_out_chosen(&mut self, chosen: &Chosen<'_>) -> TxnDone {
        let mut replies = Vec::with_capacity(chosen.ops.len());
        for op in &chosen.ops {
            replies.push(match op {
                ChosenOp::Range(range) => OpReply::Range(self.state.read(range, self.revision())),
                ChosenOp::Put(put) => OpReply::Put(self.write(put)),
                ChosenOp::Delete(delete) => OpReply::Delete(self.delete(delete)),
                ChosenOp::Txn(chosen) => OpReply::Txn(self.carry_out_chosen(chosen)),
            });
        }
        TxnDone {
            revision: 0,
            succeeded: chosen.succeeded,
            replies,
        }
    }
}
