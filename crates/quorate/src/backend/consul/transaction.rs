//! Transactions, as Consul takes them.

use quorate_consul::{KvOp, KvVerb, TxnError, TxnResult};

use super::kv::{MAX_VALUE_BYTES, entry};
use crate::{
    Committed, Compare, Entry, Error, ErrorKind, FailedCompare, Operation, Outcome, Result,
    Revision, Transaction, TxnOutcome,
};

/// The most operations of one transaction.
pub(super) const MAX_OPS: usize = 64;
/// The largest body of a transaction.
pub(super) const MAX_BYTES: usize = 512 * 1024;
/// What an operation takes beside its key, value and session: `{"KV":{"Verb":…,"Index":…}},`.
const OVERHEAD: usize = 128;

/// A transaction in Consul's words: the comparisons first, then the operations.
pub(super) fn encode(transaction: &Transaction) -> Result<Vec<KvOp>> {
    transaction.validate()?;
    let compares = transaction.compares().iter().map(compare);
    let ops: Vec<KvOp> = compares
        .chain(transaction.operations().iter().map(operation))
        .collect();
    if let Some(op) = ops.iter().find(|op| op.value.len() > MAX_VALUE_BYTES) {
        let (key, bytes) = (&op.key, op.value.len());
        let rule = format!(
            "the value of `{key}` has {bytes} bytes, more than the {MAX_VALUE_BYTES} allowed"
        );
        return Err(refuse(&rule));
    }
    if ops.len() > MAX_OPS {
        return Err(refuse(&format!(
            "it has {} comparisons and operations, more than the {MAX_OPS} allowed",
            ops.len()
        )));
    }
    let bytes: usize = ops.iter().map(encoded_bytes).sum();
    if bytes > MAX_BYTES {
        return Err(refuse(&format!(
            "it takes {bytes} bytes as Consul encodes it, more than the {MAX_BYTES} allowed"
        )));
    }
    Ok(ops)
}

fn refuse(rule: &str) -> Error {
    Error::invalid("check transaction", rule)
}

fn compare(compare: &Compare) -> KvOp {
    let op = |verb| KvOp::new(verb, compare.key().as_str());
    match compare {
        Compare::NotExists(_) => op(KvVerb::CheckNotExists),
        // Consul has no check for it: a `get` fails where the key does not exist.
        Compare::Exists(_) => op(KvVerb::Get),
        Compare::Revision(_, revision) => op(KvVerb::CheckIndex).with_index(revision.0),
        Compare::Held(holding) => {
            KvOp::new(KvVerb::CheckSession, holding.key()).with_session(holding.owner())
        }
    }
}

fn operation(operation: &Operation) -> KvOp {
    match operation {
        Operation::Put(key, value) => {
            KvOp::new(KvVerb::Set, key.as_str()).with_value(value.clone())
        }
        Operation::Delete(key) => KvOp::new(KvVerb::Delete, key.as_str()),
        Operation::DeletePrefix(prefix) => KvOp::new(KvVerb::DeleteTree, prefix.as_str()),
        Operation::Get(key) => KvOp::new(KvVerb::Get, key.as_str()),
    }
}

/// At most this much of the body; a quote or backslash in a key takes two bytes.
fn encoded_bytes(op: &KvOp) -> usize {
    op.key.len() * 2 + op.value.len().div_ceil(3) * 4 + op.session.len() + OVERHEAD
}

/// What a transaction that was carried out answers: `ops` are those that were sent, the first
/// `compares` of them comparisons.
pub(super) fn committed(ops: &[KvOp], compares: usize, rows: Vec<TxnResult>) -> TxnOutcome {
    let mut rows = rows.into_iter().filter_map(|row| row.kv).peekable();
    let mut revision = None;
    let mut entries: Vec<Entry> = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        // Rows come in the order of the operations, but not every operation has one.
        let Some(row) = rows.next_if(|row| row.key == op.key && answers(op.verb)) else {
            continue;
        };
        if at < compares {
            continue;
        }
        match op.verb {
            KvVerb::Get => entries.push(entry(row)),
            _ => revision = revision.max(Some(Revision(row.modify_index))),
        }
    }
    TxnOutcome::Committed(Committed::new(revision, entries))
}

/// Whether an operation of this verb has a row in the answer.
fn answers(verb: KvVerb) -> bool {
    !matches!(
        verb,
        KvVerb::CheckNotExists | KvVerb::Delete | KvVerb::DeleteTree
    )
}

/// What a transaction that was not carried out answers.
pub(super) fn failed(transaction: &Transaction, errors: Vec<TxnError>) -> Result<TxnOutcome> {
    let compares = transaction.compares();
    let mut failed = Vec::with_capacity(errors.len());
    for error in errors {
        let compare = match compares.get(error.op_index) {
            Some(compare) => compare.clone(),
            None => match transaction
                .operations()
                .get(error.op_index - compares.len())
            {
                Some(Operation::Get(key)) => Compare::Exists(key.clone()),
                _ => {
                    let error = Error::new(ErrorKind::Protocol, "transact", error.what);
                    return Err(error.with_outcome(Outcome::DidNotHappen));
                }
            },
        };
        failed.push(FailedCompare::new(compare, error.what));
    }
    if failed.is_empty() {
        let detail = "it was refused without a reason";
        let error = Error::new(ErrorKind::Protocol, "transact", detail);
        return Err(error.with_outcome(Outcome::DidNotHappen));
    }
    Ok(TxnOutcome::Failed(failed))
}
