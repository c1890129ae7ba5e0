//! What servers count: `/v2/stats`.

use quorate_wire::etcd2::{LeaderStats, SelfStats, StoreStats, path};

use super::call::{Call, Operation};
use super::client::Client;
use super::error::{Error, ErrorKind};

/// What servers count.
#[derive(Clone, Debug)]
pub struct Stats {
    client: Client,
}

impl Stats {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// What the server that answers says of itself.
    ///
    /// `GET /v2/stats/self`
    ///
    /// # Errors
    /// See [`ErrorKind`].
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn this_member(&self) -> Result<SelfStats, Error> {
        let call = Call::read(
            Operation::new("ask for a member's statistics", ""),
            path::STATS_SELF,
        );
        Ok(self.client.execute(call).await?.json()?.value)
    }

    /// What the leader says of its followers. Each server of the client is asked until one leads.
    ///
    /// `GET /v2/stats/leader`
    ///
    /// # Errors
    /// `Conflict` if none of them leads; else as [`this_member`](Self::this_member).
    ///
    /// # Cancel safety
    /// As [`this_member`](Self::this_member).
    pub async fn leader(&self) -> Result<LeaderStats, Error> {
        let call = Call::read(
            Operation::new("ask for the leader's statistics", ""),
            path::STATS_LEADER,
        );
        let mut refused = match self.client.execute(call.clone()).await?.json() {
            Err(error) if error.kind() == ErrorKind::Conflict => error,
            other => return Ok(other?.value),
        };
        let http = self.client.inner.cluster.http();
        for (id, _) in http.endpoints().iter() {
            let mut call = call.clone();
            call.endpoint = Some(id);
            match self
                .client
                .execute(call)
                .await
                .and_then(super::reply::Reply::json)
            {
                Ok(answer) => return Ok(answer.value),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// What the store of the server that answers counted since it started.
    ///
    /// `GET /v2/stats/store`
    ///
    /// # Errors
    /// As [`this_member`](Self::this_member).
    ///
    /// # Cancel safety
    /// As [`this_member`](Self::this_member).
    pub async fn store(&self) -> Result<StoreStats, Error> {
        let call = Call::read(
            Operation::new("ask for the store's statistics", ""),
            path::STATS_STORE,
        );
        Ok(self.client.execute(call).await?.json()?.value)
    }
}
