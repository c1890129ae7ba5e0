//! Keys and values.

use std::sync::Arc;

use bytes::Bytes;

use crate::backend::{BoxFuture, KvBackend};
use crate::gate::Gate;
use crate::held::Holding;
use crate::{
    Entry, Error, ErrorKind, Key, Operation, Prefix, Result, Revision, Transaction, TxnOutcome,
};

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consistency {
    /// The backend's default. On Consul the leader answers: the latest write, but for a moment
    /// while leadership changes.
    #[default]
    Default,
    /// Never old: the leader asks a quorum first (`consistent`).
    Strong,
    /// Any server may answer, also one that is behind (`stale`): fast, and works without a leader.
    Stale,
}

/// Options of a read of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOptions {
    /// How fresh the answer must be; `None` is what the URL says (`?consistency=`), else
    /// [`Consistency::Default`].
    pub consistency: Option<Consistency>,
}

/// Options of a read of many keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// How fresh the answer must be; `None` is what the URL says.
    pub consistency: Option<Consistency>,
}

/// Options of a read of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeysOptions {
    /// How fresh the answer must be; `None` is what the URL says.
    pub consistency: Option<Consistency>,
    /// How deep to look: default all the way.
    pub depth: Depth,
}

/// How deep beneath a prefix names are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Every key.
    #[default]
    All,
    /// One level: keys right beneath the prefix, and each deeper path cut behind its next `/`.
    One,
}

/// Options of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutOptions {
    /// What must hold: default nothing.
    pub precondition: Precondition,
}

/// Options of a deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOptions {
    /// What must hold: default nothing. `NotExists` makes no sense here and is refused.
    pub precondition: Precondition,
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// The key does not exist; otherwise `AlreadyExists`.
    NotExists,
    /// The key's last change is this one; otherwise, also when it does not exist, `Conflict`.
    Revision(Revision),
}

impl Precondition {
    /// The revision that a key must have to be deleted.
    pub(crate) fn of_deletion(self, operation: impl Fn() -> String) -> Result<Option<Revision>> {
        match self {
            Self::None => Ok(None),
            Self::NotExists => {
                let detail = "precondition: a key that must not exist can't be deleted";
                Err(Error::invalid(operation(), detail))
            }
            Self::Revision(revision) => revision.known(operation).map(Some),
        }
    }
}

macro_rules! consistency_setter {
    ($($name:ident),*) => {$(
        impl $name {
            /// Says how fresh the answer must be.
            #[must_use]
            pub fn with_consistency(mut self, consistency: Consistency) -> Self {
                self.consistency = Some(consistency);
                self
            }
        }
    )*};
}

consistency_setter!(GetOptions, ListOptions, KeysOptions);

impl KeysOptions {
    /// Says how deep to look.
    #[must_use]
    pub fn with_depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }
}

impl PutOptions {
    /// Says what must hold.
    #[must_use]
    pub fn with_precondition(mut self, precondition: Precondition) -> Self {
        self.precondition = precondition;
        self
    }
}

impl DeleteOptions {
    /// Says what must hold.
    #[must_use]
    pub fn with_precondition(mut self, precondition: Precondition) -> Self {
        self.precondition = precondition;
        self
    }
}

/// The keys and values of a backend: [`Coordinator::kv`](crate::Coordinator::kv).
///
/// A cheap handle. Its calls are those of [`KvExt`], by name, and of [`KvBackend`], with options;
/// `use quorate::prelude::*` brings both into scope.
#[derive(Clone, Debug)]
pub struct Kv {
    backend: Arc<dyn KvBackend>,
    gate: Gate,
}

impl Kv {
    /// Keys and values of any backend, for example one of your own in a test.
    #[must_use]
    pub fn new(backend: Arc<dyn KvBackend>) -> Self {
        Self::gated(backend, Gate::default())
    }

    pub(crate) fn gated(backend: Arc<dyn KvBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }
}

#[deny(clippy::missing_trait_methods)]
impl KvBackend for Kv {
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>> {
        let operation = || format!("get `{key}`");
        self.gate
            .pass(operation, || self.backend.get_with(key, options))
    }

    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>> {
        let operation = || format!("list `{prefix}`");
        self.gate
            .pass(operation, || self.backend.list_with(prefix, options))
    }

    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        let operation = || format!("list the names of `{prefix}`");
        self.gate
            .pass(operation, || self.backend.keys_with(prefix, options))
    }

    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        value: Bytes,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>> {
        let operation = || format!("put `{key}`");
        self.gate
            .pass(operation, || self.backend.put_with(key, value, options))
    }

    fn delete_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a DeleteOptions,
    ) -> BoxFuture<'a, Result<()>> {
        let operation = || format!("delete `{key}`");
        self.gate
            .pass(operation, || self.backend.delete_with(key, options))
    }

    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>> {
        let operation = || format!("delete everything beneath `{prefix}`");
        self.gate
            .pass(operation, || self.backend.delete_all(prefix))
    }

    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<TxnOutcome>> {
        self.gate
            .pass(|| "transact".into(), || self.backend.transact(transaction))
    }
}

