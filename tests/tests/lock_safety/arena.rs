use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate_conformance::contender::{Contender, Prize};
use quorate_conformance::random::Random;
use quorate_testkit::history::History;
use quorate_testkit::proxy::Proxy;
use quorate_testkit::server::{ConsulOptions, ConsulServer, EtcdServer, EtcdVersion};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::chaos::{Chaos, Faults};
use crate::killable::KillableAgent;
use crate::stoppable::StoppableHolder;

const CONTENDERS: usize = 4;
const PROCESSES: usize = 2;

/// Which server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Embedded,
    Consul,
    /// The v2 API of our agent.
    AgentEtcd2,
    /// The v2 API of a real etcd.
    Etcd2(EtcdVersion),
}

impl Kind {
    /// How many acquisitions show something. On etcd contenders have their turns in order, and all
    /// wait for one that stands still.
    pub(crate) fn least(self) -> usize {
        match self {
            Self::Embedded | Self::Consul => 30,
            Self::AgentEtcd2 | Self::Etcd2(_) => 12,
        }
    }

    /// What contenders take for an address of it.
    fn url(self, proxy: &Proxy) -> String {
        match self {
            Self::Embedded | Self::Consul => proxy.url(),
            Self::AgentEtcd2 | Self::Etcd2(_) => format!("etcd2://{}", proxy.addr()),
        }
    }
}

/// The server, which can be killed and started again on what it kept.
pub(crate) enum Server {
    Embedded(Option<KillableAgent>, TempDir),
    Consul(Box<ConsulServer>),
    AgentEtcd2(Option<KillableAgent>, TempDir),
    Etcd2(Box<EtcdServer>),
}

impl Server {
    async fn start(kind: Kind) -> anyhow::Result<Self> {
        match kind {
            Kind::Embedded => {
                let directory = tempfile::tempdir()?;
                let agent = KillableAgent::start(directory.path());
                Ok(Self::Embedded(Some(agent), directory))
            }
            Kind::Consul => {
                let options = ConsulOptions::new().with_session_ttl_min(Duration::from_millis(100));
                Ok(Self::Consul(Box::new(ConsulServer::start(options).await?)))
            }
            Kind::AgentEtcd2 => {
                let directory = tempfile::tempdir()?;
                let agent = KillableAgent::start(directory.path());
                Ok(Self::AgentEtcd2(Some(agent), directory))
            }
            Kind::Etcd2(version) => {
                let server = EtcdServer::start(version).await?;
                Ok(Self::Etcd2(Box::new(server)))
            }
        }
    }

    pub(crate) fn addr(&self) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Embedded(agent, _) => {
                let url = agent.as_ref().context("not running")?.url();
                Ok(url.trim_start_matches("http://").parse()?)
            }
            Self::Consul(server) => Ok(server.addr()),
            Self::AgentEtcd2(agent, _) => {
                let url = agent.as_ref().context("not running")?.etcd_url();
                Ok(url.trim_start_matches("http://").parse()?)
            }
            Self::Etcd2(server) => Ok(server.addr()),
        }
    }

    /// SIGKILL, and a new start on the same data.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Embedded(agent, directory) | Self::AgentEtcd2(agent, directory) => {
                drop(agent.take());
                *agent = Some(KillableAgent::start(directory.path()));
            }
            Self::Consul(server) => {
                server.kill()?;
                server.restart().await?;
            }
            Self::Etcd2(server) => server.restart().await?,
        }
        Ok(())
    }
}

/// A server, and a proxy before it for each contender.
pub(crate) struct Arena {
    kind: Kind,
    server: Server,
    proxies: Vec<Proxy>,
    prize: Prize,
}

impl Arena {
    pub(crate) async fn open(kind: Kind, prize: Prize) -> anyhow::Result<Self> {
        let server = Server::start(kind).await?;
        let mut proxies = Vec::new();
        for _ in 0..CONTENDERS + PROCESSES {
            proxies.push(Proxy::start(server.addr()?).await?);
        }
        Ok(Self {
            kind,
            server,
            proxies,
            prize,
        })
    }

    /// Lets everybody contend for `length`, under faults, and returns what they held.
    pub(crate) async fn contend(mut self, length: Duration) -> anyhow::Result<(History, Faults)> {
        let history = History::new();
        let end = Instant::now() + length;
        let seed = crate::setting("QUORATE_SAFETY_SEED").unwrap_or_else(Random::any_seed);
        let mut random = Random::new(seed);
        let mut contenders = JoinSet::new();
        for (number, proxy) in self.proxies.iter().take(CONTENDERS).enumerate() {
            let name = format!("task {number}");
            let (prize, seed) = (self.prize.clone(), random.number());
            let contender =
                Contender::new(name, &self.kind.url(proxy), prize, seed, history.clone())?;
            contenders.spawn(contender.run(end, |_| {}));
        }
        let mut holders = Vec::new();
        for (number, proxy) in self.proxies.iter().skip(CONTENDERS).enumerate() {
            let name = format!("process {number}");
            holders.push(StoppableHolder::start(
                &self.kind.url(proxy),
                &name,
                &self.prize,
                length,
            )?);
        }
        let chaos = Chaos::new(seed, random);
        let faults = chaos
            .rage(&mut self.server, &self.proxies, &mut holders, end)
            .await?;
        contenders.join_all().await;
        for holder in holders {
            history.add_lines(&holder.finish()?)?;
        }
        Ok((history, faults))
    }
}
