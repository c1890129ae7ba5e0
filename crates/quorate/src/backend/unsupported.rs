//! What a backend does not have.

use bytes::Bytes;

use super::{
    BoxFuture, BoxStream, Hold, KvBackend, Lifecycle, LockBackend, SemaphoreBackend, WatchBackend,
};
use crate::{
    Acquisition, DeleteOptions, Entry, Error, GetOptions, Key, KeysOptions, ListOptions,
    LockOptions, Prefix, PutOptions, Result, Revision, SemaphoreOptions, Transaction, TxnOutcome,
    WatchEvent, WatchOptions, WatchTarget,
};

/// Refuses every call with [`Unsupported`](crate::ErrorKind::Unsupported): stands in for what a
/// backend does not have.
#[derive(Clone, Debug)]
pub struct Unsupported {
    url: String,
}

impl Unsupported {
    /// Stands in for what the backend at `url` does not have.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    fn error(&self, operation: &str, concept: &str) -> Error {
        let detail = format!("this backend has no {concept}");
        Error::unsupported(operation, detail).with_target(self.url.as_str())
    }

    fn refuse<T: Send + 'static>(
        &self,
        operation: &str,
        concept: &str,
    ) -> BoxFuture<'static, Result<T>> {
        Box::pin(std::future::ready(Err(self.error(operation, concept))))
    }
}

const KEYS: &str = "keys and values";

impl KvBackend for Unsupported {
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        _: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>> {
        self.refuse(&format!("get `{key}`"), KEYS)
    }

    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        _: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>> {
        self.refuse(&format!("list `{prefix}`"), KEYS)
    }

    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        _: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        self.refuse(&format!("list the names of `{prefix}`"), KEYS)
    }

    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        _: Bytes,
        _: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>> {
        self.refuse(&format!("put `{key}`"), KEYS)
    }

    fn delete_with<'a>(&'a self, key: &'a Key, _: &'a DeleteOptions) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("delete `{key}`"), KEYS)
    }

    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("delete everything beneath `{prefix}`"), KEYS)
    }

    fn transact(&self, _: Transaction) -> BoxFuture<'_, Result<TxnOutcome>> {
        self.refuse("transact", KEYS)
    }
}

impl WatchBackend for Unsupported {
    fn watch(
        &self,
        target: &WatchTarget,
        _: &WatchOptions,
    ) -> Result<BoxStream<'static, Result<WatchEvent>>> {
        Err(self.error(&format!("watch `{target}`"), "watches"))
    }
}

impl LockBackend for Unsupported {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        _: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        self.refuse(&format!("acquire lock `{name}`"), "locks")
    }

    fn destroy<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("destroy lock `{name}`"), "locks")
    }
}

impl SemaphoreBackend for Unsupported {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        _: u32,
        _: &'a SemaphoreOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        self.refuse(&format!("acquire semaphore `{name}`"), "semaphores")
    }

    fn destroy<'a>(&'a self, name: &'a Key, _: u32) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("destroy semaphore `{name}`"), "semaphores")
    }
}

impl Lifecycle for Unsupported {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        self.refuse("check", "server to ask")
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
