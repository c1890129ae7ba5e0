//! What the cases run against.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate::consul::Client;
use quorate::etcd::v3::{KeyRange, RangeOptions};
use quorate::target::EtcdApi;
use quorate::{Coordinator, Holding, etcd};
use quorate_agent::{Agent, AgentConfig};
use tempfile::TempDir;

use crate::proxy::Proxy;
use crate::server::{
    ConsulOptions, ConsulServer, EtcdServer, EtcdVersion, SerfOptions, SerfServer,
};

/// The backend is a server elsewhere: its connections can be cut, and it can be restarted.
pub const REMOTE: &str = "connections that can be cut";
/// Consul's API answers below: sessions, services, nodes, events and snapshots.
pub const CONSUL: &str = "what only Consul has";
/// A Serf agent answers below.
pub const SERF: &str = "what only Serf has";
/// Several keys can be changed at once.
pub const TRANSACTIONS: &str = "transactions";
/// A key may have keys beneath it.
pub const NESTED: &str = "keys beneath keys";

/// What happened can be forgotten, so that a watch has to list again.
pub const COMPACTION: &str = "a history that can be forgotten";

/// What every backend on etcd's v3 API can do.
pub const ETCD3S: &[&str] = &[TRANSACTIONS, NESTED, REMOTE, COMPACTION];
/// What every backend on Consul's API can do.
pub const CONSULS: &[&str] = &[CONSUL, TRANSACTIONS, NESTED];
/// The same over TCP.
pub const REMOTE_CONSULS: &[&str] = &[CONSUL, TRANSACTIONS, NESTED, REMOTE];

/// A backend of quorate, opened by its URL.
#[derive(Debug)]
pub struct Unified {
    /// The handle on it.
    pub coordinator: Coordinator,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory,
    Directory(TempDir),
    Agent(
        Agent,
        #[expect(dead_code, reason = "it lives as long as this")] TempDir,
    ),
    Real(#[expect(dead_code, reason = "it lives as long as this")] Box<ConsulServer>),
    EtcdAgent(
        EtcdApi,
        Agent,
        #[expect(dead_code, reason = "it lives as long as this")] TempDir,
    ),
    Etcd(EtcdApi, Box<EtcdServer>),
    Serf(#[expect(dead_code, reason = "it lives as long as this")] Box<SerfServer>),
}

impl Unified {
    /// `memory:`.
    ///
    /// # Errors
    ///
    /// When it can't be opened.
    pub async fn memory() -> anyhow::Result<Self> {
        Self::open("memory:", Place::Memory).await
    }

    /// `embedded:` on a folder of its own.
    ///
    /// # Errors
    ///
    /// When it can't be opened.
    pub async fn embedded() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("embedded:{}", folder.path().display());
        Self::open(&url, Place::Directory(folder)).await
    }

    /// `consul://`, and our agent answers, over TCP and on a folder of its own.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn agent() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let agent = agent(&folder).await?;
        let url = format!("consul://{}", addr(&agent)?);
        Self::open(&url, Place::Agent(agent, folder)).await
    }

