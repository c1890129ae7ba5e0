//! The agent inside a test: a Consul for the code under test, with nothing installed.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use anyhow::ensure;
use quorate_agent::{Agent, AgentConfig, Listen};
use quorate_consul::Client;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Port 0: any number of tests run at once.
    let config = AgentConfig::memory().with_consul_http(Listen::parse("127.0.0.1:0")?);
    let agent = Agent::start(config).await?;
    let url = agent.consul_url().unwrap_or_default();
    println!("CONSUL_HTTP_ADDR={url} for any Consul client in any language");

    let client = Client::new(&url)?;
    client.kv().put("feature/new-login", "on").await?;
    let entry = client.kv().get("feature/new-login").await?;
    ensure!(entry.is_some_and(|entry| entry.value == "on"));

    // Without a port at all: connections in memory.
    let client = Client::builder()
        .address("memory:")
        .dialer(agent.dialer())
        .build()?;
    println!(
        "in memory: the node is called {}",
        client.agent().node_name().await?
    );

    agent.shutdown().await;
    Ok(())
}
