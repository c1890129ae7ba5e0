//! Serf through the RPC of an agent, real or ours: members, tags, events and questions.

mod error;
mod event;
mod member;
mod open;
mod query;

use std::sync::Arc;

use quorate_serf::{self as native, Client};

use super::{Backend, BoxFuture, Lifecycle};
use crate::{Capabilities, Error, Result};

pub(crate) use open::open;

/// A backend on a Serf client of your own, with whatever it was built with.
///
/// ```no_run
/// use quorate::backend::serf::from_client;
/// use quorate::serf::{Client, Host};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().hosts(Host::new("10.0.0.1", 7373)).auth_key("s3cret");
/// let coordinator = quorate::Coordinator::new(from_client(client.build()?, "serf:"));
/// coordinator.events().fire("deploy", "v17").await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn from_client(client: Client, url: impl Into<String>) -> Backend {
    let this = Arc::new(SerfBackend {
        client,
        url: url.into(),
    });
    let mut backend = Backend::new(this.url.clone());
    backend.serf = Some(this.client.clone());
    backend.capabilities = Capabilities {
        members: true,
        tags: true,
        events: true,
        queries: true,
        shared: true,
        ..Capabilities::default()
    };
    backend.member = this.clone();
    backend.event = this.clone();
    backend.query = this.clone();
    backend.lifecycle = this;
    backend
}

/// Serf through its client.
#[derive(Clone, Debug)]
pub(crate) struct SerfBackend {
    client: Client,
    /// What errors call it when no agent was asked.
    url: String,
}

impl SerfBackend {
    fn error(&self, error: native::Error, operation: impl Into<String>) -> Error {
        error::from_native(error, operation, &self.url)
    }
}

impl Lifecycle for SerfBackend {
    /// `stop` of what was never begun.
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let asked = self.client.ping().await;
            asked.map_err(|error| self.error(error, "check"))
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.client.close();
        Box::pin(std::future::ready(Ok(())))
    }
}
