use std::time::Duration;

use quorate_etcd::v2::{Client, Timeouts};

use crate::program::Server;

impl Server {
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        // A slow machine takes its time.
        let timeouts = Timeouts::default()
            .with_attempt(Duration::from_secs(25))
            .with_overall(Some(Duration::from_secs(50)));
        let builder = Client::builder().address(&self.url);
        Ok(builder.timeouts(timeouts).build()?)
    }

    /// Waits until the server counts `count` watchers: then what was started follows its key.
    pub(crate) async fn watched(&self, count: u64) -> anyhow::Result<()> {
        let stats = self.client()?.stats();
        while stats.store().await?.watchers < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}
