//! The servers of a client: those that were named, and those that are members.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use quorate_net::endpoint::{Endpoint, EndpointSet, MAX_ENDPOINTS};
use quorate_net::http::ConfigError;
use quorate_net::task::Spawner;
use tokio::time::{Instant, timeout};

use super::channel::{ChannelConfig, Channels};
use super::discovery::Discovery;
use super::error::Error;

/// How long a look-up may hold up a call that could be made without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// The least time between look-ups that were made because no server was reached.
const LEAST: Duration = Duration::from_secs(1);

/// The servers, and the connections to them.
#[derive(Debug)]
pub(crate) struct Cluster {
    config: ChannelConfig,
    /// What was named, in that order.
    named: Vec<Endpoint>,
    discovery: Option<Discovery>,
    /// Whoever asks the name servers first holds this, and the others wait for what comes of it.
    resolving: tokio::sync::Mutex<()>,
    found: RwLock<Found>,
    tasks: Spawner,
    members: Schedule,
    names: Schedule,
}

/// What was found besides what was named, and the connections to all of it.
#[derive(Debug, Default)]
struct Found {
    by_name: Vec<Endpoint>,
    members: Vec<Endpoint>,
    /// `None` until the first server is known.
    channels: Option<Arc<Channels>>,
}

impl Found {
    /// All servers: what was named, what name servers told, what members told. Members do not lead
    /// from TLS to none.
    fn all(&self, named: &[Endpoint]) -> Vec<Endpoint> {
        let mut all = named.to_vec();
        let by_name = self.by_name.iter();
        for endpoint in by_name {
            if !all.contains(endpoint) {
                all.push(endpoint.clone());
            }
        }
        let tls = all.iter().all(Endpoint::is_tls);
        for endpoint in &self.members {
            if !all.contains(endpoint) && (endpoint.is_tls() || !tls) {
                all.push(endpoint.clone());
            }
        }
        all.truncate(MAX_ENDPOINTS);
        all
    }
}

impl Cluster {
    pub(crate) fn new(
        endpoints: Option<EndpointSet>,
        discovery: Option<Discovery>,
        config: ChannelConfig,
        tasks: Spawner,
        every: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let named = endpoints.iter().flat_map(EndpointSet::iter);
        let named = named.map(|(_, endpoint)| endpoint.clone()).collect();
        let channels = match endpoints {
            Some(endpoints) => Some(Channels::new(endpoints, &config, tasks.clone(), None)?),
            None => None,
        };
        Ok(Self {
            config,
            named,
            names: Schedule::new(discovery.as_ref().map(|discovery| discovery.every)),
            discovery,
            resolving: tokio::sync::Mutex::new(()),
            found: RwLock::new(Found {
                channels: channels.map(Arc::new),
                ..Found::default()
            }),
            tasks,
            members: Schedule::new(every),
        })
    }

    /// The connections to the servers as they are known now; `None` if none is.
    pub(crate) fn channels(&self) -> Option<Arc<Channels>> {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        found.channels.clone()
    }

    /// The servers as they are known now.
    pub(crate) fn known(&self) -> Vec<Endpoint> {
        let Some(channels) = self.channels() else {
            return Vec::new();
        };
        let all = channels.endpoints().iter();
        all.map(|(_, endpoint)| endpoint.clone()).collect()
    }

    /// Whether the members are to be looked up now. Says so once each time.
    pub(crate) fn is_due(&self) -> bool {
        self.members.is_due()
    }

