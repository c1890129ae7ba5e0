//! Consul, real or embedded: all of this layer over its HTTP API.

mod diff;
#[cfg(test)]
mod diff_model;
mod election;
#[cfg(feature = "embedded")]
pub(crate) mod embedded;
mod error;
mod event;
mod health;
mod kv;
mod lock;
mod member;
mod node;
mod open;
mod registration;
mod semaphore;
mod service;
mod snapshot;
mod transaction;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use quorate_consul::{Client, Timeouts};

use super::native::Native;
use super::{Backend, BoxFuture, Lifecycle};
use crate::{Capabilities, Consistency, Error, Result};

pub(crate) use open::open;

/// How a Consul backend is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsulOptions {
    /// How fresh reads and watches are unless a call says otherwise.
    pub consistency: Consistency,
}

impl ConsulOptions {
    /// Says how fresh reads and watches are unless a call says otherwise.
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }
}

/// A backend on a Consul client of your own, with whatever it was built with.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate::agent::Agent::start(Default::default()).await?;
/// use quorate::backend::consul::{ConsulOptions, from_client};
/// use quorate::consul::Client;
/// use quorate::prelude::*;
///
/// let client = Client::builder().token("b1gs33cr3t");
/// # let client = client.dialer(agent.dialer());
/// let backend = from_client(client.build()?, "consul:", &ConsulOptions::default());
/// let coordinator = quorate::Coordinator::new(backend);
/// coordinator.kv().put("config/workers", "4").await?;
/// assert_eq!(coordinator.kv().get("config/workers").await?.unwrap().text(), Some("4"));
/// coordinator.close().await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[must_use]
pub fn from_client(client: Client, url: impl Into<String>, options: &ConsulOptions) -> Backend {
    let capabilities = Capabilities {
        durable: true,
        shared: true,
        ..capabilities()
    };
    ConsulBackend {
        client,
        url: url.into(),
        consistency: options.consistency,
        host: None,
    }
    .into_backend(capabilities)
}

/// Consul through its client.
#[derive(Clone, Debug)]
pub(crate) struct ConsulBackend {
    client: Client,
    /// What errors call it when no server was asked.
    url: String,
    consistency: Consistency,
    /// The agent that answers, if it is in this process. Everything that is handed out keeps it.
    host: Option<Arc<dyn Host>>,
}

/// Whatever serves this backend in this process.
trait Host: std::fmt::Debug + Send + Sync {
    /// Stops it, and returns when it has stopped.
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl ConsulBackend {
    fn into_backend(self, capabilities: Capabilities) -> Backend {
        let mut backend = Backend::new(self.url.clone());
        backend.consul = Some(self.client.clone());
        backend.capabilities = capabilities;
        let this = Arc::new(self);
        backend.kv = this.clone();
        backend.watch = this.clone();
        backend.lock = this.clone();
        backend.semaphore = this.clone();
        backend.election = this.clone();
        backend.service = this.clone();
        backend.node = this.clone();
        backend.event = this.clone();
        backend.member = this.clone();
        backend.snapshot = this.clone();
        backend.lifecycle = this;
        backend
    }

    fn error(&self, error: quorate_consul::Error, operation: impl Into<String>) -> Error {
        error::from_native(error, operation, &self.url)
    }
}

impl Native for ConsulBackend {
    type Error = quorate_consul::Error;

    fn error(&self, error: quorate_consul::Error, operation: String) -> Error {
        Self::error(self, error, operation)
    }
}

/// The client's own times, perhaps with another one for everything together. An attempt may take
/// 10 s, because servers hold a call for 7 s while there is no leader.
fn timeouts(overall: Option<Duration>) -> Timeouts {
    let timeouts = Timeouts::default().with_attempt(Duration::from_secs(10));
    match overall {
        Some(_) => timeouts.with_overall(overall),
        None => timeouts,
    }
}

/// What the Consul API can do, wherever it is served.
fn capabilities() -> Capabilities {
    Capabilities {
        kv: true,
        max_key_bytes: crate::MAX_KEY_BYTES,
        max_value_bytes: kv::MAX_VALUE_BYTES,
        keys_beneath_keys: true,
        transactions: true,
        max_txn_ops: transaction::MAX_OPS,
        max_txn_bytes: transaction::MAX_BYTES,
        fenced_writes: true,
        txn_always_has_revision: false,
        watch: true,
        watch_every_change: false,
        exact_delete_revision: false,
        locks: true,
        semaphores: true,
        max_lock_value_bytes: quorate_consul::lock::MAX_LOCK_VALUE_BYTES,
        min_ttl: Duration::from_secs(10),
        max_ttl: Duration::from_secs(24 * 60 * 60),
        max_lock_delay: Duration::from_secs(60),
        fair_locks: false,
        elections: true,
        services: true,
        service_distances: true,
        nodes: true,
        members: true,
        tags: false,
        events: true,
        event_filters: true,
        queries: false,
        snapshots: true,
        durable: false,
        shared: false,
    }
}

impl Lifecycle for ConsulBackend {
    /// `GET /v1/status/leader`: it answers only where there is one.
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let leader = self.client.status().leader().await;
            match leader.map_err(|error| self.error(error, "check"))? {
                Some(_) => Ok(()),
                None => {
                    let kind = crate::ErrorKind::Unavailable;
                    Err(Error::new(kind, "check", "the cluster has no leader")
                        .with_target(self.url.as_str()))
                }
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            // Sessions are ended before the agent that keeps them.
            self.client.close().await;
            if let Some(host) = &self.host {
                host.close().await;
            }
            Ok(())
        })
    }
}
