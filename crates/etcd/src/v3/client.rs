//! The client: connections, who we are, and where everything is found.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quorate_etcd_proto::prost::Message;
use quorate_net::task::TaskGroup;

use super::builder::ClientBuilder;
use super::call::{Call, Operation, Rpc};
use super::error::Error;
use super::kv::Kv;
use super::limits::Limits;
use super::link::Link;
use super::watch::Hub;

/// A client of etcd's v3 API.
///
/// Cloning is cheap and shares the connections, one to each server that was needed, which end with
/// the last clone. Leases that are kept, watches, locks and elections have tasks;
/// [`close`](Self::close) ends those in good order.
///
/// With several addresses the first that works serves all calls; when it fails, stands still, has
/// lost its leader or is behind the others, the next takes over. Reads are repeated while their
/// time lasts. Writes are repeated only if no server can have acted on them; a write whose answer
/// was lost is [`ErrorKind::Indeterminate`](super::ErrorKind).
///
/// With a name and password, it authenticates when that is needed first, and again when its token
/// is not accepted any more: once, however many calls wait for it.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share. The tasks hold only the link, so that they end with the last clone.
pub(crate) struct Inner {
    pub(crate) link: Arc<Link>,
    /// The tasks of keepers, watches, locks and elections.
    pub(crate) tasks: TaskGroup,
    pub(crate) hub: Hub,
    /// What drives the connections: it goes last.
    pub(crate) connections: TaskGroup,
}

impl Client {
    /// A client of one server, or of several separated by commas, with defaults for all else.
    ///
    /// Addresses look like `http://127.0.0.1:2379`, `https://etcd:2379`, `etcd:2379` or `etcd`.
    /// Nothing is sent and no connection made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](super::ErrorKind) names the address that can't be read.
    pub fn new(address: &str) -> Result<Self, Error> {
        Self::builder().address(address).build()
    }

    /// A builder, to set everything.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Sends a request.
    pub(crate) async fn ask<Q: Message, R: Message + Default>(
        &self,
        operation: Operation<'_>,
        rpc: &Rpc<Q, R>,
        request: &Q,
    ) -> Result<R, Error> {
        self.send(&Call::new(operation, rpc, request)).await
    }

    pub(crate) async fn send<R: Message + Default>(&self, call: &Call<'_>) -> Result<R, Error> {
        self.link().send(call).await
    }

    /// Asks for the members and takes their addresses into the set, besides those that were named.
    /// Returns all addresses. [`ClientBuilder::sync_every`] does it by itself.
    ///
    /// `Cluster.MemberList`
    ///
    /// # Errors
    /// What any read answers. The addresses stay as they are then.
    ///
    /// # Cancel safety
    /// The addresses stay as they are.
    pub async fn sync(&self) -> Result<Vec<String>, Error> {
        self.link().learn_members().await?;
        Ok(self.addresses())
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.inner.link
    }

    /// Keys and their values: the service `KV`.
    #[must_use]
    pub fn kv(&self) -> Kv {
        Kv::new(self.clone())
    }

    /// The addresses of the servers: those that were named, then those that were found.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let known = self.link().cluster.known();
        known.iter().map(ToString::to_string).collect()
    }

    /// The bounds of this client.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.link().limits
    }

    /// Ends the tasks of keepers, watches, locks and elections: what they hold is given back. Waits
    /// for up to `grace`; returns how many had to be ended without that. Other calls go on to work.
    ///
    /// # Cancel safety
    /// The tasks stay asked to end.
    pub async fn close(&self, grace: Duration) -> usize {
        self.inner.tasks.shutdown(grace).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("addresses", &self.addresses())
            .field("tasks", &self.inner.tasks.len())
            .field("connections", &self.inner.connections.len())
            .finish_non_exhaustive()
    }
}
