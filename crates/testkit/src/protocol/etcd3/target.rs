//! What the cases run against.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig};
use quorate_etcd::v3::{Client, Timeouts};

use super::channel::Channel;
use super::line::World;
use crate::exchange::{Answer, exchange, request};
use crate::server::{EtcdCluster, EtcdServer, EtcdVersion};
use crate::trial::Subject;

/// To be one server, of which another one with nothing in it can be had: for cases that speak of the
/// whole store, of who may do what, of alarms or of members.
pub const ALONE: &str = "be one server with a store of its own";

/// To be a process of etcd: what our agent does otherwise on purpose.
pub const REAL: &str = "be a real etcd";

/// To do better where no client can depend on a fault of etcd, as our agent does.
pub const MENDED: &str = "do better than etcd";

/// To be etcd 3.4.
pub const V3_4: &str = "answer as etcd 3.4";

/// To answer as etcd 3.5 and later do, and our agent.
pub const SINCE_3_5: &str = "answer as etcd 3.5 and later";

/// To answer as etcd up to 3.5 does, and our agent.
pub const UP_TO_3_5: &str = "answer as etcd up to 3.5";

/// To answer as etcd 3.5 does and none before or after, and our agent.
pub const V3_5: &str = "answer as etcd 3.5";

/// To answer as etcd 3.7.
pub const V3_7: &str = "answer as etcd 3.7";

/// To ask for the permission of an operation within an operation, as etcd 3.7 does, and our agent.
pub const NESTED: &str = "guard nested operations";

/// To send ranges in parts, as etcd 3.7 does, and our agent.
pub const STREAMS: &str = "send ranges in parts";

/// To be three members, which the cases stop.
pub const MEMBERS: &str = "be three members";

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// Something that speaks etcd's v3 API on a TCP port.
#[derive(Debug)]
pub struct Etcd {
    addr: SocketAddr,
    /// The typed client, with the addresses of all members.
    pub client: Client,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Embedded(#[expect(dead_code, reason = "it lives as long as this")] Box<Agent>),
    Real(Box<EtcdServer>),
    Cluster(EtcdCluster),
}

/// A slow machine takes its time, above all to hash passwords without optimisation.
pub(super) fn patience() -> Timeouts {
    Timeouts::default()
        .with_attempt(PATIENCE / 2)
        .with_overall(Some(PATIENCE))
}

impl Etcd {
    /// Our agent in this process, in memory, on a free port.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn embedded() -> anyhow::Result<Self> {
        let config = AgentConfig::memory()
            .with_node_name("node-1")
            .with_etcd("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let addr = agent.etcd()[0].addr().context("no TCP listener")?;
        Self::new(
            addr,
            &format!("http://{addr}"),
            Server::Embedded(Box::new(agent)),
        )
    }

    /// A real etcd, in a process of its own.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn real(version: EtcdVersion) -> anyhow::Result<Self> {
        let server = EtcdServer::start_without_v2(version).await?;
        Self::new(server.addr(), &server.url(), Server::Real(Box::new(server)))
    }

    /// Three real etcds that are one cluster. Lines go to a member that follows at the start; the
    /// typed client has all three addresses.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn cluster(version: EtcdVersion) -> anyhow::Result<Self> {
        let cluster = EtcdCluster::start_without_v2(version).await?;
        let follower = (cluster.leader().await? + 1) % 3;
        let (addr, urls) = (cluster.server(follower).addr(), cluster.urls_from(follower));
        Self::new(addr, &urls, Server::Cluster(cluster))
    }

    fn new(addr: SocketAddr, urls: &str, server: Server) -> anyhow::Result<Self> {
        let builder = Client::builder().address(urls);
        let client = builder.timeouts(patience()).build()?;
        Ok(Self {
            addr,
            client,
            server,
        })
    }

    /// Another one of the same kind, with nothing in it.
    pub(super) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.server {
            Server::Embedded(_) => Self::embedded().await,
            Server::Real(server) => Self::real(server.version()).await,
            Server::Cluster(_) => anyhow::bail!("a cluster can't {ALONE}"),
        }
    }

    /// Which etcd its members are, where it has several.
    pub(super) fn version_of_members(&self) -> anyhow::Result<EtcdVersion> {
        match &self.server {
            Server::Cluster(cluster) => Ok(cluster.server(0).version()),
            _ => anyhow::bail!("it can't {MEMBERS}"),
        }
    }

    /// What it says its version is.
    pub(super) fn number(&self) -> &'static str {
        match &self.server {
            // The agent answers as this one does.
            Server::Embedded(_) => EtcdVersion::V3_5.number(),
            Server::Real(server) => server.version().number(),
            Server::Cluster(cluster) => cluster.server(0).version().number(),
        }
    }

    /// How often a watch of what was may be begun again until it tells what was before, too. A real
    /// etcd takes note that a watch asked for that after it has begun it: what it tells in between
    /// lacks it.
    pub(super) fn beginnings(&self) -> usize {
        match &self.server {
            Server::Embedded(_) => 1,
            Server::Real(_) | Server::Cluster(_) => 10,
        }
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A connection of its own.
    pub(super) async fn channel(&self) -> anyhow::Result<Channel> {
        Channel::open(self.addr).await
    }

    /// Lines about the whole of it.
    pub(super) async fn exact(&self) -> anyhow::Result<World> {
        Ok(World::exact(self.channel().await?))
    }

    /// Sends a request of HTTP/1.1.
    pub(super) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Answer> {
        let bytes = request(method, target, headers, body.as_bytes());
        let answer = exchange(self.addr, &bytes, PATIENCE).await;
        answer.with_context(|| format!("{method} {target}"))
    }
}

impl World {
    /// Lines about what belongs to a trial.
    pub(super) async fn new(etcd: &Subject<Etcd>) -> anyhow::Result<Self> {
        Ok(Self::below(etcd.channel().await?, etcd.prefix()))
    }
}
