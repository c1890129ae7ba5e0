//! What the clients of etcd's v2 API are pointed at.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig};
use quorate_etcd::v2::{Client, Permissions, Timeouts};
use quorate_testkit::server::{EtcdServer, EtcdVersion};

use crate::command::{Command, Running};
use crate::server::MASTER;

/// To change the TTL of a directory. etcd 3.5 refuses what 3.4 does.
pub(crate) const DIRECTORY_TTL: &str = "change the TTL of a directory";

/// A hash of a password takes long on a slow machine.
const PATIENCE: Duration = Duration::from_secs(50);

/// Our agent, or a real etcd.
pub(crate) struct Etcd {
    addr: SocketAddr,
    /// Our client of the same server.
    pub(crate) client: Client,
    running: Kind,
}

enum Kind {
    Embedded(#[expect(dead_code, reason = "it lives as long as this")] Agent),
    Real(Box<EtcdServer>),
}

impl Etcd {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        let config = AgentConfig::memory().with_node_name("node-1");
        let agent = Agent::start(config.with_etcd("127.0.0.1:0".parse()?)).await?;
        let addr = agent.etcd()[0].addr().context("no TCP listener")?;
        Self::new(addr, Kind::Embedded(agent))
    }

    pub(crate) async fn real(version: EtcdVersion) -> anyhow::Result<Self> {
        let server = EtcdServer::start(version).await?;
        Self::new(server.addr(), Kind::Real(Box::new(server)))
    }

    fn new(addr: SocketAddr, running: Kind) -> anyhow::Result<Self> {
        let patience = Timeouts::default()
            .with_attempt(PATIENCE)
            .with_overall(Some(PATIENCE));
        let client = Client::builder()
            .address(&addr.to_string())
            .timeouts(patience)
            .build()?;
        Ok(Self {
            addr,
            client,
            running,
        })
    }

    pub(crate) fn is_real(&self) -> bool {
        matches!(self.running, Kind::Real(_))
    }

    /// Another one of the same kind, with nothing in it.
    pub(crate) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => Self::embedded().await,
            Kind::Real(server) => Self::real(server.version()).await,
        }
    }

    /// The same with access control: the user `root` with the password [`MASTER`] may do
    /// everything, and whoever has no name nothing.
    pub(crate) async fn guarded(self) -> anyhow::Result<Self> {
        self.client.auth().users().create("root", MASTER).await?;
        self.client.auth().enable().await?;
        let root = self.client.with_basic_auth("root", MASTER)?;
        let all = Permissions::new(["/*"], ["/*"]);
        root.auth().roles().revoke("guest", all).await?;
        Ok(self)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `etcdctl` with these arguments, for this server.
    pub(crate) fn etcdctl(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        Command::etcdctl(self.addr, arguments)
    }

    /// The same, run at once: what it prints. An error unless it succeeds.
    pub(crate) async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let done = self.etcdctl(arguments)?.run().await?;
        anyhow::ensure!(done.code == 0, "{arguments:?}: {done:?}");
        Ok(done.stdout)
    }

    /// The same, which must fail with this exit code: what it says about it.
    pub(crate) async fn refused(&self, code: i32, arguments: &[&str]) -> anyhow::Result<String> {
        let done = self.etcdctl(arguments)?.run().await?;
        anyhow::ensure!(done.code == code, "{arguments:?}: {done:?}");
        Ok(done.stderr.trim().to_owned())
    }

    /// The same, started and left to run.
    pub(crate) fn start(&self, arguments: &[&str]) -> anyhow::Result<Running> {
        self.etcdctl(arguments)?.start()
    }
}
