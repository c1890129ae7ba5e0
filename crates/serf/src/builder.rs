//! Everything about a client that can be set.

use std::sync::Arc;
use std::time::Duration;

use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::secret::Secret;
use quorate_net::tls::TlsOptions;
use quorate_net::transport::{Connector, Dial, Protocol};

use crate::client::{Client, Inner};
use crate::error::Error;
use crate::hosts::{Host, Hosts};
use crate::limits::Limits;
use crate::link::LinkLimits;

const OPERATION: &str = "build the client";
/// How long an answer may take by default. Agents answer at once unless they have to ask others.
const ATTEMPT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Sets up a [`Client`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use quorate_serf::{Client, Hosts};
///
/// let hosts: Hosts = "10.0.0.1:7373,10.0.0.2:7373".parse()?;
/// let client = Client::builder().hosts(hosts).auth_key("s3cret").build()?;
/// assert_eq!(client.hosts().count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    hosts: Option<Hosts>,
    auth_key: Option<Secret>,
    timeouts: Timeouts,
    keep_alive: Duration,
    limits: Limits,
    dial: Option<Arc<dyn Dial>>,
    seed: Option<u64>,
}

impl ClientBuilder {
    /// A builder with the defaults: an agent without a token at `127.0.0.1:7373`.
    pub fn new() -> Self {
        Self {
            hosts: None,
            auth_key: None,
            timeouts: Self::default_timeouts(),
            keep_alive: KEEP_ALIVE,
            limits: Limits::default(),
            dial: None,
            seed: None,
        }
    }

    /// How long calls may take unless something else is set: see [`timeouts`](Self::timeouts).
    #[must_use]
    pub fn default_timeouts() -> Timeouts {
        Timeouts::default().with_attempt(ATTEMPT)
    }

    /// A builder with what the variables `SERF_RPC_ADDR` and `SERF_RPC_AUTH` say, as the `serf`
    /// command reads them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) when the address can't be read.
    pub fn from_env() -> Result<Self, Error> {
        let mut builder = Self::new();
        if let Ok(list) = std::env::var("SERF_RPC_ADDR") {
            let hosts = list.parse::<Hosts>();
            let hosts = hosts.map_err(|error| Error::invalid("read SERF_RPC_ADDR", error))?;
            builder = builder.hosts(hosts);
        }
        if let Ok(key) = std::env::var("SERF_RPC_AUTH") {
            builder = builder.auth_key(key);
        }
        Ok(builder)
    }

    /// Sets the agents, in the order in which they are tried. The first that works is asked until it
    /// does not work any more.
    pub fn hosts(mut self, hosts: impl Into<Hosts>) -> Self {
        self.hosts = Some(hosts.into());
        self
    }

    /// Sets the token of every agent whose address has none.
    pub fn auth_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth_key = Some(key.into());
        self
    }

    /// Sets how long calls may take. Default: 2 s to connect, 10 s an attempt, 15 s over all. What
    /// an agent needs longer for (to join others, to leave) has times of its own.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets after how long of silence an agent whose streams are read is asked whether it is still
    /// there. It is left when it is silent for as long again. Default 10 s.
    pub fn keep_alive(mut self, every: Duration) -> Self {
        self.keep_alive = every;
        self
    }

    /// Sets how much memory the client may take.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes every connection with `dial`, which may be shared in an `Arc`. Without hosts there is
    /// one, in memory.
    pub fn dialer(mut self, dial: impl Dial + 'static) -> Self {
        self.dial = Some(Arc::new(dial));
        self
    }

    /// Makes the pauses between attempts the same in every run, for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The client. No connection is made before the first call.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) names the setting that is wrong.
    pub fn build(self) -> Result<Client, Error> {
        let hosts = match (self.hosts, &self.dial) {
            (Some(hosts), _) => hosts,
            (None, Some(_)) => Hosts::new([Host {
                endpoint: Endpoint::memory(),
                auth_key: None,
            }]),
            (None, None) => Hosts::default(),
        };
        let hosts = match self.auth_key {
            Some(key) => hosts.with_auth_key(key),
            None => hosts,
        };
        let endpoints = EndpointSet::new(hosts.iter().map(|host| host.endpoint.clone()));
        let endpoints =
            endpoints.map_err(|error| Error::invalid(OPERATION, format_args!("hosts: {error}")))?;
        let connector = Connector::new(
            &endpoints,
            self.dial,
            &TlsOptions::default(),
            Protocol::Http1,
            self.timeouts.connect,
        );
        let connector = connector.map_err(|error| Error::invalid(OPERATION, error))?;
        Ok(Client::from_inner(Inner::new(
            hosts,
            endpoints,
            connector,
            self.timeouts,
            self.limits,
            LinkLimits {
                object_bytes: self.limits.object_bytes,
                answer: self.timeouts.attempt,
                write: self.timeouts.attempt,
                keep_alive: self.keep_alive,
            },
            self.seed,
        )))
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}
