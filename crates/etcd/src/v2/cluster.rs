//! The servers of a client: those that were named, and those that are members.

use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use quorate_net::endpoint::{Endpoint, EndpointSet, MAX_ENDPOINTS};
use quorate_net::http::{ConfigError, HttpClient, HttpConfig};
use quorate_wire::etcd2::Member;
use tokio::time::Instant;

/// The servers, and the connections to them.
#[derive(Debug)]
pub(crate) struct Cluster {
    config: HttpConfig,
    /// What was named, in that order.
    given: Vec<Endpoint>,
    http: RwLock<HttpClient>,
    /// A server outside of the set that redirects led to, most likely an old cluster's leader.
    elsewhere: Mutex<Option<(Endpoint, HttpClient)>>,
    /// How often the members are looked up, and when next.
    every: Option<Duration>,
    due: Mutex<Instant>,
}

impl Cluster {
    pub(crate) fn new(config: HttpConfig, every: Option<Duration>) -> Result<Self, ConfigError> {
        let given = config.endpoints.iter();
        let given = given.map(|(_, endpoint)| endpoint.clone()).collect();
        Ok(Self {
            http: RwLock::new(HttpClient::new(config.clone())?),
            config,
            given,
            elsewhere: Mutex::new(None),
            every,
            due: Mutex::new(Instant::now()),
        })
    }

    /// The connections to the servers as they are known now.
    pub(crate) fn http(&self) -> HttpClient {
        let http = self.http.read();
        http.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The addresses of the servers as they are known now.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let http = self.http();
        let all = http.endpoints().iter();
        all.map(|(_, endpoint)| endpoint.to_string()).collect()
    }

    /// Connections to a server that a redirect named, which need not be one of the set.
    pub(crate) fn toward(&self, endpoint: &Endpoint) -> Result<HttpClient, ConfigError> {
        let mut elsewhere = self
            .elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((known, http)) = &*elsewhere
            && known == endpoint
        {
            return Ok(http.clone());
        }
        let http = HttpClient::new(self.with_endpoints(endpoint.clone().into()))?;
        *elsewhere = Some((endpoint.clone(), http.clone()));
        Ok(http)
    }

    fn with_endpoints(&self, endpoints: EndpointSet) -> HttpConfig {
        let mut config = self.config.clone();
        config.endpoints = endpoints;
        config
    }

    /// Whether the members are to be looked up now. Says so once each time.
    pub(crate) fn is_due(&self) -> bool {
        let Some(every) = self.every else {
            return false;
        };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_due = now >= *due;
        if is_due {
            *due = now + every;
        }
        is_due
    }

    /// Takes the members' addresses into the set, besides those that were named. Addresses that
    /// cannot be read, or that lead from TLS to none, are left out. Connections are kept if
    /// nothing changed.
    pub(crate) fn learn(&self, members: &[Member]) -> Result<(), ConfigError> {
        let all = self.union(members);
        let known: Vec<_> = {
            let http = self.http();
            http.endpoints()
                .iter()
                .map(|(_, endpoint)| endpoint.clone())
                .collect()
        };
        if known == all {
            return Ok(());
        }
        // Never empty: something was named.
        let Ok(endpoints) = EndpointSet::new(all) else {
            return Ok(());
        };
        tracing::debug!(servers = ?endpoints, "the members changed");
        let http = HttpClient::new(self.with_endpoints(endpoints))?;
        *self.http.write().unwrap_or_else(PoisonError::into_inner) = http;
        Ok(())
    }

    fn union(&self, members: &[Member]) -> Vec<Endpoint> {
        let tls = self.given.iter().all(Endpoint::is_tls);
        let mut all = self.given.clone();
        let urls = members.iter().flat_map(|member| &member.client_urls);
        for url in urls {
            match Endpoint::parse(url) {
                Ok(endpoint) if (tls && !endpoint.is_tls()) || all.contains(&endpoint) => {}
                Ok(endpoint) => all.push(endpoint),
                Err(error) => tracing::debug!(url, %error, "a member's address is left out"),
            }
        }
        all.truncate(MAX_ENDPOINTS);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(list: &str) -> Cluster {
        let config = HttpConfig::new(EndpointSet::parse(list).unwrap());
        Cluster::new(config, Some(Duration::from_secs(60))).unwrap()
    }

    fn member(urls: &[&str]) -> Member {
        Member {
            client_urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            ..Member::default()
        }
    }

    #[test]
    fn members_join_what_was_named_and_leave_again() {
        let cluster = cluster("http://a:1");
        let members = [member(&["http://b:1", "http://a:1"]), member(&[])];
        cluster.learn(&members).unwrap();
        assert_eq!(cluster.addresses(), ["http://a:1", "http://b:1"]);
        cluster
            .learn(&[member(&["http://c:1", "nonsense"])])
            .unwrap();
        assert_eq!(cluster.addresses(), ["http://a:1", "http://c:1"]);
    }

    #[test]
    fn a_password_never_goes_from_tls_to_none() {
        let cluster = cluster("https://a:1");
        cluster
            .learn(&[member(&["http://b:1", "https://c:1"])])
            .unwrap();
        assert_eq!(cluster.addresses(), ["https://a:1", "https://c:1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn members_are_looked_up_once_in_a_while() {
        let cluster = cluster("http://a:1");
        assert!(cluster.is_due() && !cluster.is_due());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(cluster.is_due());
    }
}
