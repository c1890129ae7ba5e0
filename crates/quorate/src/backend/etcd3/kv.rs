//! Keys and values on etcd v3.

use bytes::Bytes;
use quorate_etcd::v3::{self as native, DeleteOptions as NativeDelete, KeyRange, KeyValue, TxnOp};

use super::transaction::{self, MAX_VALUE_BYTES, Plan};
use super::{Etcd3Backend, unsigned};
use crate::backend::bounds::check_value;
use crate::backend::names::one_level;
use crate::backend::native::Native as _;
use crate::backend::{BoxFuture, KvBackend};
use crate::{
    Compare, Consistency, DeleteOptions, Depth, Entry, Error, ErrorKind, GetOptions, Key,
    KeysOptions, ListOptions, Precondition, Prefix, PutOptions, Result, Revision, Transaction,
    TxnOutcome,
};

/// How often a listing is begun anew because its revision was forgotten while it was read.
const TRIES: u32 = 8;

impl KvBackend for Etcd3Backend {
    /// `KV.Range`.
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>> {
        Box::pin(async move {
            let range = KeyRange::key(self.layout.key(key));
            let options = self.reading(options.consistency);
            let found = self.client.kv().range(&range, &options).await;
            let found = found.map_err(|error| self.error(error, format!("get `{key}`")))?;
            let kv = found.kvs.into_iter().next();
            Ok(kv.and_then(|kv| self.layout.entry(kv)))
        })
    }

    /// `KV.Range`, page by page at one revision.
    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>> {
        Box::pin(async move {
            let kvs = self.all(prefix, options.consistency, false).await;
            let kvs = kvs.map_err(|error| self.error(error, format!("list `{prefix}`")))?;
            let entries = kvs.into_iter().filter_map(|kv| self.layout.entry(kv));
            Ok(entries.collect())
        })
    }

    /// `KV.Range` without the values, page by page at one revision.
    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let kvs = self.all(prefix, options.consistency, true).await;
            let operation = || format!("list the names of `{prefix}`");
            let kvs = kvs.map_err(|error| self.error(error, operation()))?;
            let keys = kvs.iter().filter_map(|kv| self.layout.name(&kv.key));
            Ok(match options.depth {
                Depth::All => keys.collect(),
                Depth::One => one_level(prefix, keys),
            })
        })
    }

    /// `KV.Put`; under a precondition `KV.Txn`.
    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        value: Bytes,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(async move {
            let operation = || format!("put `{key}`");
            check_value(&value, MAX_VALUE_BYTES, operation)?;
            let compare = match options.precondition {
                Precondition::None => {
                    let put = self.client.kv().put(self.layout.key(key), value).await;
                    let put = put.map_err(|error| self.error(error, operation()))?;
                    return Ok(Revision(unsigned(put.header.revision)));
                }
                Precondition::NotExists => Compare::NotExists(key.clone()),
                Precondition::Revision(revision) => {
                    Compare::Revision(key.clone(), revision.known(operation)?)
                }
            };
            let put = TxnOp::put(self.layout.key(key), value);
            self.only_if(compare, put, operation).await
        })
    }

    /// `KV.DeleteRange`; with a revision `KV.Txn`.
    fn delete_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a DeleteOptions,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let operation = || format!("delete `{key}`");
            match options.precondition.of_deletion(operation)? {
                None => {
                    let deleted = self.client.kv().delete(self.layout.key(key)).await;
                    deleted.map_err(|error| self.error(error, operation()))?;
                }
                Some(revision) => {
                    let compare = Compare::Revision(key.clone(), revision);
                    let delete = TxnOp::delete(KeyRange::key(self.layout.key(key)));
                    self.only_if(compare, delete, operation).await?;
                }
            }
            Ok(())
        })
    }

    /// `KV.DeleteRange`: at once, with one revision.
    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let range = self.layout.beneath(prefix);
            let options = NativeDelete::new();
            let deleted = self.client.kv().delete_range(&range, &options).await;
            let operation = || format!("delete everything beneath `{prefix}`");
            deleted
                .map(drop)
                .map_err(|error| self.error(error, operation()))
        })
    }

    /// `KV.Txn`.
    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<TxnOutcome>> {
        Box::pin(async move {
            let plan = Plan::new(&self.layout, &transaction)?;
            let done = self.client.kv().txn(plan.txn()).await;
            let done = done.map_err(|error| self.error(error, "transact".into()))?;
            let outcome = plan.outcome(&self.layout, done);
            outcome.map_err(|error| error.with_target(self.url.as_str()))
        })
    }
}

impl Etcd3Backend {
    /// Everything beneath a prefix, as it was at one revision.
    async fn all(
        &self,
        prefix: &Prefix,
        consistency: Option<Consistency>,
        keys_only: bool,
    ) -> Result<Vec<KeyValue>, native::Error> {
        let (kv, range) = (self.client.kv(), self.layout.beneath(prefix));
        let mut options = self.reading(consistency);
        options.keys_only = keys_only;
        for _ in 1..TRIES {
            match kv.pages(range.clone(), options.clone()).collect().await {
                Err(error) if error.kind() == native::ErrorKind::Compacted => {}
                // The second page came from a member that is behind the one of the first.
                Err(error) if error.kind() == native::ErrorKind::FutureRevision => {
                    options.serializable = false;
                }
                listed => return listed,
            }
        }
        kv.pages(range, options).collect().await
    }

    /// Does `op` if `compare` holds, and gives the revision of it.
    async fn only_if(
        &self,
        compare: Compare,
        op: TxnOp,
        operation: impl Fn() -> String,
    ) -> Result<Revision> {
        let plan = Plan::of_one(&self.layout, compare.clone(), op);
        let done = self.client.kv().txn(plan.txn()).await;
        let done = done.map_err(|error| self.error(error, operation()))?;
        if done.succeeded {
            return Ok(Revision(unsigned(done.header.revision)));
        }
        let kind = match compare {
            Compare::NotExists(_) => ErrorKind::AlreadyExists,
            _ => ErrorKind::Conflict,
        };
        let failed = transaction::failed(&[compare], &done);
        let detail = failed.into_iter().next().map(|failed| failed.detail);
        let error = Error::new(kind, operation(), detail.unwrap_or_default());
        Err(error.with_target(self.url.as_str()))
    }
}
