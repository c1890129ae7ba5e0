//! The operation of the cluster: `/v1/operator`.

mod autopilot;
mod keyring;
mod raft;

use crate::client::Client;

pub use autopilot::Autopilot;
pub use keyring::{KeyringOptions, Keyrings};
pub use quorate_wire::consul::operator::{
    AutopilotConfig, AutopilotConfigRequest, AutopilotHealth, Keyring, RaftConfiguration,
    RaftServer, ServerHealth,
};
pub use raft::Raft;

/// The operation of the cluster: who agrees with whom, who may join, and the keys of the gossip
/// encryption. Calls need a token with `operator:read` or `operator:write`, or `keyring:…`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::operator::AutopilotConfigRequest;
///
/// let servers = client.operator().raft().configuration().await?.servers;
/// assert_eq!(servers.iter().filter(|server| server.leader).count(), 1);
///
/// let autopilot = client.operator().autopilot();
/// assert!(autopilot.health().await?.healthy);
/// let config = autopilot.configuration().await?;
/// let request = AutopilotConfigRequest::from(&config).with_cleanup_dead_servers(false);
/// assert!(autopilot.cas_configuration(&request, config.modify_index).await?);
/// assert!(!autopilot.cas_configuration(&request, config.modify_index).await?, "it was changed");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Operator {
    client: Client,
}

impl Operator {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Raft: which servers agree with each other.
    #[must_use]
    pub fn raft(&self) -> Raft {
        Raft::new(self.client.clone())
    }

    /// Autopilot: how servers come and go by themselves, and how they are.
    #[must_use]
    pub fn autopilot(&self) -> Autopilot {
        Autopilot::new(self.client.clone())
    }

    /// The keys of the gossip encryption.
    #[must_use]
    pub fn keyring(&self) -> Keyrings {
        Keyrings::new(self.client.clone())
    }
}
