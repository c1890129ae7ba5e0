//! An etcd client, as a URL and the environment say.

use std::env;

use quorate_etcd::v3::{Client, ClientBuilder, Timeouts};

use super::{Etcd3Options, error, from_client};
use crate::Result;
use crate::backend::Backend;
use crate::backend::access::Access;
use crate::builder::Settings;
use crate::target::EtcdTarget;

/// The backend that `target` names. No server is asked, also none of the names in DNS.
pub(crate) fn open(target: &EtcdTarget, settings: &Settings) -> Result<Backend> {
    let (url, operation) = (target.to_string(), format!("connect to `{target}`"));
    let timeouts = Timeouts::default();
    let access = Access::new(target, settings, timeouts, |name| env::var(name).ok())?;
    let client = builder(access).build();
    let client = client.map_err(|error| error::from_native(error, operation, &url))?;
    let mut options = Etcd3Options::default()
        .with_prefix(target.prefix.clone())
        .with_consistency(target.consistency);
    options.rooted = target.rooted;
    Ok(from_client(client, url, &options))
}

fn builder(access: Access) -> ClientBuilder {
    let mut builder = Client::builder()
        .addresses(access.addresses)
        .tls(access.tls)
        .timeouts(access.timeouts);
    if let Some(domain) = access.domain {
        builder = builder.discovery_srv(domain);
    }
    if let Some((name, password)) = access.user {
        builder = builder.user(name, password);
    }
    if let Some(every) = access.sync {
        builder = builder.sync_every(every);
    }
    builder
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use std::io;
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use quorate_agent::{Agent, AgentConfig};
    use quorate_etcd::v2::discovery::{BoxFuture, SrvLookup, SrvRecord};
    use quorate_etcd::v3::ErrorKind;
    use tokio::time::timeout;

    use super::*;
    use crate::Builder;
    use crate::target::Target;

    /// The only server of a domain.
    struct Zone(Mutex<SocketAddr>);

    impl SrvLookup for Zone {
        fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>> {
            let server = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let found = name.starts_with("_etcd-client._tcp.example.com");
            let record = SrvRecord::new(server.ip().to_string(), server.port());
            Box::pin(async move { Ok(found.then_some(record).into_iter().collect()) })
        }
    }

    #[tokio::test]
    async fn the_servers_of_a_domain_are_looked_up_again_when_none_is_reached() {
        let config = AgentConfig::memory().with_etcd("127.0.0.1:0".parse().unwrap());
        let agent = Agent::start(config).await.unwrap();
        let Target::Etcd3(target) = Target::parse("etcd+srv://example.com").unwrap() else {
            panic!("it is etcd");
        };
        let settings = Builder::new("etcd:").settings;
        let timeouts = Timeouts::default().with_overall(Some(Duration::from_millis(200)));
        let access = Access::new(&target, &settings, timeouts, |_| None).unwrap();
        let nobody = "127.0.0.1:1".parse().unwrap();
        let zone = Arc::new(Zone(Mutex::new(nobody)));
        let builder = builder(access).resolver(Arc::clone(&zone) as _);
        let client = builder.timeouts(timeouts).build().unwrap();
        let refused = client.kv().get("a").await.unwrap_err();
        let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
        assert!(kinds.contains(&refused.kind()), "{refused}");
        *zone.0.lock().unwrap() = agent.etcd()[0].addr().unwrap();
        let found = async {
            while let Err(error) = client.kv().get("a").await {
                assert!(kinds.contains(&error.kind()), "{error}");
            }
        };
        timeout(Duration::from_secs(30), found).await.unwrap();
        agent.shutdown().await;
    }
}
