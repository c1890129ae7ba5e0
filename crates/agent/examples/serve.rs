//! Serves Consul's API, and etcd's where `ETCD` says so, until it is interrupted.
//!
//! ```text
//! ETCD=127.0.0.1:2379 cargo run -p quorate-agent --example serve -- 127.0.0.1:8500 [DIRECTORY]
//! ```

#![expect(clippy::print_stdout, reason = "an example")]

use quorate_agent::{Agent, AgentConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let config = match arguments.next() {
        Some(directory) => AgentConfig::directory(directory),
        None => AgentConfig::memory(),
    };
    let name = std::env::var("NODE").unwrap_or_else(|_| "node-1".into());
    let compat = std::env::var("COMPAT").unwrap_or_else(|_| "current".into());
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let config = match std::env::var("ETCD") {
        Ok(address) => config.with_etcd(address.parse()?),
        Err(_) => config,
    };
    let config = config
        .with_consul_http(address.parse()?)
        .with_node_name(name)
        .with_strict(is_set("STRICT"))
        .with_compat(compat.parse()?)
        .with_script_checks(is_set("SCRIPTS"));
    let agent = Agent::start(config).await?;
    println!("{}", agent.consul_url().unwrap_or_default());
    tokio::signal::ctrl_c().await?;
    agent.shutdown().await;
    Ok(())
}