    /// The connections, after the name servers were asked if that is due. If servers are known, a
    /// look-up that fails or takes long is passed over.
    pub(crate) async fn resolved(&self) -> Result<Option<Arc<Channels>>, Error> {
        let Some(discovery) = &self.discovery else {
            return Ok(self.channels());
        };
        match self.channels() {
            None => {
                let _resolving = self.resolving.lock().await;
                if self.channels().is_none() {
                    self.names.begin();
                    self.take_names(discovery).await?;
                }
            }
            Some(_) if self.names.is_due() => {
                match timeout(PATIENCE, self.take_names(discovery)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, "the old addresses are kept"),
                    Err(_) => tracing::debug!("name servers take long; the old addresses are kept"),
                }
            }
            Some(_) => {}
        }
        Ok(self.channels())
    }

    async fn take_names(&self, discovery: &Discovery) -> Result<(), Error> {
        let endpoints = discovery.look_up().await?;
        self.change(|found| found.by_name = endpoints)
            .map_err(|error| discovery.unusable(error))
    }

    /// No server was reached: the name servers may know others by now.
    pub(crate) fn look_again(&self) {
        self.names.hurry(LEAST);
    }

    /// Takes the members' addresses into the set, besides those that were named. Addresses that
    /// cannot be read, or that lead from TLS to none, are left out. Connections to servers that
    /// stay are kept.
    pub(crate) fn learn<'a>(
        &self,
        urls: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ConfigError> {
        let read = |url: &str| {
            let endpoint = Endpoint::parse(url);
            endpoint
                .inspect_err(|error| tracing::debug!(url, %error, "a member's address is left out"))
                .ok()
        };
        let members = urls.into_iter().filter_map(read).collect();
        self.change(|found| found.members = members)
    }

    /// Changes what is known, and the connections if that makes others of them.
    fn change(&self, change: impl FnOnce(&mut Found)) -> Result<(), ConfigError> {
        let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut found);
        let all = found.all(&self.named);
        let before = found.channels.clone();
        if let Some(before) = &before
            && before.endpoints().iter().map(|(_, known)| known).eq(&all)
        {
            return Ok(());
        }
        // Without a server there is nothing to change to.
        let Ok(endpoints) = EndpointSet::new(all) else {
            return Ok(());
        };
        tracing::debug!(servers = ?endpoints, "the servers changed");
        let tasks = self.tasks.clone();
        let channels = Channels::new(endpoints, &self.config, tasks, before.as_deref())?;
        found.channels = Some(Arc::new(channels));
        Ok(())
    }
}

/// What is done once in a while, by whoever comes first.
#[derive(Debug)]
struct Schedule {
    every: Option<Duration>,
    due: Mutex<Instant>,
}

impl Schedule {
    /// Never without a time.
    fn new(every: Option<Duration>) -> Self {
        Self {
            every,
            due: Mutex::new(Instant::now()),
        }
    }

    /// Whether it is to be done now. Says so once each time.
    fn is_due(&self) -> bool {
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

    /// It is done now.
    fn begin(&self) {
        let every = self.every.unwrap_or_default();
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + every;
    }

    /// It is due as soon as `least` has passed since it was done.
    fn hurry(&self, least: Duration) {
        if let Some(every) = self.every {
            let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
            let early = *due - every.saturating_sub(least).min(every);
            *due = early.max(Instant::now()).min(*due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_net::task::TaskGroup;
    use quorate_net::tls::{TlsOptions, Verify};

    fn cluster(list: &str) -> Cluster {
        let config = ChannelConfig {
            dial: None,
            tls: TlsOptions::default().with_verify(Verify::None),
            connect: Duration::from_secs(1),
            keep_alive: Default::default(),
        };
        let endpoints = EndpointSet::parse(list).unwrap();
        let tasks = TaskGroup::new().spawner();
        let every = Some(Duration::from_secs(60));
        Cluster::new(Some(endpoints), None, config, tasks, every).unwrap()
    }

    fn addresses(cluster: &Cluster) -> Vec<String> {
        cluster.known().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn members_join_what_was_named_and_leave_again() {
        let cluster = cluster("http://a:1");
        cluster.learn(["http://b:1", "http://a:1"]).unwrap();
        assert_eq!(addresses(&cluster), ["http://a:1", "http://b:1"]);
        cluster.learn(["http://c:1", "nonsense"]).unwrap();
        assert_eq!(addresses(&cluster), ["http://a:1", "http://c:1"]);
    }

    #[test]
    fn a_token_never_goes_from_tls_to_none() {
        let cluster = cluster("https://a:1");
        cluster.learn(["http://b:1", "https://c:1"]).unwrap();
        assert_eq!(addresses(&cluster), ["https://a:1", "https://c:1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn members_are_looked_up_once_in_a_while() {
        let cluster = cluster("http://a:1");
        assert!(cluster.is_due() && !cluster.is_due());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(cluster.is_due());
    }
}
