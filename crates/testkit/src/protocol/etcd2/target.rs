//! What the cases run against.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use quorate_agent::{Agent, AgentConfig};
use quorate_etcd::v2::{Client, Timeouts};

use crate::exchange::{Answer, exchange, request};
use crate::server::{EtcdCluster, EtcdServer, EtcdVersion};

/// To be one server, of which another one with nothing in it can be had: for cases that speak of the
/// whole store, of who may do what, or of members.
pub const ALONE: &str = "be one server with a store of its own";

/// To have the faults of etcd: those that our agent has only when it is strict.
pub const FAULTS: &str = "have the faults of etcd";

/// To do better where no client can depend on a fault of etcd, as our agent does unless it is strict.
pub const MENDED: &str = "do better than etcd";

/// To be a process of etcd: what our agent does otherwise even when it is strict.
pub const REAL: &str = "be a real etcd";

/// To change the TTL of a directory. etcd 3.5 refuses what 3.4 does.
pub const DIRECTORY_TTL: &str = "change the TTL of a directory";

/// To refuse to change the TTL of a directory.
pub const REFUSES_DIRECTORY_TTL: &str = "refuse to change the TTL of a directory";

/// To be three members, of which the cases stop one.
pub const MEMBERS: &str = "be three members";

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(50);

/// The type of what a form is sent as.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Something that speaks etcd's v2 API on a TCP port.
#[derive(Debug)]
pub struct Etcd {
    addr: SocketAddr,
    /// The typed client, for what needs no look at the bytes.
    pub client: Client,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Embedded {
        strict: bool,
        #[expect(dead_code, reason = "it lives as long as this")]
        agent: Agent,
    },
    Real(Box<EtcdServer>),
    Cluster(EtcdCluster),
}

impl Etcd {
    /// Our agent in this process, in memory, on a free port.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn embedded() -> anyhow::Result<Self> {
        Self::agent(false).await
    }

    /// The same, strict: it answers as etcd 3.4.23 where it does better by default.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn strict() -> anyhow::Result<Self> {
        Self::agent(true).await
    }

    /// A real etcd, in a process of its own.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn real(version: EtcdVersion) -> anyhow::Result<Self> {
        let server = EtcdServer::start(version).await?;
        Self::new(server.addr(), &server.url(), Server::Real(Box::new(server)))
    }

    /// Three real etcds that are one cluster. Bytes go to a member that follows at the start; the
    /// typed client has all three addresses.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn cluster(version: EtcdVersion) -> anyhow::Result<Self> {
        let cluster = EtcdCluster::start(version).await?;
        let follower = (cluster.leader().await? + 1) % 3;
        let (addr, urls) = (cluster.server(follower).addr(), cluster.urls_from(follower));
        Self::new(addr, &urls, Server::Cluster(cluster))
    }

    async fn agent(strict: bool) -> anyhow::Result<Self> {
        let config = AgentConfig::memory()
            .with_node_name("node-1")
            .with_etcd("127.0.0.1:0".parse()?)
            .with_etcd_strict(strict);
        let agent = Agent::start(config).await?;
        let addr = agent.etcd()[0].addr().context("no TCP listener")?;
        let url = format!("http://{addr}");
        Self::new(addr, &url, Server::Embedded { strict, agent })
    }

    fn new(addr: SocketAddr, urls: &str, server: Server) -> anyhow::Result<Self> {
        // A slow machine takes its time, above all to hash passwords without optimisation.
        let patience = Timeouts::default()
            .with_attempt(PATIENCE / 2)
            .with_overall(Some(PATIENCE));
        let client = Client::builder().address(urls).timeouts(patience).build()?;
        Ok(Self {
            addr,
            client,
            server,
        })
    }

    /// Another one of the same kind, with nothing in it.
    pub(super) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.server {
            Server::Embedded { strict, .. } => Self::agent(*strict).await,
            Server::Real(server) => Self::real(server.version()).await,
            Server::Cluster(_) => anyhow::bail!("a cluster can't {ALONE}"),
        }
    }

    /// Another cluster, with nothing in it.
    pub(super) async fn another_cluster(&self) -> anyhow::Result<Self> {
        Self::cluster(self.members()?.server(0).version()).await
    }

    /// Its members, where it has several.
    pub(super) fn members(&self) -> anyhow::Result<&EtcdCluster> {
        match &self.server {
            Server::Cluster(cluster) => Ok(cluster),
            _ => anyhow::bail!("it can't {MEMBERS}"),
        }
    }

    /// The number of the member that bytes go to.
    pub(super) fn asked(&self) -> anyhow::Result<usize> {
        let mut servers = self.members()?.servers().iter();
        let asked = servers.position(|server| server.addr() == self.addr);
        asked.context("no member is asked")
    }

    /// Where it listens.
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends bytes as they are.
    pub(super) async fn exchange(&self, bytes: &[u8]) -> anyhow::Result<Answer> {
        let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or(bytes);
        let answer = exchange(self.addr, bytes, PATIENCE).await;
        answer.with_context(|| String::from_utf8_lossy(line).into_owned())
    }

    /// Sends a request on a connection of its own.
    pub(super) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Answer> {
        self.exchange(&request(method, target, headers, body.as_bytes()))
            .await
    }

    /// Reads a path that must be answered with 200.
    pub(super) async fn read(&self, target: &str) -> anyhow::Result<Answer> {
        let answer = self.send("GET", target, &[], "").await?;
        let (status, text) = (answer.status, answer.text());
        ensure!(status == 200, "GET {target}: {status} {text}");
        Ok(answer)
    }

    /// Writes a form to a path, which must succeed.
    pub(super) async fn write(&self, target: &str, form: &str) -> anyhow::Result<Answer> {
        let headers = [("Content-Type", FORM)];
        let answer = self.send("PUT", target, &headers, form).await?;
        let (status, text) = (answer.status, answer.text());
        ensure!(matches!(status, 200 | 201), "PUT {target}: {status} {text}");
        Ok(answer)
    }
}

/// The value of the header that carries a name and a password: `name:password`.
pub(super) fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// The number in a header.
pub(super) fn number(answer: &Answer, header: &str) -> anyhow::Result<u64> {
    let value = answer.header(header);
    let value = value.with_context(|| format!("no {header}"))?;
    Ok(value.parse()?)
}
