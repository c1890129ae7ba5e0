//! Everything about a client that can be set.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::http::HttpConfig;
use quorate_net::secret::Secret;
use quorate_net::task::TaskGroup;
use quorate_net::tls::TlsOptions;
use quorate_net::transport::Dial;

use super::client::{Client, Inner};
use super::cluster::Cluster;
use super::discovery::SystemResolver;
use super::error::Error;
use super::limits::Limits;

/// The address of a server that nobody named.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:2379";
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
    addresses: Vec<String>,
    require_tls: bool,
    basic_auth: Option<(String, Secret)>,
    tls: TlsOptions,
    timeouts: Timeouts,
    dial: Option<Arc<dyn Dial>>,
    limits: Limits,
    max_idle: Option<usize>,
    sync_every: Option<Duration>,
    expected_cluster: Option<u64>,
    seed: Option<u64>,
}

impl ClientBuilder {
    /// A builder with the defaults: `http://127.0.0.1:2379`, no password.
    pub fn new() -> Self {
        Self {
            addresses: Vec::new(),
            require_tls: false,
            basic_auth: None,
            tls: TlsOptions::default(),
            timeouts: Timeouts::default().with_attempt(ATTEMPT),
            dial: None,
            limits: Limits::default(),
            max_idle: None,
            sync_every: None,
            expected_cluster: None,
            seed: None,
        }
    }

    /// Adds an address, or several separated by commas: `http://host:port`, `https://host:port`,
    /// `host:port`, `host` (port 2379), `unix:///path`, or `memory:` with a dialer.
    pub fn address(mut self, address: &str) -> Self {
        self.addresses.push(address.to_owned());
        self
    }

    /// Adds addresses, such as those that [`discovery`](super::discovery) found.
    pub fn addresses(mut self, addresses: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.addresses.extend(addresses.into_iter().map(Into::into));
        self
    }

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

    /// Speaks TLS to every TCP address, whatever its scheme says.
    pub fn require_tls(mut self) -> Self {
        self.require_tls = true;
        self
    }

    /// Sends a name and a password with every call (HTTP basic authentication).
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.basic_auth = Some((user.into(), password.into()));
        self
    }

    /// Sets whom to trust and who to be with `https` addresses. Default: the system's CAs, no
    /// client certificate.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Changes what was set for TLS before, for example by [`from_env`](Self::from_env).
    pub fn change_tls(mut self, change: impl FnOnce(TlsOptions) -> TlsOptions) -> Self {
        self.tls = change(self.tls);
        self
    }

    /// Sets how long calls may take. Default: 2 s to connect, 10 s an attempt (servers hold calls
    /// for 7 s while there is no leader), 15 s over all.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Makes every connection with `dial`, which may be shared in an `Arc`. Without an address,
    /// `memory:` is the address.
    pub fn dialer(mut self, dial: impl Dial + 'static) -> Self {
        self.dial = Some(Arc::new(dial));
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

    /// Makes the pauses between attempts the same in every run, for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The client. Certificates are read now; no connection is made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](super::ErrorKind) names the setting that is wrong.
    pub fn build(self) -> Result<Client, Error> {
        let endpoints = self.endpoints()?;
        let mut headers = HeaderMap::new();
        if let Some((user, password)) = &self.basic_auth {
            headers.insert(AUTHORIZATION, basic_auth(user, password)?);
        }
        let mut config = HttpConfig::new(endpoints)
            .with_tls(self.tls)
            .with_timeouts(self.timeouts);
        let limit = self.limits.max_response_bytes;
        config.max_response_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
        config.dial = self.dial;
        config.seed = self.seed;
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

    fn endpoints(&self) -> Result<EndpointSet, Error> {
        if self.addresses.is_empty() && self.dial.is_some() {
            return Ok(EndpointSet::from(Endpoint::memory()));
        }
        let default = [DEFAULT_ADDRESS.to_owned()];
        let lists = if self.addresses.is_empty() {
            &default[..]
        } else {
            &self.addresses
        };
        let mut endpoints = Vec::new();
        for text in lists.iter().flat_map(|list| list.split(',')) {
            endpoints.push(self.endpoint(text.trim())?);
        }
        EndpointSet::new(endpoints).map_err(|error| Error::invalid(OPERATION, error))
    }

    fn endpoint(&self, text: &str) -> Result<Endpoint, Error> {
        // etcd's own URLs may end with a slash, and a bare host is a server on its usual port.
        let text = text.strip_suffix('/').unwrap_or(text);
        let endpoint = if text.contains("://") {
            Endpoint::parse(text)
        } else {
            Endpoint::parse_or(text, DEFAULT_PORT)
        };
        let endpoint = endpoint.map_err(|error| {
            Error::invalid(OPERATION, format_args!("address: {error}")).with_source(error)
        })?;
        Ok(if self.require_tls {
            endpoint.with_tls(true)
        } else {
            endpoint
        })
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
    fn addresses_come_in_every_form_and_number() {
        let of = |text: &str| Client::new(text).unwrap().addresses();
        assert_eq!(of("etcd"), ["http://etcd:2379"]);
        assert_eq!(of("https://etcd/"), ["https://etcd:443"]);
        assert_eq!(
            of("unix:///run/e.sock, 10.0.0.1:1"),
            ["unix:///run/e.sock", "http://10.0.0.1:1"]
        );
        let client = Client::builder().build().unwrap();
        assert_eq!(client.addresses(), [DEFAULT_ADDRESS]);
        let client = Client::builder()
            .address("http://a:1")
            .require_tls()
            .build();
        assert_eq!(client.unwrap().addresses(), ["https://a:1"]);
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
