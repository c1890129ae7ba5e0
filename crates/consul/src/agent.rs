//! The agent itself: `/v1/agent`.

use quorate_wire::consul::{AgentSelf, path};

use crate::answer::Answer;
use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::url::Url;

/// The agent behind the client's first address.
///
/// What an agent knows about itself is not what another knows about itself, so these calls never
/// fail over to another address.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// assert_eq!(client.agent().datacenter().await?, "dc1");
/// println!("served by {}", client.agent().node_name().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Agent {
    client: Client,
}

impl Agent {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// What the agent says of itself.
    ///
    /// `GET /v1/agent/self`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `agent:read`.
    pub async fn self_info(&self) -> Result<AgentSelf, Error> {
        Ok(self.self_info_with(&QueryOptions::default()).await?.value)
    }

    /// [`self_info`](Self::self_info) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`self_info`](Self::self_info).
    pub async fn self_info_with(&self, options: &QueryOptions) -> Result<Answer<AgentSelf>, Error> {
        let operation = Operation::new("ask the agent about itself", "");
        let call = self
            .client
            .read_local(operation, Url::new(path::AGENT_SELF), options);
        self.client
            .execute(call)
            .await?
            .answer(|body| serde_json::from_slice(body))
    }

    /// The name of the agent's node.
    ///
    /// # Errors
    /// As [`self_info`](Self::self_info).
    pub async fn node_name(&self) -> Result<String, Error> {
        Ok(self.self_info().await?.config.node_name)
    }

    /// The name of the agent's datacenter.
    ///
    /// # Errors
    /// As [`self_info`](Self::self_info).
    pub async fn datacenter(&self) -> Result<String, Error> {
        Ok(self.self_info().await?.config.datacenter)
    }
}
