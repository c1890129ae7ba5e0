//! etcd's v2 API, real or served by our agent: keys, watches, locks, semaphores and elections.
//!
//! How keys and values are kept there is of use to whoever shares them with other clients: see
//! [`target`](crate::target::Target) and the notes beside the code of `layout` and `value`.

mod changes;
mod election;
pub(super) mod error;
mod kv;
mod layout;
mod lock;
mod open;
mod semaphore;
mod value;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use quorate_etcd::v2::{Client, GetOptions};

use super::native::Native;
use super::{Backend, BoxFuture, Lifecycle, bounds};
use crate::{Capabilities, Consistency, Error, Prefix, Result};
use layout::Layout;

pub(crate) use open::open;

/// How long closing waits for locks to be given back.
const GRACE: Duration = Duration::from_secs(2);
/// A key that nobody has, in what is hidden.
const NOBODYS: &str = "/_quorate/check";

/// How an etcd backend is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Etcd2Options {
    /// The directory of etcd in which the keys are: default the root. Names of locks, semaphores
    /// and elections begin with it.
    pub prefix: Prefix,
    /// How fresh reads are unless a call says otherwise.
    pub consistency: Consistency,
    /// How long one poll of a watch waits: default 60 s.
    pub poll: Option<Duration>,
}

impl Etcd2Options {
    /// Sets the directory of the keys.
    #[must_use]
    pub fn with_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Says how fresh reads are unless a call says otherwise.
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }

    /// Sets how long one poll of a watch waits.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = Some(poll);
        self
    }
}

/// A backend on an etcd client of your own, with whatever it was built with.
///
/// ```no_run
/// use quorate::backend::etcd2::{Etcd2Options, from_client};
/// use quorate::etcd::v2::Client;
/// use quorate::prelude::*;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder()
///     .address("https://etcd-1:2379,https://etcd-2:2379")
///     .basic_auth("ann", "b1gs33cr3t");
/// let backend = from_client(client.build()?, "etcd2:", &Etcd2Options::default());
/// let coordinator = quorate::Coordinator::new(backend);
/// coordinator.kv().put("config/workers", "4").await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn from_client(client: Client, url: impl Into<String>, options: &Etcd2Options) -> Backend {
    let this = Arc::new(Etcd2Backend {
        client,
        url: url.into(),
        layout: Layout::new(&options.prefix),
        consistency: options.consistency,
        poll: options.poll,
    });
    let mut backend = Backend::new(this.url.clone());
    backend.etcd2 = Some(this.client.clone());
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
pub(crate) struct Etcd2Backend {
    client: Client,
    /// What errors call it when no server was asked.
    url: String,
    layout: Layout,
    consistency: Consistency,
    poll: Option<Duration>,
}

impl Native for Etcd2Backend {
    type Error = quorate_etcd::v2::Error;

    fn error(&self, error: quorate_etcd::v2::Error, operation: String) -> Error {
        Self::error(self, error, operation)
    }
}

impl Etcd2Backend {
    fn error(&self, error: quorate_etcd::v2::Error, operation: impl Into<String>) -> Error {
        error::from_native(error, operation, &self.url)
    }

    /// How to read with this freshness; `None` is what the URL says. etcd's own default is a
    /// member's copy, which may be old; here that is [`Consistency::Stale`] alone.
    fn reading(&self, consistency: Option<Consistency>) -> GetOptions {
        match consistency.unwrap_or(self.consistency) {
            Consistency::Stale => GetOptions::new(),
            Consistency::Default | Consistency::Strong => GetOptions::new().with_quorum(),
        }
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        kv: true,
        max_key_bytes: crate::MAX_KEY_BYTES,
        max_value_bytes: value::MAX_BYTES,
        watch: true,
        watch_every_change: true,
        exact_delete_revision: true,
        locks: true,
        semaphores: true,
        max_lock_value_bytes: bounds::MAX_VALUE_BYTES,
        min_ttl: quorate_etcd::v2::queue::MIN_TTL,
        max_ttl: bounds::MAX_TTL,
        max_lock_delay: bounds::MAX_DELAY,
        fair_locks: true,
        elections: true,
        durable: true,
        shared: true,
        ..Capabilities::default()
    }
}

impl Lifecycle for Etcd2Backend {
    /// `GET /v2/keys/_quorate/check?quorum=true`: it answers only where there is the v2 API, and a
    /// leader.
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let options = GetOptions::new().with_quorum();
            let asked = self.client.keys().get_with(NOBODYS, &options).await;
            asked.map(drop).map_err(|error| self.error(error, "check"))
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.client.close(GRACE).await;
            Ok(())
        })
    }
}
