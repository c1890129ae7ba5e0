use std::net::SocketAddr;

use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig, GossipConfig, GossipProfile};

/// Two members of a cluster: one whose agent is asked, and one to join and to leave.
///
/// The first is the agent that `QUORATE_SERF_URL` names (`serf://127.0.0.1:7373`), or one in this
/// process. The second is always in this process; its clients have to show a token. Both gossip on
/// addresses of this machine.
#[derive(Debug)]
pub struct Serf {
    hosts: String,
    _agent: Option<Agent>,
    other: Agent,
}

/// What clients of the second agent have to show.
const TOKEN: &str = "valid-authkey";

impl Serf {
    /// Finds the agent, or starts it, and starts the other.
    ///
    /// # Errors
    /// An agent does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let (hosts, agent) = match std::env::var("QUORATE_SERF_URL") {
            Ok(hosts) => (hosts, None),
            Err(_) => {
                let agent = Agent::start(config("node0")?).await?;
                (rpc(&agent)?.to_string(), Some(agent))
            }
        };
        let other = config("node1")?.with_serf_rpc_auth(TOKEN);
        Ok(Self {
            hosts,
            _agent: agent,
            other: Agent::start(other).await?,
        })
    }

    /// The addresses of the first agent's RPC: `host:port`, or whatever the variable says.
    #[must_use]
    pub fn hosts(&self) -> &str {
        &self.hosts
    }

    /// Where the second agent serves its RPC.
    ///
    /// # Errors
    /// It does not.
    pub fn other(&self) -> anyhow::Result<SocketAddr> {
        rpc(&self.other)
    }

    /// Where members reach the second agent.
    ///
    /// # Errors
    /// They don't.
    pub fn other_member(&self) -> anyhow::Result<SocketAddr> {
        self.other.gossip_address().context("no member")
    }
}

fn config(name: &str) -> anyhow::Result<AgentConfig> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let gossip = GossipConfig::new(any)
        .with_profile(GossipProfile::Local)
        .with_tag("role", "dummy");
    Ok(AgentConfig::memory()
        .with_node_name(name)
        .with_gossip(gossip)
        .with_serf_rpc("127.0.0.1:0".parse()?))
}

fn rpc(agent: &Agent) -> anyhow::Result<SocketAddr> {
    let bound = agent.serf_rpc().first();
    bound.and_then(|bound| bound.addr()).context("no listener")
}
