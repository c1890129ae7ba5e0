//! Serf's RPC of the agent, over real sockets, as bytes; and the membership behind it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]

mod auth;
mod client;
mod cluster;
mod consul;
mod handler;
mod hostile;
mod lifecycle;
mod recorded;

use client::Client;
use quorate_agent::{Agent, AgentConfig, GossipConfig, GossipProfile};

/// An agent in memory with Serf's RPC on a free port.
async fn agent() -> Agent {
    start(AgentConfig::memory().with_node_name("alpha")).await
}

async fn start(config: AgentConfig) -> Agent {
    let config = config.with_serf_rpc("127.0.0.1:0".parse().unwrap());
    Agent::start(config).await.unwrap()
}

/// A member on a free port of this machine. In this profile members wait for a stream for ten seconds, and for
/// answers about keys for three: in the one for a single machine it is one, which a loaded one may take.
fn gossip() -> GossipConfig {
    GossipConfig::new(([127, 0, 0, 1], 0).into()).with_profile(GossipProfile::Lan)
}
