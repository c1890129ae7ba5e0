//! An agent in a process of its own, to be killed: `test-agent DIR` serves Consul's HTTP API and
//! etcd's v2 API on free ports of the loopback interface, whose URLs it prints, a line each, until
//! standard input ends.

#![allow(
    clippy::print_stdout,
    reason = "the test reads the URL from standard output"
)]

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig, Listen};
use tokio::io::AsyncReadExt as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = std::env::args_os()
        .nth(1)
        .context("usage: test-agent DIR")?;
    let listen: Listen = "127.0.0.1:0".parse()?;
    let config = AgentConfig::directory(directory)
        .with_consul_http(listen.clone())
        .with_etcd(listen)
        .with_session_ttl_min(Duration::from_millis(100));
    let agent = Agent::start(config).await?;
    println!("{}", agent.consul_url().context("no listener")?);
    println!("{}", agent.etcd_url().context("no listener")?);
    std::io::stdout().flush()?;
    let mut end = Vec::new();
    tokio::io::stdin().read_to_end(&mut end).await?;
    agent.shutdown().await;
    Ok(())
}
