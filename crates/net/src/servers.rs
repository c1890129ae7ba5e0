//! Which servers a client has and how it reaches them: what all builders let one set.

use std::sync::Arc;

use crate::deadline::Timeouts;
use crate::endpoint::{Endpoint, EndpointSet};
use crate::error::EndpointError;
use crate::http::HttpConfig;
use crate::tls::TlsOptions;
use crate::transport::Dial;

/// The servers of a client that is being set up. [`server_setters!`](crate::server_setters) writes
/// the methods of its builder.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Servers {
    /// What was named, each one address or several separated by commas. Default: this machine.
    pub addresses: Vec<String>,
    /// The port of an address that names neither a scheme nor a port.
    pub default_port: u16,
    /// Whether every TCP address speaks TLS, whatever its scheme says.
    pub require_tls: bool,
    /// Whom to trust and who to be.
    pub tls: TlsOptions,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// Makes every connection, instead of the client itself.
    pub dial: Option<Arc<dyn Dial>>,
    /// Makes the pauses between attempts the same in every run.
    pub seed: Option<u64>,
}

impl Servers {
    /// The defaults: a server on its usual port of this machine.
    pub fn new(default_port: u16, timeouts: Timeouts) -> Self {
        Self {
            addresses: Vec::new(),
            default_port,
            require_tls: false,
            tls: TlsOptions::default(),
            timeouts,
            dial: None,
            seed: None,
        }
    }

    /// The servers in the order in which they were named. With a dialler and no address it is the
    /// one in memory.
    ///
    /// # Errors
    ///
    /// That of the first address that is wrong; [`EndpointError::TooMany`].
    pub fn endpoints(&self) -> Result<EndpointSet, EndpointError> {
        if self.addresses.is_empty() && self.dial.is_some() {
            return Ok(EndpointSet::from(Endpoint::memory()));
        }
        let default = [format!("http://127.0.0.1:{}", self.default_port)];
        let lists = if self.addresses.is_empty() {
            &default[..]
        } else {
            &self.addresses
        };
        let each = lists.iter().flat_map(|list| list.split(','));
        let endpoints: Result<Vec<_>, _> = each.map(|text| self.endpoint(text)).collect();
        EndpointSet::new(endpoints?)
    }

    fn endpoint(&self, text: &str) -> Result<Endpoint, EndpointError> {
        let text = text.trim();
        // Servers print URLs of their own with a slash at the end.
        let text = text.strip_suffix('/').unwrap_or(text);
        // A bare host is a server on its usual port; a URL without one means the scheme's port,
        // where gateways and load balancers are.
        let endpoint = if text.contains("://") {
            Endpoint::parse(text)?
        } else {
            Endpoint::parse_or(text, self.default_port)?
        };
        Ok(if self.require_tls {
            endpoint.with_tls(true)
        } else {
            endpoint
        })
    }

    /// The options of an HTTP client of these servers.
    ///
    /// # Errors
    ///
    /// As [`endpoints`](Self::endpoints).
    pub fn http(&self) -> Result<HttpConfig, EndpointError> {
        let mut config = HttpConfig::new(self.endpoints()?)
            .with_tls(self.tls.clone())
            .with_timeouts(self.timeouts);
        config.dial.clone_from(&self.dial);
        config.seed = self.seed;
        Ok(config)
    }
}

/// Writes the methods by which a builder sets its [`Servers`](crate::servers::Servers), in its field
/// `servers`: `address`, `addresses`, `require_tls`, `tls`, `change_tls`, `timeouts`, `dialer` and
/// `seed`. It takes the usual port and the default times, for the documentation.
#[macro_export]
macro_rules! server_setters {
    ($port:literal, $times:literal) => {
        /// Adds an address, or several separated by commas: `http://host:port`,
        /// `https://host:port`, `host:port`, `unix:///path`, or `memory:` with a dialler. A bare
        #[doc = concat!("`host` is one with the port ", $port, ". The first that works is asked.")]
        pub fn address(mut self, address: &str) -> Self {
            self.servers.addresses.push(address.to_owned());
            self
        }

        /// Adds addresses, such as those that were discovered.
        pub fn addresses(mut self, addresses: impl IntoIterator<Item = impl Into<String>>) -> Self {
            let addresses = addresses.into_iter().map(Into::into);
            self.servers.addresses.extend(addresses);
            self
        }

        /// Speaks TLS to every TCP address, whatever its scheme says.
        pub fn require_tls(mut self) -> Self {
            self.servers.require_tls = true;
            self
        }

        /// Sets whom to trust and who to be with `https` addresses. Default: the system's CAs, no
        /// client certificate. Files that change are read again before the next connection is
        /// made.
        pub fn tls(mut self, tls: $crate::tls::TlsOptions) -> Self {
            self.servers.tls = tls;
            self
        }

        /// Changes what was set for TLS before, for example by the environment.
        pub fn change_tls(
            mut self,
            change: impl FnOnce($crate::tls::TlsOptions) -> $crate::tls::TlsOptions,
        ) -> Self {
            self.servers.tls = change(self.servers.tls);
            self
        }

        #[doc = concat!("Sets how long calls may take. Default: ", $times, ".")]
        pub fn timeouts(mut self, timeouts: $crate::deadline::Timeouts) -> Self {
            self.servers.timeouts = timeouts;
            self
        }

        /// Makes every connection with `dial`, which may be shared in an `Arc`. Without an
        /// address, `memory:` is the address.
        pub fn dialer(mut self, dial: impl $crate::transport::Dial + 'static) -> Self {
            self.servers.dial = Some(std::sync::Arc::new(dial));
            self
        }

        /// Makes the pauses between attempts the same in every run, for tests.
        pub fn seed(mut self, seed: u64) -> Self {
            self.servers.seed = Some(seed);
            self
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(lists: &[&str]) -> Servers {
        let mut servers = Servers::new(2379, Timeouts::default());
        servers.addresses = lists.iter().map(|list| (*list).to_owned()).collect();
        servers
    }

    fn read(servers: &Servers) -> Vec<String> {
        let set = servers.endpoints().unwrap();
        set.iter()
            .map(|(_, endpoint)| endpoint.to_string())
            .collect()
    }

    #[test]
    fn addresses_come_in_every_form_and_number() {
        assert_eq!(read(&servers(&[])), ["http://127.0.0.1:2379"]);
        assert_eq!(read(&servers(&["etcd"])), ["http://etcd:2379"]);
        assert_eq!(read(&servers(&["https://etcd/"])), ["https://etcd:443"]);
        let mixed = servers(&["unix:///run/e.sock, 10.0.0.1:1", "http://b:2"]);
        let all = ["unix:///run/e.sock", "http://10.0.0.1:1", "http://b:2"];
        assert_eq!(read(&mixed), all);
    }

    #[test]
    fn a_dialler_without_an_address_leads_into_memory() {
        let mut servers = servers(&[]);
        servers.dial = Some(Arc::new(crate::transport::memory().0));
        assert_eq!(read(&servers), ["memory:"]);
    }

    #[test]
    fn tls_can_be_required_of_every_address() {
        let mut servers = servers(&["http://a:1,b,unix:///s"]);
        servers.require_tls = true;
        assert_eq!(
            read(&servers),
            ["https://a:1", "https://b:2379", "unix:///s"]
        );
    }

    #[test]
    fn a_wrong_address_is_named() {
        let error = servers(&["http://a:1,ftp://a"]).endpoints().unwrap_err();
        assert!(error.to_string().contains("ftp"), "{error}");
    }
}
