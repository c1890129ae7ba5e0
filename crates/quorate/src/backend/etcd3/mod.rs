//! etcd's v3 API, real or served by our agent: keys, transactions, watches, locks, semaphores and
//! elections.
//!
//! A key `jobs/a` is the key `jobs/a` of etcd, beneath the path of the URL if that has one. Locks,
//! semaphores and elections are beneath `_locks/`, `_semaphores/` and `_elections/` there, so that
//! nothing that is kept beneath a name is taken for somebody who waits.

mod election;
mod error;
mod kv;
mod layout;
mod lock;
mod open;
mod semaphore;
mod transaction;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use quorate_etcd::v3::{self as native, Client, KeyRange, RangeOptions};

use super::native::Native;
use super::{Backend, BoxFuture, Lifecycle, bounds};
use crate::{Capabilities, Consistency, Error, Prefix, Result};
use layout::Layout;

pub(crate) use open::open;

/// How long closing waits for locks to be given back.
const GRACE: Duration = Duration::from_secs(2);

/// How an etcd backend is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Etcd3Options {
    /// What all keys are beneath: default nothing.
    pub prefix: Prefix,
    /// Whether keys begin with a slash on etcd: default no.
    pub rooted: bool,
    /// How fresh reads are unless a call says otherwise.
    pub consistency: Consistency,
}

impl Etcd3Options {
    /// Sets what all keys are beneath.
    #[must_use]
    pub fn with_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Lets keys begin with a slash on etcd, as many programs have them there.
    #[must_use]
    pub fn rooted(mut self) -> Self {
        self.rooted = true;
        self
    }

    /// Says how fresh reads are unless a call says otherwise.
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }
}

/// A backend on an etcd client of your own, with whatever it was built with.
///
/// ```no_run
/// use quorate::backend::etcd3::{Etcd3Options, from_client};
/// use quorate::etcd::v3::Client;
/// use quorate::prelude::*;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder()
///     .address("https://etcd-1:2379,https://etcd-2:2379")
///     .user("ann", "b1gs33cr3t");
/// let backend = from_client(client.build()?, "etcd:", &Etcd3Options::default());
/// let coordinator = quorate::Coordinator::new(backend);
/// coordinator.kv().put("config/workers", "4").await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn from_client(client: Client, url: impl Into<String>, options: &Etcd3Options) -> Backend {
    let this = Arc::new(Etcd3Backend {
        client,
        url: url.into(),
        layout: Layout::new(&options.prefix, options.rooted),
        consistency: options.consistency,
    });
    let mut backend = Backend::new(this.url.clone());
    backend.etcd3 = Some(this.client.clone());
    backend.capabilities = capabilities();
    backend.kv = this.clone();
    backend.watch = this.clone();
    backend.lock = this.clone();
    backend.semaphore = this.clone();
    backend.election = this.clone();
    backend.lifecycle = this;
    backend
}

/// etcd through its client.
#[derive(Clone, Debug)]
pub(crate) struct Etcd3Backend {
    client: Client,
    /// What errors call it when no server was asked.
    url: String,
    layout: Layout,
    consistency: Consistency,
}

impl Native for Etcd3Backend {
    type Error = native::Error;

    fn error(&self, error: native::Error, operation: String) -> Error {
        error::from_native(error, operation, &self.url)
    }
}

impl Etcd3Backend {
    /// How to read with this freshness; `None` is what the URL says. A member's own copy may be
    /// old; everything else is agreed on by a quorum.
    fn reading(&self, consistency: Option<Consistency>) -> RangeOptions {
        match consistency.unwrap_or(self.consistency) {
            Consistency::Stale => RangeOptions::new().serializable(),
            Consistency::Default | Consistency::Strong => RangeOptions::new(),
        }
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        kv: true,
        max_key_bytes: crate::MAX_KEY_BYTES,
        max_value_bytes: transaction::MAX_VALUE_BYTES,
        keys_beneath_keys: true,
        transactions: true,
        max_txn_ops: transaction::MAX_OPS,
        max_txn_bytes: transaction::MAX_BYTES,
        fenced_writes: true,
        txn_always_has_revision: true,
        watch: true,
        watch_every_change: true,
        exact_delete_revision: true,
        locks: true,
        semaphores: true,
        max_lock_value_bytes: bounds::MAX_VALUE_BYTES,
        min_ttl: native::queue::MIN_TTL,
        max_ttl: bounds::MAX_TTL,
        max_lock_delay: bounds::MAX_DELAY,
        fair_locks: true,
        elections: true,
        durable: true,
        shared: true,
        ..Capabilities::default()
    }
}

/// A number of etcd, none of which is negative.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl Lifecycle for Etcd3Backend {
    /// `KV.Range` of a key that nobody has: it is answered only where there is a leader.
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let nobodys = KeyRange::key(self.layout.hidden("_quorate/check"));
            let options = RangeOptions::new().keys_only();
            let asked = self.client.kv().range(&nobodys, &options).await;
            asked
                .map(drop)
                .map_err(|error| self.error(error, "check".into()))
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.client.close(GRACE).await;
            Ok(())
        })
    }
}
