//! What a backend implements: one small trait a concept, all of them object-safe.
//!
//! The methods take checked types and every option, have no defaults, and are few. Users call
//! [`KvExt`](crate::KvExt), [`Lock`](crate::Lock) and their like, which are made of them. A backend
//! of your own, or a wrapper that slows, counts or breaks another one, becomes a
//! [`Coordinator`](crate::Coordinator) through [`Coordinator::new`](crate::Coordinator::new).

mod access;
mod bounds;
mod client_error;
pub mod consul;
mod election;
pub mod etcd2;
pub mod etcd3;
mod event;
mod mapped;
mod member;
mod names;
mod native;
mod node;
mod query;
mod roster;
pub mod serf;
mod service;
mod snapshot;
mod unfolded;
mod unsupported;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Instant;

use crate::{
    Acquisition, Capabilities, DeleteOptions, Entry, GetOptions, Holding, Key, KeysOptions,
    ListOptions, LockOptions, LostReason, Prefix, PutOptions, Result, Revision, SemaphoreOptions,
    Transaction, TxnOutcome, WatchEvent, WatchOptions, WatchTarget,
};

pub use election::{Elected, ElectionBackend, Office};
pub use event::EventBackend;
pub use member::MemberBackend;
pub use node::NodeBackend;
pub use query::{QueryBackend, Reply};
pub use service::{KeptService, ServiceBackend};
pub use snapshot::{SnapshotBackend, SnapshotSource};
pub use unsupported::Unsupported;

/// A future on the heap, so that the traits here are object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A stream on the heap.
pub type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

/// Keys and values.
pub trait KvBackend: Debug + Send + Sync {
    /// Reads `key`; `None` if it does not exist.
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>>;

    /// Reads everything beneath `prefix`, ordered by key.
    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>>;

    /// The names beneath `prefix`, ordered; as deep as the options say.
    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>>;

    /// Writes `value` to `key` if the precondition holds, and gives the key's revision, which was
    /// determined together with the write.
    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        value: Bytes,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>>;

    /// Deletes `key` if the precondition holds. Without one, a key that does not exist is fine.
    fn delete_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a DeleteOptions,
    ) -> BoxFuture<'a, Result<()>>;

    /// Deletes everything beneath `prefix`, at once.
    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>>;

    /// Carries out `transaction` if its comparisons hold.
    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<TxnOutcome>>;
}

/// Changes, as they happen.
pub trait WatchBackend: Debug + Send + Sync {
    /// Watches `target`, by the rules of [`Watch`](crate::Watch). The stream never ends; it works
    /// only while it is polled, and dropping it ends the watch.
    fn watch(
        &self,
        target: &WatchTarget,
        options: &WatchOptions,
    ) -> Result<BoxStream<'static, Result<WatchEvent>>>;
}

/// Locks.
pub trait LockBackend: Debug + Send + Sync {
    /// Takes the lock `name`, waiting as the options say. A future that is dropped leaves nothing
    /// behind.
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        options: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>>;

    /// Removes what the lock keeps on the server, if nobody holds it.
    fn destroy<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<()>>;
}

/// Semaphores.
pub trait SemaphoreBackend: Debug + Send + Sync {
    /// Takes one of the `limit` slots of `name`, waiting as the options say. A future that is
    /// dropped leaves nothing behind.
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        limit: u32,
        options: &'a SemaphoreOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>>;

    /// Removes what the semaphore keeps on the server, if nobody holds a slot.
    fn destroy<'a>(&'a self, name: &'a Key, limit: u32) -> BoxFuture<'a, Result<()>>;
}

/// A lock or slot, as a backend hands it over.
#[derive(Debug)]
pub struct Hold {
    /// Who holds what.
    pub holding: Holding,
    /// How long that is so.
    pub lease: Arc<dyn Lease>,
    /// The right to give it back. Dropping it sends the release to a task that exists already;
    /// it never blocks, starts anything or panics.
    pub grip: Box<dyn Grip>,
}

/// How long something is held.
pub trait Lease: Debug + Send + Sync {
    /// Until when it is certainly held, on this machine's clock.
    fn valid_until(&self) -> Instant;

    /// Whether it is held now.
    fn is_held(&self) -> bool;

    /// Resolves when it is not held any more, at `valid_until` at the latest.
    fn lost(&self) -> BoxFuture<'static, LostReason>;
}

/// The right to give something back.
pub trait Grip: Debug + Send + Sync {
    /// Gives it back and says how that went.
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// A backend as a whole.
pub trait Lifecycle: Debug + Send + Sync {
    /// Whether a server answers and can serve: one cheap request.
    fn check(&self) -> BoxFuture<'_, Result<()>>;

    /// Ends everything that the backend runs, and returns when it has ended.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}

/// All that a backend offers. What it lacks is [`Unsupported`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Backend {
    /// What messages call it: its URL, without secrets.
    pub url: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Keys and values.
    pub kv: Arc<dyn KvBackend>,
    /// Changes.
    pub watch: Arc<dyn WatchBackend>,
    /// Locks.
    pub lock: Arc<dyn LockBackend>,
    /// Semaphores.
    pub semaphore: Arc<dyn SemaphoreBackend>,
    /// Elections.
    pub election: Arc<dyn ElectionBackend>,
    /// Services.
    pub service: Arc<dyn ServiceBackend>,
    /// Nodes.
    pub node: Arc<dyn NodeBackend>,
    /// Members.
    pub member: Arc<dyn MemberBackend>,
    /// Events.
    pub event: Arc<dyn EventBackend>,
    /// Questions.
    pub query: Arc<dyn QueryBackend>,
    /// Snapshots.
    pub snapshot: Arc<dyn SnapshotBackend>,
    /// The whole.
    pub lifecycle: Arc<dyn Lifecycle>,
    /// The Consul client, where that is what works underneath.
    pub consul: Option<quorate_consul::Client>,
    /// The client of etcd's v2 API, where that is what works underneath.
    pub etcd2: Option<quorate_etcd::v2::Client>,
    /// The client of etcd's v3 API, where that is what works underneath.
    pub etcd3: Option<quorate_etcd::v3::Client>,
    /// The client of Serf's RPC, where that is what works underneath.
    pub serf: Option<quorate_serf::Client>,
}

impl Backend {
    /// A backend that can do nothing yet: set what it can.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let nothing = Arc::new(Unsupported::new(url.clone()));
        Self {
            url,
            capabilities: Capabilities::default(),
            kv: nothing.clone(),
            watch: nothing.clone(),
            lock: nothing.clone(),
            semaphore: nothing.clone(),
            election: nothing.clone(),
            service: nothing.clone(),
            node: nothing.clone(),
            member: nothing.clone(),
            event: nothing.clone(),
            query: nothing.clone(),
            snapshot: nothing.clone(),
            lifecycle: nothing,
            consul: None,
            etcd2: None,
            etcd3: None,
            serf: None,
        }
    }
}
