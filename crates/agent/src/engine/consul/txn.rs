use std::sync::Arc;

use bytes::Bytes;
pub use quorate_wire::consul::txn::KvVerb;

use super::catalog::{CatalogOp, Check, Node, Service};
use super::kv::KvEntry;
use super::kv_write::{Acquired, Hold};
use super::state::{State, Step};
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::quote::quote;

/// Why an operation fails that the client may not do.
const DENIED: &str = "Permission denied";

/// One operation of a transaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TxnOp {
    /// On a key.
    Kv(KvOp),
    /// On a key, with a verb that does not exist: it fails, and changes nothing.
    UnknownKvVerb {
        /// The verb.
        verb: String,
        /// The key.
        key: Bytes,
    },
    /// On a node, service or check of the catalog.
    Catalog(CatalogOp),
    /// That the client may not do: it fails, and changes nothing.
    Denied,
}

/// An operation on a key. Fields that the verb does not need are ignored.
#[derive(Clone, Debug)]
pub struct KvOp {
    /// What is done.
    pub verb: KvVerb,
    /// The key, or the prefix of the `-tree` verbs.
    pub key: Bytes,
    /// The bytes to write.
    pub value: Bytes,
    /// The user's number to write.
    pub flags: u64,
    /// The ModifyIndex that is compared.
    pub index: u64,
    /// The session that acquires, releases or is compared.
    pub session: String,
}

impl TxnOp {
    /// Whether the operation changes nothing.
    #[must_use]
    pub fn is_read(&self) -> bool {
        match self {
            Self::Kv(op) => op.verb.is_read(),
            Self::Catalog(op) => op.is_read(),
            Self::UnknownKvVerb { .. } | Self::Denied => true,
        }
    }

    pub(super) fn payload_bytes(&self) -> usize {
        match self {
            Self::Kv(op) => op.key.len() + op.value.len(),
            Self::UnknownKvVerb { verb, key } => verb.len() + key.len(),
            Self::Catalog(_) | Self::Denied => 0,
        }
    }
}

/// One row of a transaction's results: what the operation left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TxnRow {
    /// A key.
    Kv(KvRow),
    /// A node.
    Node(Arc<Node>),
    /// A service.
    Service(Arc<Service>),
    /// A check.
    Check(Arc<Check>),
}

/// A key as an operation left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvRow {
    /// The entry.
    pub entry: Arc<KvEntry>,
    /// Whether the row shows the value: only those of `get` and `get-tree` do.
    pub shows_value: bool,
}

impl TxnRow {
    fn kv(entry: Arc<KvEntry>, shows_value: bool) -> Self {
        Self::Kv(KvRow { entry, shows_value })
    }
}

/// An operation that made its transaction fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnFailure {
    /// The operation's place in the transaction, from 0.
    pub op_index: usize,
    /// The real server's words.
    pub what: String,
}

/// What a transaction comes to.
type Outcome = Result<Vec<TxnRow>, Vec<TxnFailure>>;

impl State {
    /// Runs a transaction of reads alone, which needs no writer.
    ///
    /// # Errors
    /// Every operation that failed.
    pub fn read_txn(&self, ops: &[TxnOp]) -> Outcome {
        // The writing verbs are refused by the caller; on a clone they could do no harm either.
        self.clone().txn(ops, Time::START, &mut Changes::default())
    }

    pub(super) fn txn(&mut self, ops: &[TxnOp], now: Time, changes: &mut Changes) -> Outcome {
        let refused = failures(ops, |op| self.check(op, now));
        if !refused.is_empty() {
            return Err(refused);
        }
        self.atomically(now, changes, |step| {
            let mut rows = Vec::new();
            let failed = failures(ops, |op| step.run(op, &mut rows));
            if failed.is_empty() {
                Ok(rows)
            } else {
                Err(failed)
            }
        })
    }

    /// What the real server looks at before it runs anything: a failure here hides the failures
    /// of running, and spends no index.
    fn check(&self, op: &TxnOp, now: Time) -> Result<(), String> {
        let op = match op {
            TxnOp::Kv(op) => op,
            TxnOp::UnknownKvVerb { .. } => return Ok(()),
            TxnOp::Catalog(op) => return self.check_catalog_op(op),
            TxnOp::Denied => return Err(DENIED.into()),
        };
        if op.key.is_empty() && op.verb != KvVerb::DeleteTree {
            return Err("Must provide key".into());
        }
        if op.verb == KvVerb::Lock && self.lock_delays.holds(&op.key, now) {
            return Err(format!(
                "failed to lock key {} due to lock delay",
                quoted(&op.key)
            ));
        }
        Ok(())
    }
}