/// Keys and values by name: what most programs call. Every [`KvBackend`] has it.
///
/// Each call gives `InvalidArgument` for a key that breaks a rule of [`Key`], and those of
/// [`ErrorKind`] that any request can have. A future that is dropped stops waiting; a write that
/// was already sent may still happen.
pub trait KvExt: KvBackend {
    /// Reads `key`; `None` if it does not exist.
    ///
    /// # Errors
    /// Those of every request.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Entry>>> + Send {
        async move { self.get_with(&Key::new(key)?, &GetOptions::default()).await }
    }

    /// Reads everything beneath `prefix` (see [`Prefix`]), ordered by key.
    ///
    /// # Errors
    /// Those of every request.
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<Entry>>> + Send {
        async move {
            self.list_with(&Prefix::new(prefix)?, &ListOptions::default())
                .await
        }
    }

    /// The names of everything beneath `prefix`, ordered.
    ///
    /// # Errors
    /// Those of every request.
    fn keys(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>>> + Send {
        async move {
            self.keys_with(&Prefix::new(prefix)?, &KeysOptions::default())
                .await
        }
    }

    /// The names one level beneath `prefix`, ordered; what has more beneath it ends with `/`.
    ///
    /// # Errors
    /// Those of every request.
    fn children(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>>> + Send {
        async move {
            let options = KeysOptions::default().with_depth(Depth::One);
            self.keys_with(&Prefix::new(prefix)?, &options).await
        }
    }

    /// Writes `value` to `key`, whatever it held, and gives the revision that it has now. A put
    /// that changes nothing may keep the old revision.
    ///
    /// # Errors
    /// Those of every request; `InvalidArgument` for a value beyond
    /// [`max_value_bytes`](crate::Capabilities::max_value_bytes); `Indeterminate` when the answer
    /// was lost.
    fn put(
        &self,
        key: &str,
        value: impl Into<Bytes> + Send,
    ) -> impl Future<Output = Result<Revision>> + Send {
        put(self, key, value.into(), Precondition::None)
    }

    /// Writes `value` to `key` if the key does not exist.
    ///
    /// # Errors
    /// As [`put`](Self::put); `AlreadyExists` if it does.
    fn create(
        &self,
        key: &str,
        value: impl Into<Bytes> + Send,
    ) -> impl Future<Output = Result<Revision>> + Send {
        put(self, key, value.into(), Precondition::NotExists)
    }

    /// Writes `value` to `key` if its last change is `revision`: compare and set.
    ///
    /// # Errors
    /// As [`put`](Self::put); `Conflict` if it was changed since, or deleted.
    fn replace(
        &self,
        key: &str,
        value: impl Into<Bytes> + Send,
        revision: Revision,
    ) -> impl Future<Output = Result<Revision>> + Send {
        put(self, key, value.into(), Precondition::Revision(revision))
    }

    /// Writes `value` to `key` if the lock or slot is still held, as the backend sees it at the
    /// moment of the write: `kv.put_fenced(&guard.holding(), "jobs/result", "done")`.
    ///
    /// # Errors
    /// As [`put`](Self::put); `LeaseLost` if it is not held any more.
    fn put_fenced(
        &self,
        holding: &Holding,
        key: &str,
        value: impl Into<Bytes> + Send,
    ) -> impl Future<Output = Result<Revision>> + Send {
        let value = value.into();
        async move {
            let key = Key::new(key)?;
            let operation = format!("put `{key}` while `{}` is held", holding.name());
            let transaction = Transaction::new()
                .held(holding)
                .operation(Operation::Put(key, value));
            match self.transact(transaction).await? {
                TxnOutcome::Committed(done) => done.revision.ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, operation, "no revision was answered")
                        .with_outcome(crate::Outcome::Happened)
                }),
                TxnOutcome::Failed(failed) => {
                    let detail = failed
                        .into_iter()
                        .map(|f| f.detail)
                        .next()
                        .unwrap_or_default();
                    Err(Error::new(ErrorKind::LeaseLost, operation, detail))
                }
            }
        }
    }

    /// Deletes `key`. That it does not exist is fine.
    ///
    /// # Errors
    /// Those of every request; `Indeterminate` when the answer was lost.
    fn delete(&self, key: &str) -> impl Future<Output = Result<()>> + Send {
        async move {
            self.delete_with(&Key::new(key)?, &DeleteOptions::default())
                .await
        }
    }

    /// Deletes `key` if its last change is `revision`.
    ///
    /// # Errors
    /// As [`delete`](Self::delete); `Conflict` if it was changed since, or does not exist.
    fn delete_at(&self, key: &str, revision: Revision) -> impl Future<Output = Result<()>> + Send {
        async move {
            let precondition = Precondition::Revision(revision);
            let options = DeleteOptions::default().with_precondition(precondition);
            self.delete_with(&Key::new(key)?, &options).await
        }
    }

    /// Deletes everything beneath `prefix`; the empty prefix deletes everything there is.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    fn delete_prefix(&self, prefix: &str) -> impl Future<Output = Result<()>> + Send {
        async move { self.delete_all(&Prefix::new(prefix)?).await }
    }
}

impl<T: KvBackend + ?Sized> KvExt for T {}

async fn put<K: KvBackend + ?Sized>(
    kv: &K,
    key: &str,
    value: Bytes,
    precondition: Precondition,
) -> Result<Revision> {
    let options = PutOptions::default().with_precondition(precondition);
    kv.put_with(&Key::new(key)?, value, &options).await
}
