//! A service as it is to be registered.

use std::collections::BTreeMap;
use std::time::Duration;

/// How long a check of [`ServiceCheck`] may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// An instance of a service, as it is to be registered.
///
/// ```
/// use std::time::Duration;
/// use quorate::{Service, ServiceCheck};
///
/// let every = Duration::from_secs(10);
/// let web = Service::new("web")
///     .with_id("web-1")
///     .with_address("10.0.0.7")
///     .with_port(8080)
///     .with_tag("v2")
///     .with_meta("rack", "7")
///     .with_check(ServiceCheck::http("http://10.0.0.7:8080/health", every));
/// assert_eq!(web.id(), "web-1");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// The service's name.
    pub name: String,
    /// The instance's id. Default: the name, so a second instance at the same agent needs one.
    pub id: Option<String>,
    /// Where it is: an IP address or a host name. Default: where its node is.
    pub address: Option<String>,
    /// Its port; 0 (default) if it has none.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its labels. On Consul at most 64, with names of up to 128 letters, digits, `-` and `_`, and
    /// values of up to 512 bytes.
    pub meta: BTreeMap<String, String>,
    /// The checks that the server runs. Without any, and without a health closure, it always
    /// passes.
    pub checks: Vec<ServiceCheck>,
    /// Has the server remove it when it was critical for this long, as that of a process that died
    /// without a word. At least a minute; default never.
    pub deregister_critical_after: Option<Duration>,
}

impl Service {
    /// An instance of the service `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Its id: the one given, or else its name.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    /// Sets its id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets where it is.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Sets its port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_meta(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.meta.insert(name.into(), value.into());
        self
    }

    /// Adds a check that the server runs.
    #[must_use]
    pub fn with_check(mut self, check: ServiceCheck) -> Self {
        self.checks.push(check);
        self
    }

    /// Has the server remove it when it was critical for this long.
    #[must_use]
    pub fn with_deregister_critical_after(mut self, after: Duration) -> Self {
        self.deregister_critical_after = Some(after);
        self
    }
}

impl From<&str> for Service {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Service {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// A check that the server runs. Until it has run for the first time the instance is critical.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceCheck {
    /// How it is found out.
    pub probe: CheckProbe,
    /// How often; agents wait at least a second.
    pub interval: Duration,
    /// How long one may take: default 10 s.
    pub timeout: Duration,
}

/// How a check finds out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckProbe {
    /// A GET of this URL: 2xx passes, 429 warns, everything else is critical.
    Http(String),
    /// A TCP connection to this `host:port`, made and closed.
    Tcp(String),
}

impl ServiceCheck {
    /// A GET of `url`, this often: 2xx passes, 429 warns, everything else is critical.
    #[must_use]
    pub fn http(url: impl Into<String>, interval: Duration) -> Self {
        Self::new(CheckProbe::Http(url.into()), interval)
    }

    /// A TCP connection to `address` (`host:port`), this often.
    #[must_use]
    pub fn tcp(address: impl Into<String>, interval: Duration) -> Self {
        Self::new(CheckProbe::Tcp(address.into()), interval)
    }

    fn new(probe: CheckProbe, interval: Duration) -> Self {
        Self {
            probe,
            interval,
            timeout: CHECK_TIMEOUT,
        }
    }

    /// Sets how long one may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}
