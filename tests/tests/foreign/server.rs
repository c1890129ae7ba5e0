use std::net::SocketAddr;

use anyhow::Context as _;
use quorate::Coordinator;
use quorate_agent::{Agent, AgentConfig};
use quorate_consul::Client;
use quorate_testkit::server::{ConsulOptions, ConsulServer};

use crate::command::{Command, Running};

/// What the foreign clients are pointed at.
pub(crate) struct Server {
    addr: SocketAddr,
    /// Our client of the same server.
    pub(crate) client: Client,
    /// The unified layer on the same server.
    pub(crate) coordinator: Coordinator,
    _server: Box<dyn Send + Sync>,
}

impl Server {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        let config = AgentConfig::memory().with_consul_http("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let addr = agent.consul_http()[0].addr().context("no TCP listener")?;
        Self::new(addr, Box::new(agent)).await
    }

    pub(crate) async fn real() -> anyhow::Result<Self> {
        let server = ConsulServer::start(ConsulOptions::new()).await?;
        Self::new(server.addr(), Box::new(server)).await
    }

    async fn new(addr: SocketAddr, server: Box<dyn Send + Sync>) -> anyhow::Result<Self> {
        let url = format!("consul://{addr}");
        let coordinator = quorate::Builder::new(url)
            .without_environment()
            .connect()
            .await?;
        Ok(Self {
            addr,
            client: Client::new(&format!("http://{addr}"))?,
            coordinator,
            _server: server,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `consul` with these arguments, for this server.
    pub(crate) fn consul<const N: usize>(&self, arguments: [&str; N]) -> anyhow::Result<Command> {
        Command::consul(self.addr, &arguments)
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
