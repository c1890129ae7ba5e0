use std::net::SocketAddr;

use anyhow::Context as _;
use quorate::Coordinator;
use quorate_agent::{AclConfig, AclDefault, Agent, AgentConfig};
use quorate_consul::Client;
use quorate_testkit::server::{ConsulOptions, ConsulServer};

use crate::command::{Command, Running};

/// The name of each server's node.
pub(crate) const NODE: &str = "node-1";
/// The token that may do everything where there are access rules.
pub(crate) const MASTER: &str = "6d7a3b4c-0b7e-4c8a-9a7e-5c1d0e2f3a4b";

/// What the foreign clients are pointed at.
pub(crate) struct Server {
    addr: SocketAddr,
    /// Our client of the same server.
    pub(crate) client: Client,
    /// The unified layer on the same server.
    pub(crate) coordinator: Coordinator,
    token: Option<&'static str>,
    running: Kind,
}

enum Kind {
    Embedded(#[expect(dead_code, reason = "it lives as long as this")] Agent),
    Real(#[expect(dead_code, reason = "it lives as long as this")] Box<ConsulServer>),
}

impl Server {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        Self::agent(AgentConfig::memory()).await
    }

    async fn agent(config: AgentConfig) -> anyhow::Result<Self> {
        let config = config
            .with_node_name(NODE)
            .with_consul_http("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let addr = agent.consul_http()[0].addr().context("no TCP listener")?;
        Self::new(addr, Kind::Embedded(agent)).await
    }

    pub(crate) async fn real() -> anyhow::Result<Self> {
        Self::consul_server(ConsulOptions::new()).await
    }

    async fn consul_server(options: ConsulOptions) -> anyhow::Result<Self> {
        let server = ConsulServer::start(options.with_node_name(NODE)).await?;
        Self::new(server.addr(), Kind::Real(Box::new(server))).await
    }

    async fn new(addr: SocketAddr, running: Kind) -> anyhow::Result<Self> {
        let url = format!("consul://{addr}");
        let coordinator = quorate::Builder::new(url)
            .without_environment()
            .connect()
            .await?;
        Ok(Self {
            addr,
            client: Client::new(&format!("http://{addr}"))?,
            coordinator,
            token: None,
            running,
        })
    }

    /// Another one of the same kind, with nothing in it, for cases that change the whole of it.
    pub(crate) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => Self::embedded().await,
            Kind::Real(_) => Self::real().await,
        }
    }

    /// One of the same kind with access rules that allow nothing by default, and its commands with
    /// the master token.
    pub(crate) async fn ruled(&self) -> anyhow::Result<Self> {
        let ruled = match &self.running {
            Kind::Embedded(_) => {
                let acl = AclConfig::default().with_management_token(MASTER);
                Self::agent(AgentConfig::memory().with_acl(acl)).await?
            }
            Kind::Real(_) => {
                Self::consul_server(ConsulOptions::new().with_acl_master(MASTER)).await?
            }
        };
        Ok(Self {
            token: Some(MASTER),
            ..ruled
        })
    }

    /// One of the same kind with access rules, and no token that was made yet.
    pub(crate) async fn bootstrappable(&self) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => {
                let acl = AclConfig::default().with_default_policy(AclDefault::Allow);
                Self::agent(AgentConfig::memory().with_acl(acl)).await
            }
            Kind::Real(_) => {
                // Whoever has no token may read: otherwise nobody could see that it is ready.
                let rules = serde_json::json!({"enabled": true, "default_policy": "allow"});
                let options = ConsulOptions::new().with_setting("acl", rules);
                let options = options.with_setting("primary_datacenter", "dc1");
                Self::consul_server(options).await
            }
        }
    }

    /// The same server, whose commands have this token.
    pub(crate) fn with_token(&self, token: &str, arguments: &[&str]) -> anyhow::Result<Command> {
        Ok(Command::consul(self.addr, arguments)?.env("CONSUL_HTTP_TOKEN", token))
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `consul` with these arguments, for this server.
    pub(crate) fn consul<const N: usize>(&self, arguments: [&str; N]) -> anyhow::Result<Command> {
        let command = Command::consul(self.addr, &arguments)?;
        Ok(match self.token {
            Some(token) => command.env("CONSUL_HTTP_TOKEN", token),
            None => command,
        })
    }

    /// The same, run at once: what it prints. An error unless it succeeds.
    pub(crate) async fn run<const N: usize>(&self, arguments: [&str; N]) -> anyhow::Result<String> {
        let done = self.consul(arguments)?.run().await?;
        anyhow::ensure!(done.code == 0, "{arguments:?}: {done:?}");
        Ok(done.stdout)
    }

    /// The same, which must fail with exit code 1: what it says about it.
    pub(crate) async fn refused<const N: usize>(
        &self,
        arguments: [&str; N],
    ) -> anyhow::Result<String> {
        let done = self.consul(arguments)?.run().await?;
        anyhow::ensure!(done.code == 1, "{arguments:?}: {done:?}");
        Ok(done.stderr.trim_end().to_owned())
    }

    /// The same, started and left to run.
    pub(crate) fn start<const N: usize>(&self, arguments: [&str; N]) -> anyhow::Result<Running> {
        self.consul(arguments)?.start()
    }
}