fn failures<'a>(
    ops: &'a [TxnOp],
    mut run: impl FnMut(&'a TxnOp) -> Result<(), String>,
) -> Vec<TxnFailure> {
    let failed = ops.iter().enumerate().filter_map(|(op_index, op)| {
        let what = run(op).err()?;
        Some(TxnFailure { op_index, what })
    });
    failed.collect()
}

impl Step<'_> {
    fn run(&mut self, op: &TxnOp, rows: &mut Vec<TxnRow>) -> Result<(), String> {
        let op = match op {
            TxnOp::Kv(op) => op,
            TxnOp::Catalog(op) => return self.run_catalog_op(op, rows),
            TxnOp::Denied => return Err(DENIED.into()),
            TxnOp::UnknownKvVerb { verb, .. } => {
                return Err(format!("unknown KV verb {}", quote(verb)));
            }
        };
        match op.verb {
            KvVerb::Set | KvVerb::Cas | KvVerb::Lock | KvVerb::Unlock => self.run_write(op, rows),
            KvVerb::Delete | KvVerb::DeleteCas | KvVerb::DeleteTree => self.run_delete(op),
            KvVerb::GetTree => {
                let entries = self.state.kv_under(&op.key).cloned();
                rows.extend(entries.map(|entry| TxnRow::kv(entry, true)));
                Ok(())
            }
            _ => self.run_check(op, rows),
        }
    }

    fn run_write(&mut self, op: &KvOp, rows: &mut Vec<TxnRow>) -> Result<(), String> {
        let KvOp { key, flags, .. } = op;
        let (value, session) = (op.value.clone(), op.session.as_str());
        match op.verb {
            KvVerb::Cas => {
                if !self.cas(key, value, *flags, op.index) {
                    return Err(format!("failed to set key {}, index is stale", quoted(key)));
                }
            }
            KvVerb::Lock => {
                let acquired = self.acquire(key, value, *flags, session);
                if acquired.map_err(|refusal| refusal.to_string())? == Acquired::HeldByOther {
                    let key = quoted(key);
                    return Err(format!("failed to lock key {key}, lock is already held"));
                }
            }
            KvVerb::Unlock => {
                let released = self.release(key, value, *flags, session);
                if !released.map_err(|refusal| refusal.to_string())? {
                    return Err(format!(
                        "failed to unlock key {}, lock isn't held, or is held by another session",
                        quoted(key)
                    ));
                }
            }
            _ => self.write(key, value, *flags, Hold::Keep),
        }
        let entry = self.state.kv.get(key).cloned();
        rows.extend(entry.map(|entry| TxnRow::kv(entry, false)));
        Ok(())
    }

    fn run_delete(&mut self, op: &KvOp) -> Result<(), String> {
        match op.verb {
            KvVerb::DeleteTree => self.delete_tree(op.key.clone()),
            KvVerb::DeleteCas => {
                if !self.delete_cas(&op.key, op.index) {
                    let key = quoted(&op.key);
                    return Err(format!("failed to delete key {key}, index is stale"));
                }
            }
            _ => self.delete(&op.key),
        }
        Ok(())
    }

    fn run_check(&mut self, op: &KvOp, rows: &mut Vec<TxnRow>) -> Result<(), String> {
        let key = quoted(&op.key);
        let entry = self.state.kv.get(&op.key).cloned();
        if op.verb == KvVerb::CheckNotExists {
            return entry.map_or(Ok(()), |_| Err(format!("key {key} exists")));
        }
        let Some(entry) = entry else {
            return Err(match op.verb {
                KvVerb::CheckIndex => format!("failed to check index, key {key} doesn't exist"),
                KvVerb::CheckSession => format!("failed to check session, key {key} doesn't exist"),
                _ => format!("key {key} doesn't exist"),
            });
        };
        let (current, wanted) = (entry.modify_index, op.index);
        if op.verb == KvVerb::CheckIndex && current != wanted {
            return Err(format!(
                "failed index check for key {key}, current modify index {current} != {wanted}"
            ));
        }
        let (current, wanted) = (entry.session.map(|id| id.to_string()), &op.session);
        let current = current.unwrap_or_default();
        if op.verb == KvVerb::CheckSession && !current.eq_ignore_ascii_case(wanted) {
            let (current, wanted) = (quote(&current), quote(wanted));
            return Err(format!(
                "failed session check for key {key}, current session {current} != {wanted}"
            ));
        }
        rows.push(TxnRow::kv(entry, op.verb == KvVerb::Get));
        Ok(())
    }
}

/// The key in double quotes, as the real server's texts have it.
fn quoted(key: &[u8]) -> String {
    quote(&String::from_utf8_lossy(key))
}
