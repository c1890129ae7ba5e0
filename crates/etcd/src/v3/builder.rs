//! Everything about a client that can be set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quorate_net::deadline::Timeouts;
use quorate_net::secret::Secret;
use quorate_net::servers::Servers;
use quorate_net::task::TaskGroup;

use super::channel::{ChannelConfig, KeepAlive};
use super::client::{Client, Inner};
use super::cluster::Cluster;
use super::discovery::Discovery;
use super::error::Error;
use super::identity::Identity;
use super::lacks::Lacks;
use super::limits::Limits;
use super::link::Link;
use super::token::Tokens;
use super::watch::Hub;
use crate::v2::discovery::{SrvLookup, SystemResolver};

/// The port of an address that names neither a scheme nor a port.
const DEFAULT_PORT: u16 = 2379;

/// How often the servers of a domain are looked up.
const DISCOVER_EVERY: Duration = Duration::from_secs(60);

const OPERATION: &str = "build the client";

/// Sets up a [`Client`]. What is wrong with a setting is told by [`build`](Self::build).
///
/// ```
/// # fn main() -> Result<(), quorate_etcd::v3::Error> {
/// use std::time::Duration;
/// use quorate_etcd::v3::Client;
///
/// let client = Client::builder()
///     .address("http://10.0.0.1:2379,http://10.0.0.2:2379")
///     .user("ann", "b1gs33cr3t")
///     .sync_every(Duration::from_secs(60))
///     .build()?;
/// assert_eq!(client.addresses().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    servers: Servers,
    user: Option<(String, Secret)>,
    limits: Limits,
    sync_every: Option<Duration>,
    expected_cluster: Option<u64>,
    any_cluster: bool,
    keep_alive: KeepAlive,
    domain: Option<String>,
    resolver: Option<Resolver>,
    discover_every: Duration,
}

/// One that was given.
#[derive(Clone)]
struct Resolver(Arc<dyn SrvLookup>);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl ClientBuilder {
    /// A builder with the defaults: `http://127.0.0.1:2379`, no password.
    pub fn new() -> Self {
        Self {
            servers: Servers::new(DEFAULT_PORT, Timeouts::default()),
            user: None,
            limits: Limits::default(),
            sync_every: None,
            expected_cluster: None,
            any_cluster: false,
            keep_alive: KeepAlive::default(),
            domain: None,
            resolver: None,
            discover_every: DISCOVER_EVERY,
        }
    }

    quorate_net::server_setters!("2379", "2 s to connect, 5 s an attempt, 15 s over all");

    /// Finds the servers of a domain by its DNS SRV records, besides those that are named: see
    /// [`discovery`](crate::v2::discovery). They are looked up before the first call, then before
    /// one call every so often, and before the next call when no server was reached. If servers
    /// are known, a look-up that fails fails no call. Without addresses, no server is assumed.
    pub fn discovery_srv(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets how often the records of [`discovery_srv`](Self::discovery_srv) are looked up. Default
    /// 60 s.
    pub fn discover_every(mut self, every: Duration) -> Self {
        self.discover_every = every;
        self
    }

    /// Sets who looks the records of [`discovery_srv`](Self::discovery_srv) up. Default: the name
    /// servers of the system.
    pub fn resolver(mut self, resolver: Arc<dyn SrvLookup>) -> Self {
        self.resolver = Some(Resolver(resolver));
        self
    }

    /// Sets how connections are asked for signs of life. Default: 10 s after the last one.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Authenticates with a name and a password when it is needed. If the servers have access
    /// control off, that is no failure.
    pub fn user(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.user = Some((user.into(), password.into()));
        self
    }

    /// Sets the bounds of what is sent and read.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Looks up the members before the first call and then before one call every so often, and
    /// uses their addresses too. A failure of that fails no call. Default: never, see
    /// [`Client::sync`].
    pub fn sync_every(mut self, every: Duration) -> Self {
        self.sync_every = Some(every);
        self
    }

    /// Refuses the answers of any other cluster
    /// ([`ErrorKind::ClusterChanged`](super::ErrorKind)). Default: the first that answers is the
    /// one, because revisions and leases mean nothing to another.
    pub fn expected_cluster(mut self, id: u64) -> Self {
        self.expected_cluster = Some(id);
        self
    }

    /// Takes the answers of any cluster, and of another one later.
    pub fn any_cluster(mut self) -> Self {
        self.any_cluster = true;
        self
    }

    /// The client. Certificates are read now; no connection is made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](super::ErrorKind) names the setting that is wrong.
    pub fn build(self) -> Result<Client, Error> {
        let discovery = self.discovery()?;
        let endpoints = match &discovery {
            Some(_) if self.servers.addresses.is_empty() => None,
            _ => Some(self.servers.endpoints().map_err(|error| {
                Error::invalid(OPERATION, format_args!("address: {error}")).with_source(error)
            })?),
        };
        let config = ChannelConfig {
            dial: self.servers.dial,
            tls: self.servers.tls,
            connect: self.servers.timeouts.connect,
            keep_alive: self.keep_alive,
        };
        let connections = TaskGroup::new();
        let (tasks, every) = (connections.spawner(), self.sync_every);
        let cluster = Cluster::new(endpoints, discovery, config, tasks, every);
        let cluster = cluster.map_err(|source| {
            Error::invalid(OPERATION, "the connections cannot be set up").with_source(source)
        })?;
        let identity = if self.any_cluster {
            Identity::any()
        } else {
            Identity::new(self.expected_cluster)
        };
        let link = Link {
            cluster,
            tokens: self
                .user
                .map(|(user, password)| Tokens::new(user, password)),
            identity,
            limits: self.limits,
            timeouts: self.servers.timeouts,
            lacks: Lacks::default(),
            seed: self.servers.seed,
        };
        Ok(Client {
            inner: Arc::new(Inner {
                link: Arc::new(link),
                tasks: TaskGroup::new(),
                hub: Hub::new(),
                connections,
            }),
        })
    }

    fn discovery(&self) -> Result<Option<Discovery>, Error> {
        let Some(domain) = &self.domain else {
            return Ok(None);
        };
        let resolver = match &self.resolver {
            Some(Resolver(resolver)) => Arc::clone(resolver),
            None => Arc::new(SystemResolver::new().map_err(|error| {
                Error::invalid(OPERATION, format_args!("name servers: {error}")).with_source(error)
            })?),
        };
        Ok(Some(Discovery {
            domain: domain.clone(),
            resolver,
            every: self.discover_every,
            require_tls: self.servers.require_tls,
        }))
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::ErrorKind;

    #[test]
    fn the_server_of_this_machine_is_the_default() {
        let client = Client::builder().build().unwrap();
        assert_eq!(client.addresses(), ["http://127.0.0.1:2379"]);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let error = Client::new("ftp://a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("ftp"), "{error}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let builder = Client::builder().user("u", "hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        let client = builder.build().unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
        assert!(!format!("{:?}", client.inner.link).contains("hunter2"));
    }
}
