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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FencingToken, Holding, Key};
    use quorate_consul::KvEntry;

    fn row(key: &str, modify_index: u64, value: &str) -> TxnResult {
        let mut entry = KvEntry::new(key, value.to_owned());
        (entry.modify_index, entry.create_index) = (modify_index, 1);
        entry.into()
    }

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn sample() -> Transaction {
        let holding = Holding::new(
            key("jobs"),
            "jobs/.lock".into(),
            "sid".into(),
            FencingToken(7),
        );
        Transaction::new()
            .held(&holding)
            .compare(Compare::NotExists(key("new")))
            .compare(Compare::Exists(key("old")))
            .compare(Compare::Revision(key("old"), Revision(3)))
            .operation(Operation::Put(key("new"), "1".into()))
            .operation(Operation::Get(key("read")))
            .operation(Operation::Delete(key("old")))
            .operation(Operation::DeletePrefix(key("dir").as_prefix()))
    }

    #[test]
    fn comparisons_go_first_and_each_has_its_verb() {
        let ops = encode(&sample()).unwrap();
        let shown: Vec<_> = ops
            .iter()
            .map(|op| format!("{} {} {}{}", op.verb.as_str(), op.key, op.index, op.session))
            .collect();
        assert_eq!(
            shown,
            [
                "check-session jobs/.lock 0sid",
                "check-not-exists new 0",
                "get old 0",
                "check-index old 3",
                "set new 0",
                "get read 0",
                "delete old 0",
                "delete-tree dir/ 0",
            ]
        );
    }

    #[test]
    fn rows_find_their_operations_although_some_have_none() {
        let ops = encode(&sample()).unwrap();
        let rows = vec![
            row("jobs/.lock", 7, ""),
            row("old", 3, "o"),
            row("old", 3, ""),
            row("new", 9, ""),
            row("read", 5, "r"),
        ];
        let expected = Entry::new("read", "r", Revision(5), Revision(1));
        let committed_with =
            |entries| TxnOutcome::Committed(Committed::new(Some(Revision(9)), entries));
        assert_eq!(
            committed(&ops, 4, rows.clone()),
            committed_with(vec![expected])
        );
        // A token that may not read the key gets no row for it.
        assert_eq!(
            committed(&ops, 4, rows[..4].to_vec()),
            committed_with(vec![])
        );
    }

    #[test]
    fn a_transaction_that_puts_nothing_has_no_revision() {
        let ops = encode(&Transaction::new().delete("a").unwrap()).unwrap();
        assert_eq!(
            committed(&ops, 0, vec![]),
            TxnOutcome::Committed(Committed::default())
        );
    }

    #[test]
    fn what_failed_is_named_by_its_comparison() {
        let errors = vec![
            TxnError::new(1, "key \"new\" exists"),
            TxnError::new(5, "no \"read\""),
        ];
        let TxnOutcome::Failed(failed) = failed(&sample(), errors).unwrap() else {
            panic!("it failed");
        };
        assert_eq!(failed[0].compare, Compare::NotExists(key("new")));
        assert_eq!(failed[0].detail, "key \"new\" exists");
        assert_eq!(failed[1].compare, Compare::Exists(key("read")));
    }

    #[test]
    fn an_operation_that_cannot_fail_but_does_is_no_comparison() {
        for errors in [
            vec![TxnError::new(4, "odd")],
            vec![TxnError::new(99, "odd")],
            vec![],
        ] {
            let error = failed(&sample(), errors).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
            assert_eq!(error.outcome(), Outcome::DidNotHappen);
        }
    }

    #[test]
    fn limits_are_checked_before_anything_is_sent() {
        let puts = |count: usize, bytes: usize| {
            (0..count).fold(Transaction::new(), |txn, n| {
                txn.operation(Operation::Put(key(&format!("k{n}")), vec![0; bytes].into()))
            })
        };
        assert!(encode(&puts(64, 1)).is_ok());
        assert!(encode(&puts(65, 1)).unwrap_err().to_string().contains("65"));
        assert!(encode(&puts(1, MAX_VALUE_BYTES)).is_ok());
        let error = encode(&puts(1, MAX_VALUE_BYTES + 1)).unwrap_err();
        assert!(error.to_string().contains("389120"), "{error}");
        let error = encode(&puts(2, MAX_VALUE_BYTES)).unwrap_err();
        assert!(error.to_string().contains("524288"), "{error}");
    }

    #[test]
    fn the_largest_value_beside_the_longest_key_is_within_the_servers_limit() {
        let longest = key(&"\"".repeat(crate::MAX_KEY_BYTES));
        let put = Operation::Put(longest, vec![0; MAX_VALUE_BYTES].into());
        let ops = encode(&Transaction::new().operation(put)).unwrap();
        assert!(encoded_bytes(&ops[0]) + 2 <= MAX_BYTES);
    }
}
