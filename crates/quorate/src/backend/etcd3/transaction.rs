//! Transactions, as etcd takes them.

use quorate_etcd::v3::{Cond, KeyRange, KeyValue, RangeOptions, Txn, TxnOp, TxnReply, TxnResult};

use super::layout::Layout;
use super::unsigned;
use crate::backend::bounds::check_value;
use crate::{
    Committed, Compare, Error, ErrorKind, FailedCompare, Operation, Outcome, Result, Revision,
    Transaction, TxnOutcome,
};

/// The most operations of one transaction (`--max-txn-ops`).
pub(super) const MAX_OPS: usize = 128;
/// The largest transaction: what etcd takes (`--max-request-bytes`), less what it adds itself.
pub(super) const MAX_BYTES: usize = 1536 * 1024 - 4 * 1024;
/// The largest value that fits into a transaction beside the longest key, which is named where it
/// is compared, where it is read if that fails, and where it is written.
pub(super) const MAX_VALUE_BYTES: usize = MAX_BYTES - 12 * 1024 - 512;

/// A transaction in etcd's words: what is compared is read if a comparison does not hold, so that
/// it can be told which.
#[derive(Debug)]
pub(super) struct Plan {
    txn: Txn,
    compares: Vec<Compare>,
}

impl Plan {
    /// All of `transaction`, if it is within the limits. What is read has to exist.
    pub(super) fn new(layout: &Layout, transaction: &Transaction) -> Result<Self> {
        transaction.validate()?;
        let count = transaction.compares().len() + transaction.operations().len();
        if count > MAX_OPS {
            return Err(refuse(&format!(
                "it has {count} comparisons and operations, more than the {MAX_OPS} allowed"
            )));
        }
        let mut plan = Self {
            txn: Txn::new(),
            compares: Vec::new(),
        };
        for compare in transaction.compares() {
            plan.compare(layout, compare.clone());
        }
        for operation in transaction.operations() {
            if let Operation::Put(key, value) = operation {
                check_value(value, MAX_VALUE_BYTES, || format!("put `{key}`"))?;
            }
            if let Operation::Get(key) = operation {
                plan.compare(layout, Compare::Exists(key.clone()));
            }
            plan.txn = plan.txn.then(op(layout, operation));
        }
        let bytes = plan.txn.encoded_len();
        if bytes > MAX_BYTES {
            return Err(refuse(&format!(
                "it takes {bytes} bytes as etcd encodes it, more than the {MAX_BYTES} allowed"
            )));
        }
        Ok(plan)
    }

    /// One operation, if one comparison holds.
    pub(super) fn of_one(layout: &Layout, compare: Compare, op: TxnOp) -> Self {
        let mut plan = Self {
            txn: Txn::new().then(op),
            compares: Vec::new(),
        };
        plan.compare(layout, compare);
        plan
    }

    pub(super) fn txn(&self) -> &Txn {
        &self.txn
    }

    fn compare(&mut self, layout: &Layout, compare: Compare) {
        let key = match &compare {
            Compare::Held(holding) => holding.key().to_owned(),
            _ => layout.key(compare.key()),
        };
        let look = TxnOp::get_with(KeyRange::key(&key), &RangeOptions::new().keys_only());
        let txn = std::mem::take(&mut self.txn);
        self.txn = txn.when(cond(&key, &compare)).otherwise(look);
        self.compares.push(compare);
    }

    /// What became of it.
    pub(super) fn outcome(&self, layout: &Layout, done: TxnResult) -> Result<TxnOutcome> {
        if done.succeeded {
            let revision = Revision(unsigned(done.header.revision));
            let ranges = done.replies.into_iter().filter_map(|reply| match reply {
                TxnReply::Range(range) => range.kvs.into_iter().next(),
                _ => None,
            });
            let entries = ranges.filter_map(|kv| layout.entry(kv)).collect();
            return Ok(TxnOutcome::Committed(Committed::new(
                Some(revision),
                entries,
            )));
        }
        let failed = failed(&self.compares, &done);
        if failed.is_empty() {
            let detail = "it was refused without a reason";
            let error = Error::new(ErrorKind::Protocol, "transact", detail);
            return Err(error.with_outcome(Outcome::DidNotHappen));
        }
        Ok(TxnOutcome::Failed(failed))
    }
}

fn refuse(rule: &str) -> Error {
    Error::invalid("check transaction", rule)
}

fn op(layout: &Layout, operation: &Operation) -> TxnOp {
    match operation {
        Operation::Put(key, value) => TxnOp::put(layout.key(key), value.clone()),
        Operation::Delete(key) => TxnOp::delete(KeyRange::key(layout.key(key))),
        Operation::DeletePrefix(prefix) => TxnOp::delete(layout.beneath(prefix)),
        Operation::Get(key) => TxnOp::get(KeyRange::key(layout.key(key))),
    }
}

fn cond(key: &str, compare: &Compare) -> Cond {
    match compare {
        Compare::NotExists(_) => Cond::missing(key),
        Compare::Exists(_) => Cond::exists(key),
        Compare::Revision(_, revision) => Cond::mod_revision(key).is(signed(revision.0)),
        Compare::Held(holding) => Cond::create_revision(key).is(signed(holding.token().0)),
    }
}

/// A number as etcd has it; there are none that do not fit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Which of `compares` did not hold, as the reads instead of the operations show.
pub(super) fn failed(compares: &[Compare], done: &TxnResult) -> Vec<FailedCompare> {
    let mut failed = Vec::new();
    for (at, compare) in compares.iter().enumerate() {
        let found = done.range(at).and_then(|range| range.kvs.first());
        if let Some(detail) = difference(compare, found) {
            failed.push(FailedCompare::new(compare.clone(), detail));
        }
    }
    failed
}

