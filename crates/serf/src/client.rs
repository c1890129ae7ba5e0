//! The client: what its clones share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};

use quorate_net::call::Operation;
use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::{EndpointId, EndpointSet};
use quorate_net::secret::Secret;
use quorate_net::transport::Connector;
use quorate_wire::serf::{Command, Stop};
use tokio::sync::Mutex;

use crate::builder::ClientBuilder;
use crate::call::{Call, Lane};
use crate::error::Error;
use crate::hosts::{Host, Hosts};
use crate::limits::Limits;
use crate::link::{Link, LinkLimits};

/// A client of one agent at a time, of those that it was given.
///
/// Cheap to clone; clones share connections. Calls run side by side: commands that need other
/// members have a connection of their own, so that they hold up nobody. A lost connection is made
/// again by the next call, to the same agent or the next one; streams come back by themselves.
///
/// What is sent and unanswered when a connection ends is sent again if it changes nothing, and fails
/// with [`ErrorKind::Indeterminate`](crate::ErrorKind) if it does.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    hosts: Hosts,
    pub(crate) endpoints: EndpointSet,
    pub(crate) connector: Connector,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Limits,
    pub(crate) link_limits: LinkLimits,
    pub(crate) seed: Option<u64>,
    quick: Place,
    slow: Place,
    /// All connections that there are, those of streams too.
    links: std::sync::Mutex<Vec<Weak<Link>>>,
    closed: AtomicBool,
}

/// Where the connection of a lane is, and to whom.
pub(crate) type Place = Mutex<Option<(EndpointId, Arc<Link>)>>;

impl Inner {
    pub(crate) fn new(
        hosts: Hosts,
        endpoints: EndpointSet,
        connector: Connector,
        timeouts: Timeouts,
        limits: Limits,
        link_limits: LinkLimits,
        seed: Option<u64>,
    ) -> Self {
        Self {
            hosts,
            endpoints,
            connector,
            timeouts,
            limits,
            link_limits,
            seed,
            quick: Mutex::default(),
            slow: Mutex::default(),
            links: std::sync::Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn place(&self, lane: Lane) -> &Place {
        match lane {
            Lane::Quick => &self.quick,
            Lane::Slow => &self.slow,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn links(&self) -> MutexGuard<'_, Vec<Weak<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a connection, so that it ends with the client.
    pub(crate) fn register(&self, link: &Arc<Link>) {
        let mut links = self.links();
        links.retain(|link| link.strong_count() > 0);
        links.push(Arc::downgrade(link));
        drop(links);
        if self.is_closed() {
            link.close();
        }
    }

    /// The token of an agent.
    pub(crate) fn auth_key(&self, id: EndpointId) -> Option<&Secret> {
        let endpoint = self.endpoints.get(id)?;
        self.hosts
            .iter()
            .find(|host| host.endpoint == *endpoint)?
            .auth_key
            .as_ref()
    }
}

impl Client {
    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Sets up a client.
    #[must_use = "a builder does nothing until it is built"]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A client of the agents of a list (see [`Hosts`]), after one of them has answered.
    ///
    /// # Errors
    /// Those of [`ClientBuilder::build`] and [`ping`](Self::ping).
    pub async fn connect(hosts: &str) -> Result<Self, Error> {
        let hosts: Hosts = hosts
            .parse()
            .map_err(|error| Error::invalid("read the hosts", format_args!("{error}")))?;
        let client = Self::builder().hosts(hosts).build()?;
        client.ping().await?;
        Ok(client)
    }

    /// The agents, in the order in which they are tried.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.inner.hosts.iter()
    }

    /// The agent that is asked at the moment.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        let endpoint = self.inner.endpoints.get(self.inner.endpoints.current())?;
        self.inner
            .hosts
            .iter()
            .find(|host| host.endpoint == *endpoint)
    }

    /// Checks that an agent answers. Changes nothing.
    ///
    /// Protocol: `stop` of a number that is not in use, which every agent accepts.
    ///
    /// # Errors
    /// As of every call: connections, tokens, times.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ping(&self) -> Result<(), Error> {
        let call = Call::read(Operation::new("ping", ""), Command::Stop, &Stop::default());
        self.ask(&call).await.map(drop)
    }

    /// Ends all connections, those of streams too. Calls after it, and those that wait, fail with
    /// [`ErrorKind::Closed`](crate::ErrorKind) or with what is known of them; streams end.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        for link in self.inner.links().drain(..) {
            if let Some(link) = link.upgrade() {
                link.close();
            }
        }
    }
}
