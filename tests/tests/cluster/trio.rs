//! Three servers, and clients that begin at one of them.

use std::ops::Deref;
use std::time::Duration;

use quorate::Coordinator;
use quorate_consul::{Client, Timeouts};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{ConsulCluster, ConsulOptions};

/// Longer than an election, and than the detection of a server that is gone.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// What a trial works on: nothing that it shares with others.
pub(crate) type Nothing = ();

/// Three servers.
pub(crate) struct Trio(ConsulCluster);

impl Trio {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Ok(Self(ConsulCluster::start(ConsulOptions::new()).await?))
    }

    /// A client of all three that begins at this one.
    pub(crate) fn client(&self, first: usize) -> anyhow::Result<Client> {
        Ok(Client::new(&self.urls_from(first))?)
    }

    /// The same with little patience for one attempt.
    pub(crate) fn hasty_client(&self, first: usize) -> anyhow::Result<Client> {
        let timeouts = Timeouts::default().with_attempt(Duration::from_secs(2));
        let builder = Client::builder().address(&self.urls_from(first));
        Ok(builder.timeouts(timeouts).build()?)
    }

    /// A client of this server alone.
    pub(crate) fn client_of(&self, only: usize) -> anyhow::Result<Client> {
        Ok(Client::new(&self.server(only).url())?)
    }

    /// The unified layer on all three, beginning at this one.
    pub(crate) async fn coordinator(&self, first: usize) -> anyhow::Result<Coordinator> {
        let urls = self.urls_from(first).replace("http://", "");
        let builder = quorate::Builder::new(format!("consul://{urls}"));
        Ok(builder.without_environment().connect().await?)
    }
}

/// Writes a key, again until it is known to be there: servers may elect a leader at any time.
pub(crate) async fn write(client: &Client, key: &str) -> anyhow::Result<()> {
    let written = || async { client.kv().put(key, "v").await };
    eventually_ok(SOON, format!("{key} is written"), written).await?;
    Ok(())
}

impl Deref for Trio {
    type Target = ConsulCluster;

    fn deref(&self) -> &ConsulCluster {
        &self.0
    }
}