/// Why a comparison does not hold of what was found; `None` if it does.
fn difference(compare: &Compare, found: Option<&KeyValue>) -> Option<String> {
    let missing = || "the key does not exist".to_owned();
    match (compare, found) {
        (Compare::NotExists(_), None) | (Compare::Exists(_), Some(_)) => None,
        (Compare::NotExists(_), Some(kv)) => Some(format!(
            "the key exists already, at revision {}",
            kv.mod_revision
        )),
        (Compare::Exists(_) | Compare::Revision(..), None) => Some(missing()),
        (Compare::Revision(_, revision), Some(kv)) => (kv.mod_revision != signed(revision.0))
            .then(|| format!("the key is at revision {}, not {revision}", kv.mod_revision)),
        (Compare::Held(holding), found) => {
            let created = found.map_or(0, |kv| kv.create_revision);
            let held = created == signed(holding.token().0);
            (!held).then(|| "it is not held any more".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FencingToken, Holding, Key, Prefix};

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn layout() -> Layout {
        Layout::new(&Prefix::new("apps").unwrap(), false)
    }

    fn holding() -> Holding {
        let token = FencingToken(7);
        let (key, owner) = ("apps/_locks/jobs/7f".into(), "7f".into());
        Holding::new(Key::new("jobs").unwrap(), key, owner, token)
    }

    #[test]
    fn what_is_compared_is_read_if_it_does_not_hold_and_so_is_what_must_exist() {
        let transaction = Transaction::new()
            .held(&holding())
            .compare(Compare::NotExists(key("new")))
            .compare(Compare::Revision(key("old"), Revision(3)))
            .operation(Operation::Put(key("new"), "1".into()))
            .operation(Operation::Get(key("read")))
            .operation(Operation::Delete(key("old")))
            .operation(Operation::DeletePrefix(key("dir").as_prefix()));
        let plan = Plan::new(&layout(), &transaction).unwrap();
        let look =
            |key: &str| TxnOp::get_with(KeyRange::key(key), &RangeOptions::new().keys_only());
        let expected = Txn::new()
            .when(Cond::create_revision("apps/_locks/jobs/7f").is(7))
            .when(Cond::missing("apps/new"))
            .when(Cond::mod_revision("apps/old").is(3))
            .when(Cond::exists("apps/read"))
            .then(TxnOp::put("apps/new", "1"))
            .then(TxnOp::get(KeyRange::key("apps/read")))
            .then(TxnOp::delete(KeyRange::key("apps/old")))
            .then(TxnOp::delete(KeyRange::prefix("apps/dir/")))
            .otherwise(look("apps/_locks/jobs/7f"))
            .otherwise(look("apps/new"))
            .otherwise(look("apps/old"))
            .otherwise(look("apps/read"));
        assert_eq!(plan.txn(), &expected);
    }

    #[test]
    fn a_comparison_that_did_not_hold_is_told_from_one_that_did() {
        let mut kv = KeyValue::default();
        (kv.create_revision, kv.mod_revision) = (7, 9);
        let (there, none) = (Some(&kv), None);
        let k = || key("k");
        for (compare, holds, does_not) in [
            (Compare::NotExists(k()), none, there),
            (Compare::Exists(k()), there, none),
            (Compare::Revision(k(), Revision(9)), there, none),
            (Compare::Held(holding()), there, none),
        ] {
            assert_eq!(difference(&compare, holds), None);
            assert!(difference(&compare, does_not).is_some());
        }
        let other = Compare::Revision(k(), Revision(8));
        let told = difference(&other, there).unwrap();
        assert_eq!(told, "the key is at revision 9, not 8");
        kv.create_revision = 8;
        let another = difference(&Compare::Held(holding()), Some(&kv));
        assert_eq!(another.as_deref(), Some("it is not held any more"));
    }

    #[test]
    fn limits_are_checked_before_anything_is_sent() {
        let puts = |count: usize, bytes: usize| {
            let put = |n| Operation::Put(key(&format!("k{n}")), vec![0; bytes].into());
            let all = (0..count).fold(Transaction::new(), |txn, n| txn.operation(put(n)));
            Plan::new(&layout(), &all)
        };
        assert!(puts(128, 1).is_ok());
        assert!(puts(129, 1).unwrap_err().to_string().contains("129"));
        assert!(puts(1, MAX_VALUE_BYTES).is_ok());
        let error = puts(1, MAX_VALUE_BYTES + 1).unwrap_err();
        let most = MAX_VALUE_BYTES.to_string();
        assert!(error.to_string().contains(&most), "{error}");
        let error = puts(2, MAX_VALUE_BYTES).unwrap_err();
        assert!(error.to_string().contains("1568768"), "{error}");
    }

    #[test]
    fn the_largest_value_beside_the_longest_key_is_within_the_limit() {
        let longest = Prefix::new("p".repeat(crate::MAX_KEY_BYTES)).unwrap();
        let layout = Layout::new(&longest, true);
        let key = key(&"k".repeat(crate::MAX_KEY_BYTES));
        let compare = Compare::Revision(key.clone(), Revision(i64::MAX.unsigned_abs()));
        let put = Operation::Put(key, vec![0; MAX_VALUE_BYTES].into());
        let transaction = Transaction::new().compare(compare).operation(put);
        assert!(Plan::new(&layout, &transaction).is_ok());
    }
}
