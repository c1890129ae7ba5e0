//! The leader and the peers.

use anyhow::ensure;
use serde_json::{Value, json};

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        the_only_peer_is_the_leader needs [ALONE],
        the_leader_is_a_peer,
        the_status_has_no_index,
        the_agent_knows_its_own_name,
    ]
    .into()
}

async fn the_only_peer_is_the_leader(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = consul.ask("GET", "/v1/status/leader", "").await?;
    let leader: String = serde_json::from_str(&text)?;
    ensure!(leader.parse::<std::net::SocketAddr>().is_ok(), "{leader}");
    let peers: Value = serde_json::from_str(&consul.ask("GET", "/v1/status/peers", "").await?)?;
    equal("peers", peers, json!([leader]))?;
    let status = consul.client.status();
    equal("typed leader", status.leader().await?, Some(leader.clone()))?;
    equal("typed peers", status.peers().await?, [leader])
}

async fn the_leader_is_a_peer(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let status = consul.client.status();
    let (leader, peers) = (status.leader().await?, status.peers().await?);
    ensure!(leader.is_some_and(|leader| peers.contains(&leader)));
    Ok(())
}

async fn the_status_has_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for target in ["/v1/status/leader", "/v1/status/peers"] {
        let answer = consul.send("GET", target, "").await?;
        equal(target, answer.header("X-Consul-Index"), None)?;
    }
    Ok(())
}

async fn the_agent_knows_its_own_name(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = consul.ask("GET", "/v1/agent/self", "").await?;
    let agent: Value = serde_json::from_str(&text)?;
    equal(
        "name",
        agent["Config"]["NodeName"].as_str(),
        Some(consul.node()),
    )?;
    equal(
        "datacenter",
        agent["Config"]["Datacenter"].as_str(),
        Some("dc1"),
    )?;
    equal(
        "member",
        agent["Member"]["Name"].as_str(),
        Some(consul.node()),
    )?;
    equal("alive", &agent["Member"]["Status"], &json!(1))?;
    equal(
        "typed",
        consul.client.agent().node_name().await?.as_str(),
        consul.node(),
    )
}
