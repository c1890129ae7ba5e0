use std::time::Duration;

use quorate_etcd::v2::Client;

use crate::program::Server;

impl Server {
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.url)?)
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
