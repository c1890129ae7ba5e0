//! A pair of servers.

use std::time::Duration;

use anyhow::Context as _;
use quorate_agent::{AclConfig, Agent, AgentConfig};
use quorate_testkit::eventually;
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use serde_json::json;

use crate::side::Side;

/// How both call their node.
pub(crate) const NODE: &str = "node-1";
/// The token that may do everything.
pub(crate) const MASTER: &str = "11111111-2222-4333-8444-555555555555";
/// How long the real server has for what it writes by itself after its start.
const SETTLING: Duration = Duration::from_secs(20);

/// How two servers are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// As by default.
    Plain,
    /// With the mesh on, where it can be.
    Mesh,
    /// With access rules that deny by default.
    Guarded,
}

impl Setting {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Mesh => "mesh",
            Self::Guarded => "guarded",
        }
    }
}

/// The real Consul and the embedded agent, both fresh.
pub(crate) struct World {
    pub(crate) real: Side,
    pub(crate) ours: Side,
    _real: ConsulServer,
    _ours: Agent,
}

impl World {
    pub(crate) async fn start(setting: Setting) -> anyhow::Result<Self> {
        let mut options = ConsulOptions::default().with_node_name(NODE);
        let mut config = AgentConfig::memory()
            .with_strict(true)
            .with_node_name(NODE)
            .with_consul_http("127.0.0.1:0".parse()?);
        if setting != Setting::Plain {
            options = options.with_setting("connect", json!({"enabled": true}));
        }
        if setting == Setting::Guarded {
            let tokens = json!({"master": MASTER, "agent": MASTER});
            let acl = json!({"enabled": true, "default_policy": "deny", "tokens": tokens});
            options = options.with_acl_master(MASTER).with_setting("acl", acl);
            let acl = AclConfig::default().with_management_token(MASTER);
            config = config.with_acl(acl.with_agent_token(MASTER));
        }
        let token = (setting == Setting::Guarded).then_some(MASTER);
        let real = ConsulServer::start(options).await?;
        let ours = Agent::start(config).await?;
        let url = ours.consul_url().context("the agent listens")?;
        let address = url.trim_start_matches("http://").parse()?;
        settle(&real, token).await?;
        Ok(Self {
            real: Side::new(real.addr(), token).await?,
            ours: Side::new(address, token).await?,
            _real: real,
            _ours: ours,
        })
    }
}

/// Waits until a real server has registered itself wholly: its node, its service and its check.
async fn settle(server: &ConsulServer, token: Option<&'static str>) -> anyhow::Result<()> {
    let registered = || async {
        let mut side = Side::new(server.addr(), token).await.ok()?;
        let node = side.get(&format!("/v1/catalog/node/{NODE}")).await.ok()?;
        let whole = !node["Node"]["TaggedAddresses"]["lan_ipv4"].is_null()
            && !node["Services"]["consul"].is_null()
            && !node["Node"]["Meta"]["consul-network-segment"].is_null();
        whole.then_some(())
    };
    eventually(SETTLING, "the node's registration of itself", registered).await?;
    Ok(())
}
