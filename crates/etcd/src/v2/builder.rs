//! Everything about a client that can be set.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use quorate_net::deadline::Timeouts;
use quorate_net::secret::Secret;
use quorate_net::servers::Servers;
use quorate_net::task::TaskGroup;

use super::client::{Client, Inner};
use super::cluster::Cluster;
use super::discovery::SystemResolver;
use super::error::Error;
use super::limits::Limits;

/// The port of an address that names neither a scheme nor a port.
const DEFAULT_PORT: u16 = 2379;
/// Servers hold a call for about 7 s while they have no leader. An attempt that waits longer gets
/// their clear answer.
const ATTEMPT: Duration = Duration::from_secs(10);

const OPERATION: &str = "build the client";

/// Sets up a [`Client`]. What is wrong with a setting is told by [`build`](Self::build).
///
/// ```
/// # fn main() -> Result<(), quorate_etcd::v2::Error> {
/// use std::time::Duration;
/// use quorate_etcd::v2::Client;
///
/// let client = Client::builder()
///     .address("http://10.0.0.1:2379,http://10.0.0.2:2379")
///     .basic_auth("ann", "b1gs33cr3t")
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
    basic_auth: Option<(String, Secret)>,
    limits: Limits,
    max_idle: Option<usize>,
    sync_every: Option<Duration>,
    expected_cluster: Option<u64>,
}

impl ClientBuilder {
    /// A builder with the defaults: `http://127.0.0.1:2379`, no password.
    pub fn new() -> Self {
        Self {
            servers: Servers::new(DEFAULT_PORT, Timeouts::default().with_attempt(ATTEMPT)),
            basic_auth: None,
            limits: Limits::default(),
            max_idle: None,
            sync_every: None,
            expected_cluster: None,
        }
    }

    quorate_net::server_setters!(
        "2379",
        "2 s to connect, 10 s an attempt (servers hold calls for 7 s while there is no leader), \
         15 s over all"
    );

    /// Adds the addresses of the servers of a domain, by its DNS SRV records: see
    /// [`discovery`](super::discovery). The system's name servers are asked now, and not again.
    ///
    /// # Errors
    /// As [`addresses`](super::discovery::addresses).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn discover(self, domain: &str) -> Result<Self, Error> {
        let resolver = SystemResolver::new().map_err(|error| {
            Error::invalid(OPERATION, format_args!("name servers: {error}")).with_source(error)
        })?;
        Ok(self.addresses(super::discovery::addresses(&resolver, domain).await?))
    }

    /// Sends a name and a password with every call (HTTP basic authentication).
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.basic_auth = Some((user.into(), password.into()));
        self
    }

    /// Sets the bounds of what is sent and read.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many idle connections are kept to each address. Default 32.
    pub fn max_idle_connections(mut self, max: usize) -> Self {
        self.max_idle = Some(max);
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
    /// ([`ErrorKind::ClusterChanged`](super::ErrorKind)). Default: any may answer.
    pub fn expected_cluster(mut self, id: u64) -> Self {
        self.expected_cluster = Some(id);
        self
    }

    /// The client. Certificates are read now; no connection is made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](super::ErrorKind) names the setting that is wrong.
    pub fn build(self) -> Result<Client, Error> {
        let mut config = self.servers.http().map_err(|error| {
            Error::invalid(OPERATION, format_args!("address: {error}")).with_source(error)
        })?;
        let mut headers = HeaderMap::new();
        if let Some((user, password)) = &self.basic_auth {
            headers.insert(AUTHORIZATION, basic_auth(user, password)?);
        }
        let limit = self.limits.max_response_bytes;
        config.max_response_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
        if let Some(max) = self.max_idle {
            config.max_idle_per_endpoint = max;
        }
        let cluster = Cluster::new(config, self.sync_every).map_err(|source| {
            Error::invalid(OPERATION, "the connections cannot be set up").with_source(source)
        })?;
        Ok(Client::from_inner(Inner {
            cluster: Arc::new(cluster),
            headers,
            limits: self.limits,
            expected: self.expected_cluster,
            tasks: TaskGroup::new(),
        }))
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

pub(crate) fn basic_auth(user: &str, password: &Secret) -> Result<HeaderValue, Error> {
    if user.contains(':') {
        return Err(Error::invalid(
            OPERATION,
            "basic_auth: the name has a colon",
        ));
    }
    let text = STANDARD.encode(format!("{user}:{}", password.expose()));
    let mut value = HeaderValue::try_from(format!("Basic {text}"))
        .map_err(|error| Error::invalid(OPERATION, "basic_auth").with_source(error))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v2::ErrorKind;

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
        let error = Client::builder()
            .basic_auth("a:b", "c")
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("basic_auth"), "{error}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let builder = Client::builder().basic_auth("u", "hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        let client = builder.build().unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}
