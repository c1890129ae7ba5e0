//! The one handle that a program keeps.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::Backend;
use crate::gate::Gate;
use crate::{
    Cache, Capabilities, Election, Events, Held, Key, Kv, Lock, Members, Nodes, Prefix, Queries,
    Result, Semaphore, Services, Snapshots, Tree, Watch, WatchOptions, WatchTarget,
};

/// How long [`Coordinator::close`] waits for its own tasks before it ends them.
const GRACE: Duration = Duration::from_secs(2);

/// A backend, opened: [`connect`](crate::connect) gives one.
///
/// Clones are cheap and share it. What it started ends with [`close`](Self::close), or when the
/// last clone, handle, watch and guard of it is dropped.
#[derive(Clone, Debug)]
pub struct Coordinator {
    backend: Arc<Backend>,
    gate: Gate,
}

impl Coordinator {
    /// A coordinator on a backend of your own; [`connect`](crate::connect) opens those that are
    /// known.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        Self {
            backend: Arc::new(backend),
            gate: Gate::default(),
        }
    }

    /// The keys and values.
    #[must_use]
    pub fn kv(&self) -> Kv {
        Kv::gated(self.backend.kv.clone(), self.gate.clone())
    }

    /// Values of any shape as trees of keys.
    #[must_use]
    pub fn tree(&self) -> Tree {
        Tree::new(self.clone())
    }

    /// Watches one key, whether it exists or not.
    ///
    /// # Errors
    /// `InvalidArgument` if `key` breaks a rule of [`Key`]; `Unsupported`; `Closed`.
    pub fn watch(&self, key: &str) -> Result<Watch> {
        self.watch_with(WatchTarget::Key(Key::new(key)?), &WatchOptions::default())
    }

    /// Watches everything beneath `prefix`.
    ///
    /// # Errors
    /// `InvalidArgument` if `prefix` breaks a rule of [`Prefix`]; `Unsupported`; `Closed`.
    pub fn watch_prefix(&self, prefix: &str) -> Result<Watch> {
        self.watch_with(
            WatchTarget::Prefix(Prefix::new(prefix)?),
            &WatchOptions::default(),
        )
    }

    /// Watches `target` as `options` say.
    ///
    /// # Errors
    /// `Unsupported`; `Closed`.
    pub fn watch_with(&self, target: WatchTarget, options: &WatchOptions) -> Result<Watch> {
        self.gate.check(|| format!("watch `{target}`"))?;
        let events = self.backend.watch.watch(&target, options)?;
        Ok(Watch::new(target, events, self.gate.closed()))
    }

    /// Keeps a local copy of everything beneath `prefix` up to date.
    ///
    /// # Errors
    /// As [`watch_prefix`](Self::watch_prefix).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn cache(&self, prefix: &str) -> Result<Cache> {
        Ok(Cache::new(self.watch_prefix(prefix)?, &self.gate))
    }

    /// The lock `name`. See [`Lock`] for where it lives.
    #[must_use]
    pub fn lock(&self, name: impl Into<String>) -> Lock {
        Lock::new(self.backend.lock.clone(), self.gate.clone(), name.into())
    }

    /// The semaphore `name` with `limit` slots. See [`Semaphore`] for where it lives.
    #[must_use]
    pub fn semaphore(&self, name: impl Into<String>, limit: u32) -> Semaphore {
        Semaphore::new(
            self.backend.semaphore.clone(),
            self.gate.clone(),
            name.into(),
            limit,
        )
    }

    /// Waits for the lock `name`, runs `body` while it is held, and releases it. If the lock is
    /// lost, the body is dropped where it stands: it never runs on while another has the lock,
    /// except for what it does between two awaits.
    ///
    /// ```
    /// # #[cfg(feature = "embedded")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
    /// use quorate::prelude::*;
    ///
    /// let coordinator = quorate::connect("memory:").await?;
    /// let kv = coordinator.kv();
    /// let revision = coordinator
    ///     .with_lock("jobs/nightly", |held| async move {
    ///         // Written only if the lock is still ours at that moment.
    ///         kv.put_fenced(held.holding(), "jobs/result", "done").await
    ///     })
    ///     .await??;
    /// assert!(revision.0 > 0);
    /// # coordinator.close().await
    /// # }
    /// # #[cfg(not(feature = "embedded"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// `LeaseLost` if the lock was lost before `body` ended; those of [`Lock::acquire`].
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and releases the lock.
    pub async fn with_lock<T, F, Fut>(&self, name: &str, body: F) -> Result<T>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        self.lock(name).acquire().await?.run(body).await
    }

    /// Waits for a slot of the semaphore `name`, runs `body` while it is held, and releases it:
    /// [`with_lock`](Self::with_lock) for `limit` holders at once.
    ///
    /// # Errors
    /// `LeaseLost` if the slot was lost before `body` ended; those of [`Semaphore::acquire`].
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and releases the slot.
    pub async fn with_semaphore<T, F, Fut>(&self, name: &str, limit: u32, body: F) -> Result<T>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        self.semaphore(name, limit).acquire().await?.run(body).await
    }

    /// The election `name`. See [`Election`] for where it lives.
    #[must_use]
    pub fn election(&self, name: impl Into<String>) -> Election {
        Election::new(
            self.backend.election.clone(),
            self.gate.clone(),
            name.into(),
        )
    }

    /// The services and their instances.
    #[must_use]
    pub fn services(&self) -> Services {
        Services::new(self.backend.service.clone(), self.gate.clone())
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> Nodes {
        Nodes::new(self.backend.node.clone(), self.gate.clone())
    }

    /// The members of the cluster.
    #[must_use]
    pub fn members(&self) -> Members {
        Members::new(self.backend.member.clone(), self.gate.clone())
    }

    /// The events.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.backend.event.clone(), self.gate.clone())
    }

    /// The questions to all members.
    #[must_use]
    pub fn queries(&self) -> Queries {
        Queries::new(self.backend.query.clone(), self.gate.clone())
    }

    /// Saving everything into a file, and restoring it.
    #[must_use]
    pub fn snapshot(&self) -> Snapshots {
        Snapshots::new(self.backend.snapshot.clone(), self.gate.clone())
    }

    /// What the backend can do, and how much of it.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.backend.capabilities
    }

    /// What messages call the backend: its URL without options.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.backend.url
    }

    /// Asks whether a server answers and can serve: one cheap request.
    ///
    /// # Errors
    /// `Unavailable` and the others that any request can have.
    pub async fn check(&self) -> Result<()> {
        self.gate
            .run(|| "check".into(), self.backend.lifecycle.check())
            .await
    }

    /// The Consul client underneath, for what only Consul has. `None` on other backends.
    #[must_use]
    pub fn native_consul(&self) -> Option<&quorate_consul::Client> {
        self.backend.consul.as_ref()
    }

    /// The client of etcd's v2 API underneath, for what only etcd has. `None` on other backends.
    #[must_use]
    pub fn native_etcd2(&self) -> Option<&quorate_etcd::v2::Client> {
        self.backend.etcd2.as_ref()
    }

    /// The client of etcd's v3 API underneath, for what only etcd has. `None` on other backends.
    #[must_use]
    pub fn native_etcd3(&self) -> Option<&quorate_etcd::v3::Client> {
        self.backend.etcd3.as_ref()
    }

    /// The client of Serf's RPC underneath, for what only Serf has. `None` on other backends.
    #[must_use]
    pub fn native_serf(&self) -> Option<&quorate_serf::Client> {
        self.backend.serf.as_ref()
    }

    /// Ends everything: calls that wait for a lock give `Closed`, watches end, guards count as
    /// lost and what they hold is given back, caches stop, an embedded agent writes what it has and
    /// stops. Returns when that is done. Calling it again does nothing.
    ///
    /// # Errors
    /// What the backend could not end in good order.
    ///
    /// # Cancel safety
    /// Dropping this future leaves everything closed; call it again to go on waiting.
    pub async fn close(&self) -> Result<()> {
        self.gate.tasks().shutdown(GRACE).await;
        self.backend.lifecycle.close().await
    }
}
