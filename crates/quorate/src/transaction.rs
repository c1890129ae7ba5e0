//! Several keys at once.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::held::Holding;
use crate::{Entry, Error, Key, Prefix, Result, Revision};

/// Comparisons and operations that happen together or not at all.
///
/// If every comparison holds, every operation is carried out, and nobody ever sees a part of
/// them. If one does not, nothing is changed. A transaction names each key in at most one
/// operation, so the order of the operations does not matter; that, and the backend's limits, are
/// checked before anything is sent.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::prelude::*;
/// use quorate::{Transaction, TxnOutcome};
///
/// let coordinator = quorate::connect("memory:").await?;
/// let transfer = Transaction::new()
///     .not_exists("accounts/new")?
///     .put("accounts/new", "100")?
///     .put("log/1", "opened")?;
/// let outcome = coordinator.kv().transact(transfer.clone()).await?;
/// assert!(outcome.is_committed());
/// match coordinator.kv().transact(transfer).await? {
///     TxnOutcome::Failed(failed) => assert_eq!(failed[0].compare.key().as_str(), "accounts/new"),
///     TxnOutcome::Committed(_) => unreachable!(),
/// }
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a transaction does nothing until it is given to `transact`"]
pub struct Transaction {
    compares: Vec<Compare>,
    operations: Vec<Operation>,
}

/// Something that must hold for a [`Transaction`] to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compare {
    /// There is no such key.
    NotExists(Key),
    /// There is such a key.
    Exists(Key),
    /// The key's last change is this one.
    Revision(Key, Revision),
    /// The lock or slot is still held by whom it was given to: the fence of a fenced write.
    Held(Holding),
}

impl Compare {
    /// The key that is compared.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::NotExists(key) | Self::Exists(key) | Self::Revision(key, _) => key,
            Self::Held(holding) => holding.name(),
        }
    }
}

/// Something that a [`Transaction`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Writes a value.
    Put(Key, Bytes),
    /// Deletes a key; one that does not exist is fine.
    Delete(Key),
    /// Deletes everything beneath a prefix.
    DeletePrefix(Prefix),
    /// Reads a key. It must exist: otherwise the transaction fails with
    /// [`Compare::Exists`], even if that was not asked for.
    Get(Key),
}

/// What became of a [`Transaction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxnOutcome {
    /// All of it was done.
    Committed(Committed),
    /// None of it was done, because these comparisons did not hold. Never empty.
    Failed(Vec<FailedCompare>),
}

/// What a transaction that was carried out answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The revision that every key written has now. `None` if nothing was put and the backend does
    /// not say (see [`Capabilities`](crate::Capabilities)). A put that changes nothing may keep its
    /// key's older revision.
    pub revision: Option<Revision>,
    /// What the `get` operations read, in their order.
    pub entries: Vec<Entry>,
}

impl Committed {
    /// An answer with these facts.
    #[must_use]
    pub fn new(revision: Option<Revision>, entries: Vec<Entry>) -> Self {
        Self { revision, entries }
    }
}

/// A comparison that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedCompare {
    /// The comparison.
    pub compare: Compare,
    /// The server's own words.
    pub detail: String,
}

impl FailedCompare {
    /// `compare` did not hold; `detail` is the server's text.
    pub fn new(compare: Compare, detail: impl Into<String>) -> Self {
        Self {
            compare,
            detail: detail.into(),
        }
    }
}

impl TxnOutcome {
    /// Whether it was carried out.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Committed(_))
    }
}

impl Transaction {
    /// A transaction that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires that there is no `key`.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule of [`Key`]; so for each of these.
    pub fn not_exists(self, key: &str) -> Result<Self> {
        Ok(self.compare(Compare::NotExists(Key::new(key)?)))
    }

    /// Requires that there is a `key`.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule.
    pub fn exists(self, key: &str) -> Result<Self> {
        Ok(self.compare(Compare::Exists(Key::new(key)?)))
    }

    /// Requires that the last change of `key` is `revision`.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule.
    pub fn revision(self, key: &str, revision: Revision) -> Result<Self> {
        Ok(self.compare(Compare::Revision(Key::new(key)?, revision)))
    }

    /// Requires that a lock or slot is still held: `guard.holding()`. The backend itself checks it
    /// together with the write, so a holder that was paused too long can't overwrite its
    /// successor's work.
    pub fn held(self, holding: &Holding) -> Self {
        self.compare(Compare::Held(holding.clone()))
    }

