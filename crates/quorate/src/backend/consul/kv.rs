//! Keys and values on Consul.

use bytes::Bytes;
use quorate_consul::{KvEntry, KvOp, KvVerb, QueryOptions, TxnOutcome as NativeOutcome};

use super::{ConsulBackend, transaction};
use crate::backend::bounds::check_value;
use crate::backend::{BoxFuture, KvBackend};
use crate::{
    Consistency, DeleteOptions, Depth, Entry, Error, ErrorKind, GetOptions, Key, KeysOptions,
    ListOptions, Outcome, Precondition, Prefix, PutOptions, Result, Revision, Transaction,
    TxnOutcome,
};

/// The largest value that fits into a transaction beside the longest key.
pub(super) const MAX_VALUE_BYTES: usize = 380 * 1024;

impl KvBackend for ConsulBackend {
    /// `GET /v1/kv/:key`.
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>> {
        Box::pin(async move {
            let query = self.query(options.consistency);
            let read = self.client.kv().get_with(key.as_str(), &query).await;
            let answer = read.map_err(|error| self.error(error, format!("get `{key}`")))?;
            Ok(answer.value.map(entry))
        })
    }

    /// `GET /v1/kv/:prefix?recurse`.
    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>> {
        Box::pin(async move {
            let query = self.query(options.consistency);
            let read = self.client.kv().list_with(prefix.as_str(), &query).await;
            let answer = read.map_err(|error| self.error(error, format!("list `{prefix}`")))?;
            Ok(answer.value.into_iter().map(entry).collect())
        })
    }

    /// `GET /v1/kv/:prefix?keys`.
    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        let separator = match options.depth {
            Depth::All => None,
            Depth::One => Some("/"),
        };
        Box::pin(async move {
            let query = self.query(options.consistency);
            let read = self
                .client
                .kv()
                .keys_with(prefix.as_str(), separator, &query)
                .await;
            let operation = || format!("list the names of `{prefix}`");
            Ok(read.map_err(|error| self.error(error, operation()))?.value)
        })
    }

    /// `PUT /v1/txn` with one `set` or `cas`: unlike `PUT /v1/kv`, it answers the ModifyIndex.
    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        value: Bytes,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(async move {
            let operation = || format!("put `{key}`");
            let op = put_op(key, value, options.precondition)?;
            match self.commit(vec![op], operation).await? {
                NativeOutcome::Committed(answer) => {
                    let row = answer.value.into_iter().find_map(|row| row.kv);
                    row.map(|row| Revision(row.modify_index)).ok_or_else(|| {
                        // The token may write the key and not read it: then the row is left out.
                        let detail = "it was written, but the revision may not be read";
                        let error = Error::new(ErrorKind::PermissionDenied, operation(), detail);
                        error
                            .with_outcome(Outcome::Happened)
                            .with_target(self.url.as_str())
                    })
                }
                NativeOutcome::RolledBack(errors) => {
                    let what = errors.into_iter().next().map(|error| error.what);
                    let error = broken(options.precondition, operation(), what);
                    Err(error.with_target(self.url.as_str()))
                }
            }
        })
    }

    /// `DELETE /v1/kv/:key`; with a revision `PUT /v1/txn`, because `DELETE ?cas` succeeds for a
    /// key that does not exist.
    fn delete_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a DeleteOptions,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let operation = || format!("delete `{key}`");
            let Some(revision) = options.precondition.of_deletion(operation)? else {
                let deleted = self.client.kv().delete(key.as_str()).await;
                return deleted.map_err(|error| self.error(error, operation()));
            };
            let check = KvOp::new(KvVerb::CheckIndex, key.as_str()).with_index(revision.0);
            let delete = KvOp::new(KvVerb::Delete, key.as_str());
            match self.commit(vec![check, delete], operation).await? {
                NativeOutcome::Committed(_) => Ok(()),
                NativeOutcome::RolledBack(errors) => {
                    let what = errors.into_iter().next().map(|error| error.what);
                    let error = broken(options.precondition, operation(), what);
                    Err(error.with_target(self.url.as_str()))
                }
            }
        })
    }

    /// `DELETE /v1/kv/:prefix?recurse`.
    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let deleted = self.client.kv().delete_tree(prefix.as_str()).await;
            let operation = || format!("delete everything beneath `{prefix}`");
            deleted.map_err(|error| self.error(error, operation()))
        })
    }

    /// `PUT /v1/txn`.
    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<TxnOutcome>> {
        Box::pin(async move {
            let ops = transaction::encode(&transaction)?;
            let compares = transaction.compares().len();
            match self.commit(ops.clone(), || "transact".into()).await? {
                NativeOutcome::Committed(answer) => {
                    Ok(transaction::committed(&ops, compares, answer.value))
                }
                NativeOutcome::RolledBack(errors) => {
                    let failed = transaction::failed(&transaction, errors);
                    failed.map_err(|error| error.with_target(self.url.as_str()))
                }
            }
        })
    }
}

impl ConsulBackend {
    async fn commit(
        &self,
        ops: Vec<KvOp>,
        operation: impl Fn() -> String,
    ) -> Result<NativeOutcome> {
        let txn = ops
            .into_iter()
            .fold(self.client.txn(), |txn, op| txn.op(op));
        txn.commit()
            .await
            .map_err(|error| self.error(error, operation()))
    }

    /// The options of a read that is this fresh; `None` is what the URL says.
    pub(super) fn query(&self, consistency: Option<Consistency>) -> QueryOptions {
        let consistency = match consistency.unwrap_or(self.consistency) {
            Consistency::Default => quorate_consul::Consistency::Default,
            Consistency::Strong => quorate_consul::Consistency::Consistent,
            Consistency::Stale => quorate_consul::Consistency::Stale,
        };
        QueryOptions::new().with_consistency(consistency)
    }
}

fn put_op(key: &Key, value: Bytes, precondition: Precondition) -> Result<KvOp> {
    let operation = || format!("put `{key}`");
    check_value(&value, MAX_VALUE_BYTES, operation)?;
    let op = |verb| KvOp::new(verb, key.as_str()).with_value(value);
    Ok(match precondition {
        Precondition::None => op(KvVerb::Set),
        // `cas` with index 0 writes only where there is no key.
        Precondition::NotExists => op(KvVerb::Cas),
        Precondition::Revision(revision) => {
            op(KvVerb::Cas).with_index(revision.known(operation)?.0)
        }
    })
}

/// The error for a precondition that did not hold.
fn broken(precondition: Precondition, operation: String, what: Option<String>) -> Error {
    let what = what.unwrap_or_default();
    match precondition {
        Precondition::NotExists => Error::new(
            ErrorKind::AlreadyExists,
            operation,
            "the key exists already",
        ),
        Precondition::Revision(revision) => {
            let detail = format!("the key is not at revision {revision} any more: {what}");
            Error::new(ErrorKind::Conflict, operation, detail)
        }
        Precondition::None => {
            Error::new(ErrorKind::Protocol, operation, what).with_outcome(Outcome::DidNotHappen)
        }
    }
}

/// A key as the unified layer shows it.
pub(super) fn entry(native: KvEntry) -> Entry {
    let KvEntry {
        key,
        value,
        modify_index,
        create_index,
        session,
        ..
    } = native;
    Entry::new(key, value, Revision(modify_index), Revision(create_index)).with_holder(session)
}