    /// `consul://`, and the real Consul 1.8.7 answers.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn real() -> anyhow::Result<Self> {
        let server = Box::new(ConsulServer::start(ConsulOptions::new()).await?);
        let url = format!("consul://{}", server.addr());
        Self::open(&url, Place::Real(server)).await
    }

    /// `etcd://` or `etcd2://`, and our agent answers, over TCP and on a folder of its own.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn etcd_agent(api: EtcdApi) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let agent = agent(&folder).await?;
        let url = format!("{}://{}", api.scheme(), etcd_addr(&agent)?);
        Self::open(&url, Place::EtcdAgent(api, agent, folder)).await
    }

    /// `etcd://` or `etcd2://`, and a real etcd answers.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn etcd(api: EtcdApi, version: EtcdVersion) -> anyhow::Result<Self> {
        let server = Box::new(etcd_server(api, version).await?);
        let url = format!("{}://{}", api.scheme(), server.addr());
        Self::open(&url, Place::Etcd(api, server)).await
    }

    /// `serf://`, and a real Serf agent answers.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn serf() -> anyhow::Result<Self> {
        let server = Box::new(SerfServer::start(SerfOptions::default()).await?);
        let url = format!("serf://{}", server.addr());
        Self::open(&url, Place::Serf(server)).await
    }

    async fn open(url: &str, place: Place) -> anyhow::Result<Self> {
        let coordinator = connect(url).await?;
        Ok(Self { coordinator, place })
    }

    /// Closes the handle, and ends an agent that was started for it.
    pub async fn end(&self) {
        // What follows ends whatever this could not.
        drop(self.coordinator.close().await);
        if let Place::Agent(agent, _) | Place::EtcdAgent(_, agent, _) = &self.place {
            agent.shutdown().await;
        }
    }

    /// Another handle on the same data: opened anew wherever that is possible.
    pub(super) async fn another(&self) -> anyhow::Result<Coordinator> {
        match &self.place {
            Place::Memory => Ok(self.coordinator.clone()),
            Place::Directory(folder) => {
                connect(&format!("embedded:{}", folder.path().display())).await
            }
            Place::Agent(..)
            | Place::Real(_)
            | Place::EtcdAgent(..)
            | Place::Etcd(..)
            | Place::Serf(_) => connect(self.coordinator.url()).await,
        }
    }

    /// One of the same kind with data of its own, for a case that changes all of it.
    pub(super) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.place {
            Place::Memory => Self::memory().await,
            Place::Directory(_) => Self::embedded().await,
            Place::Agent(..) => Self::agent().await,
            Place::Real(_) => Self::real().await,
            Place::EtcdAgent(api, ..) => Self::etcd_agent(*api).await,
            Place::Etcd(api, server) => Self::etcd(*api, server.version()).await,
            Place::Serf(_) => Self::serf().await,
        }
    }

    /// A handle that can be closed; not always on the same data.
    pub(super) async fn separate(&self) -> anyhow::Result<Coordinator> {
        match self.place {
            Place::Memory => connect("memory:").await,
            _ => self.another().await,
        }
    }

    /// Consul's client below, for what happens behind the back of the unified layer.
    pub(super) fn native(&self) -> anyhow::Result<&Client> {
        let native = self.coordinator.native_consul();
        native.context("it is no Consul")
    }

    /// The client below, for what happens to locks behind the back of the unified layer.
    pub(super) fn below(&self) -> anyhow::Result<Below> {
        Below::of(&self.coordinator)
    }

    /// A server of the same kind for one case alone, with a proxy before it.
    pub(super) async fn remote(&self) -> anyhow::Result<Remote> {
        let server = match &self.place {
            Place::Etcd(api, server) => {
                let server = etcd_server(*api, server.version()).await?;
                RemoteServer::Etcd(*api, Box::new(server))
            }
            Place::EtcdAgent(api, ..) => {
                let folder = tempfile::tempdir()?;
                RemoteServer::EtcdAgent(*api, agent(&folder).await?, folder)
            }
            Place::Real(_) => {
                let server = ConsulServer::start(ConsulOptions::new()).await?;
                RemoteServer::Real(Box::new(server))
            }
            _ => {
                let folder = tempfile::tempdir()?;
                RemoteServer::Agent(agent(&folder).await?, folder)
            }
        };
        let proxy = Proxy::start(server.addr()?).await?;
        let coordinator = connect(&format!("{}://{}", server.scheme(), proxy.addr())).await?;
        Ok(Remote {
            coordinator,
            proxy,
            server,
        })
    }
}

/// A server that can be restarted, behind a proxy that can fail.
#[derive(Debug)]
pub(super) struct Remote {
    /// A handle on it, through the proxy.
    pub(super) coordinator: Coordinator,
    pub(super) proxy: Proxy,
    server: RemoteServer,
}

#[derive(Debug)]
enum RemoteServer {
    Agent(Agent, TempDir),
    Real(Box<ConsulServer>),
    EtcdAgent(EtcdApi, Agent, TempDir),
    Etcd(EtcdApi, Box<EtcdServer>),
}

impl RemoteServer {
    fn scheme(&self) -> &'static str {
        match self {
            Self::Agent(..) | Self::Real(_) => "consul",
            Self::EtcdAgent(api, ..) | Self::Etcd(api, _) => api.scheme(),
        }
    }

    fn addr(&self) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Agent(agent, _) => addr(agent),
            Self::Real(server) => Ok(server.addr()),
            Self::EtcdAgent(_, agent, _) => etcd_addr(agent),
            Self::Etcd(_, server) => Ok(server.addr()),
        }
    }
}

impl Remote {
    /// A handle on it through the proxy whose calls end after two seconds, and which has no
    /// connection yet.
    pub(super) async fn quick(&self) -> anyhow::Result<Coordinator> {
        let quick = quorate::Builder::new(self.coordinator.url()).without_environment();
        Ok(quick.timeout(Duration::from_secs(2)).connect().await?)
    }