    /// Writes `value` to `key`.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule.
    pub fn put(self, key: &str, value: impl Into<Bytes>) -> Result<Self> {
        Ok(self.operation(Operation::Put(Key::new(key)?, value.into())))
    }

    /// Deletes `key`, if it exists.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule.
    pub fn delete(self, key: &str) -> Result<Self> {
        Ok(self.operation(Operation::Delete(Key::new(key)?)))
    }

    /// Deletes everything beneath `prefix`.
    ///
    /// # Errors
    /// `InvalidArgument` if `prefix` breaks a rule.
    pub fn delete_prefix(self, prefix: &str) -> Result<Self> {
        Ok(self.operation(Operation::DeletePrefix(Prefix::new(prefix)?)))
    }

    /// Reads `key`, which must exist.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule.
    pub fn get(self, key: &str) -> Result<Self> {
        Ok(self.operation(Operation::Get(Key::new(key)?)))
    }

    /// Adds a comparison.
    pub fn compare(mut self, compare: Compare) -> Self {
        self.compares.push(compare);
        self
    }

    /// Adds an operation.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// The comparisons, in order.
    #[must_use]
    pub fn compares(&self) -> &[Compare] {
        &self.compares
    }

    /// The operations, in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Checks what holds on every backend: there is something to do, no key is named in two
    /// operations or covered by a prefix that another one deletes, and no revision is 0.
    ///
    /// # Errors
    /// `InvalidArgument`, with the rule that is broken.
    pub fn validate(&self) -> Result<()> {
        if self.compares.is_empty() && self.operations.is_empty() {
            return Err(refuse("it is empty"));
        }
        for compare in &self.compares {
            if let Compare::Revision(key, Revision(0)) = compare {
                let rule = format!("revision 0 of `{key}` does not exist; use not_exists");
                return Err(refuse(&rule));
            }
        }
        let mut keys = BTreeSet::new();
        for key in self.operations.iter().filter_map(Operation::key) {
            if !keys.insert(key) {
                return Err(refuse(&format!("two operations name `{key}`")));
            }
        }
        let mut prefixes: Vec<&Prefix> = Vec::new();
        for operation in &self.operations {
            let Operation::DeletePrefix(prefix) = operation else {
                continue;
            };
            let nested = prefixes
                .iter()
                .any(|p| p.covers(prefix.as_str()) || prefix.covers(p.as_str()));
            let key = keys.iter().find(|key| prefix.covers(key.as_str()));
            if nested || key.is_some() {
                return Err(refuse(&format!(
                    "two operations change what is beneath `{prefix}`"
                )));
            }
            prefixes.push(prefix);
        }
        Ok(())
    }
}

impl Operation {
    fn key(&self) -> Option<&Key> {
        match self {
            Self::Put(key, _) | Self::Delete(key) | Self::Get(key) => Some(key),
            Self::DeletePrefix(_) => None,
        }
    }
}

fn refuse(rule: &str) -> Error {
    Error::invalid("check transaction", rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn refused(transaction: Result<Transaction>) -> String {
        let error = transaction.unwrap().validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.to_string()
    }

    #[test]
    fn what_no_backend_can_do_is_refused() {
        let new = Transaction::new;
        assert!(refused(Ok(new())).contains("empty"));
        assert!(refused(new().put("a", "1").and_then(|t| t.get("a"))).contains("`a`"));
        assert!(refused(new().put("a/b", "1").and_then(|t| t.delete_prefix("a"))).contains("`a/`"));
        let nested = new()
            .delete_prefix("a")
            .and_then(|t| t.delete_prefix("a/b"));
        assert!(refused(nested).contains("`a/b/`"));
        assert!(refused(new().revision("a", Revision(0))).contains("not_exists"));
    }

    #[test]
    fn a_key_may_be_compared_and_written() {
        let transaction = Transaction::new()
            .revision("a", Revision(3))
            .and_then(|t| t.put("a", "2"))
            .and_then(|t| t.delete_prefix("b"));
        transaction.unwrap().validate().unwrap();
    }

    #[test]
    fn a_bad_key_is_refused_where_it_is_named() {
        assert!(Transaction::new().put("a//b", "1").is_err());
    }
}
