//! The state of the cluster: `/v1/status`.

use quorate_wire::consul::{path, status};

use crate::answer::Answer;
use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::url::Url;

/// The state of the cluster: who leads, and who takes part.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let leader = client.status().leader().await?.expect("there is none at the moment");
/// assert!(client.status().peers().await?.contains(&leader));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Status {
    client: Client,
}

impl Status {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The Raft address of the leader, as `10.0.0.1:8300`; `None` while there is none.
    ///
    /// `GET /v1/status/leader`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn leader(&self) -> Result<Option<String>, Error> {
        Ok(self.leader_with(&QueryOptions::default()).await?.value)
    }

    /// [`leader`](Self::leader) with options; only the datacenter, the token and the timeout
    /// matter here.
    ///
    /// # Errors
    /// As [`leader`](Self::leader); `NotFound` for an unknown datacenter.
    pub async fn leader_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Option<String>>, Error> {
        let operation = Operation::new("ask for the leader", "");
        self.get(
            operation,
            path::STATUS_LEADER,
            options,
            status::decode_leader,
        )
        .await
    }

    /// The Raft addresses of all servers of the datacenter.
    ///
    /// `GET /v1/status/peers`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn peers(&self) -> Result<Vec<String>, Error> {
        Ok(self.peers_with(&QueryOptions::default()).await?.value)
    }

    /// [`peers`](Self::peers) with options; only the datacenter, the token and the timeout matter
    /// here.
    ///
    /// # Errors
    /// As [`peers`](Self::peers); `NotFound` for an unknown datacenter.
    pub async fn peers_with(&self, options: &QueryOptions) -> Result<Answer<Vec<String>>, Error> {
        let operation = Operation::new("ask for the servers", "");
        self.get(operation, path::STATUS_PEERS, options, status::decode_peers)
            .await
    }

    async fn get<T>(
        &self,
        operation: Operation<'_>,
        endpoint: &str,
        options: &QueryOptions,
        decode: fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<Answer<T>, Error> {
        let call = self.client.read(operation, Url::new(endpoint), options);
        self.client.execute(call).await?.answer(decode)
    }
}