    /// A handle on it that does not go through the proxy.
    pub(super) async fn direct(&self) -> anyhow::Result<Coordinator> {
        let scheme = self.server.scheme();
        connect(&format!("{scheme}://{}", self.server.addr()?)).await
    }

    /// Ends the server and starts it again on what it kept.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        match &mut self.server {
            RemoteServer::Agent(running, folder) | RemoteServer::EtcdAgent(_, running, folder) => {
                running.shutdown().await;
                *running = agent(folder).await?;
            }
            RemoteServer::Real(server) => {
                server.kill()?;
                server.restart().await?;
            }
            RemoteServer::Etcd(_, server) => server.restart().await?,
        }
        self.proxy.set_server(self.server.addr()?);
        Ok(())
    }
}

async fn connect(url: &str) -> anyhow::Result<Coordinator> {
    Ok(quorate::Builder::new(url)
        .without_environment()
        .connect()
        .await?)
}

async fn agent(folder: &TempDir) -> anyhow::Result<Agent> {
    let config = AgentConfig::directory(folder.path())
        .with_consul_http("127.0.0.1:0".parse()?)
        .with_etcd("127.0.0.1:0".parse()?);
    Ok(Agent::start(config).await?)
}

async fn etcd_server(api: EtcdApi, version: EtcdVersion) -> anyhow::Result<EtcdServer> {
    Ok(match api {
        EtcdApi::V2 => EtcdServer::start(version).await?,
        _ => EtcdServer::start_without_v2(version).await?,
    })
}

fn addr(agent: &Agent) -> anyhow::Result<SocketAddr> {
    agent.consul_http()[0].addr().context("no TCP listener")
}

fn etcd_addr(agent: &Agent) -> anyhow::Result<SocketAddr> {
    agent.etcd()[0].addr().context("no TCP listener")
}

/// The client below a coordinator.
#[derive(Clone, Debug)]
pub(super) enum Below {
    Consul(Client),
    Etcd2(etcd::v2::Client),
    Etcd3(etcd::v3::Client),
}

impl Below {
    pub(super) fn of(coordinator: &Coordinator) -> anyhow::Result<Self> {
        if let Some(client) = coordinator.native_consul() {
            return Ok(Self::Consul(client.clone()));
        }
        if let Some(client) = coordinator.native_etcd2() {
            return Ok(Self::Etcd2(client.clone()));
        }
        let client = coordinator.native_etcd3();
        client.cloned().map(Self::Etcd3).context("nothing below")
    }

    /// Ends what keeps a lock, slot or office: the session, or the entry.
    pub(super) async fn end(&self, holding: &Holding) -> anyhow::Result<()> {
        match self {
            Self::Consul(client) => client.session().destroy(holding.owner()).await?,
            Self::Etcd2(client) => drop(client.keys().delete(holding.key()).await?),
            Self::Etcd3(client) => client.leases().revoke(holding.owner().parse()?).await?,
        }
        Ok(())
    }

    /// Deletes the key of a lock.
    pub(super) async fn delete_key(&self, holding: &Holding) -> anyhow::Result<()> {
        match self {
            Self::Consul(client) => client.kv().delete(holding.key()).await?,
            Self::Etcd2(client) => drop(client.keys().delete(holding.key()).await?),
            Self::Etcd3(client) => drop(client.kv().delete(holding.key()).await?),
        }
        Ok(())
    }

    /// How many contend for `name`: the sessions with `label` in their names, or the entries in
    /// the directory `kind`.
    pub(super) async fn contenders(
        &self,
        kind: &str,
        name: &str,
        label: &str,
    ) -> anyhow::Result<usize> {
        match self {
            Self::Consul(client) => {
                let sessions = client.session().list().await?;
                Ok(sessions.iter().filter(|it| it.name.contains(label)).count())
            }
            Self::Etcd2(client) => {
                let entries = client.keys().list(&format!("/{kind}/{name}")).await?;
                Ok(entries.len())
            }
            Self::Etcd3(client) => {
                let all = KeyRange::prefix(format!("{kind}/{name}/"));
                // Keys alone have no leases since 3.7.
                let (kv, options) = (client.kv(), RangeOptions::new());
                let found = kv.range(&all, &options).await?.kvs;
                Ok(found.iter().filter(|kv| kv.lease.is_some()).count())
            }
        }
    }
}
