//! What the cases run against.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate::consul::Client;
use quorate::{Coordinator, Holding, etcd};
use quorate_agent::{Agent, AgentConfig};
use tempfile::TempDir;

use crate::proxy::Proxy;
use crate::server::{ConsulOptions, ConsulServer, EtcdServer, EtcdVersion};

/// The backend is a server elsewhere: its connections can be cut, and it can be restarted.
pub const REMOTE: &str = "connections that can be cut";
/// Consul's API answers below: sessions, services, nodes, events and snapshots.
pub const CONSUL: &str = "what only Consul has";
/// Several keys can be changed at once.
pub const TRANSACTIONS: &str = "transactions";
/// A key may have keys beneath it.
pub const NESTED: &str = "keys beneath keys";

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
    Etcd2Agent(
        Agent,
        #[expect(dead_code, reason = "it lives as long as this")] TempDir,
    ),
    Etcd2(Box<EtcdServer>),
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

    /// `etcd2://`, and our agent answers, over TCP and on a folder of its own.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn etcd2_agent() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let agent = agent(&folder).await?;
        let url = format!("etcd2://{}", etcd_addr(&agent)?);
        Self::open(&url, Place::Etcd2Agent(agent, folder)).await
    }

    /// `etcd2://`, and a real etcd answers.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn etcd2(version: EtcdVersion) -> anyhow::Result<Self> {
        let server = Box::new(EtcdServer::start(version).await?);
        let url = format!("etcd2://{}", server.addr());
        Self::open(&url, Place::Etcd2(server)).await
    }

    async fn open(url: &str, place: Place) -> anyhow::Result<Self> {
        let coordinator = connect(url).await?;
        Ok(Self { coordinator, place })
    }

    /// Closes the handle, and ends an agent that was started for it.
    pub async fn end(&self) {
        // What follows ends whatever this could not.
        drop(self.coordinator.close().await);
        if let Place::Agent(agent, _) | Place::Etcd2Agent(agent, _) = &self.place {
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
            Place::Agent(..) | Place::Real(_) | Place::Etcd2Agent(..) | Place::Etcd2(_) => {
                connect(self.coordinator.url()).await
            }
        }
    }

    /// One of the same kind with data of its own, for a case that changes all of it.
    pub(super) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.place {
            Place::Memory => Self::memory().await,
            Place::Directory(_) => Self::embedded().await,
            Place::Agent(..) => Self::agent().await,
            Place::Real(_) => Self::real().await,
            Place::Etcd2Agent(..) => Self::etcd2_agent().await,
            Place::Etcd2(server) => Self::etcd2(server.version()).await,
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
            Place::Etcd2(server) => {
                let server = EtcdServer::start(server.version()).await?;
                RemoteServer::Etcd2(Box::new(server))
            }
            Place::Etcd2Agent(..) => {
                let folder = tempfile::tempdir()?;
                RemoteServer::Etcd2Agent(agent(&folder).await?, folder)
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
        let coordinator = connect(&format!("{}{}", server.scheme(), proxy.addr())).await?;
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
    Etcd2Agent(Agent, TempDir),
    Etcd2(Box<EtcdServer>),
}

impl RemoteServer {
    fn scheme(&self) -> &'static str {
        match self {
            Self::Agent(..) | Self::Real(_) => "consul://",
            Self::Etcd2Agent(..) | Self::Etcd2(_) => "etcd2://",
        }
    }

    fn addr(&self) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Agent(agent, _) => addr(agent),
            Self::Real(server) => Ok(server.addr()),
            Self::Etcd2Agent(agent, _) => etcd_addr(agent),
            Self::Etcd2(server) => Ok(server.addr()),
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
        connect(&format!("{scheme}{}", self.server.addr()?)).await
    }

    /// Ends the server and starts it again on what it kept.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        match &mut self.server {
            RemoteServer::Agent(running, folder) | RemoteServer::Etcd2Agent(running, folder) => {
                running.shutdown().await;
                *running = agent(folder).await?;
            }
            RemoteServer::Real(server) => {
                server.kill()?;
                server.restart().await?;
            }
            RemoteServer::Etcd2(server) => server.restart().await?,
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
}

impl Below {
    pub(super) fn of(coordinator: &Coordinator) -> anyhow::Result<Self> {
        if let Some(client) = coordinator.native_consul() {
            return Ok(Self::Consul(client.clone()));
        }
        let client = coordinator.native_etcd2();
        client.cloned().map(Self::Etcd2).context("nothing below")
    }

    /// Ends what keeps a lock, slot or office: the session, or the entry.
    pub(super) async fn end(&self, holding: &Holding) -> anyhow::Result<()> {
        match self {
            Self::Consul(client) => client.session().destroy(holding.owner()).await?,
            Self::Etcd2(client) => drop(client.keys().delete(holding.key()).await?),
        }
        Ok(())
    }

    /// Deletes the key of a lock.
    pub(super) async fn delete_key(&self, holding: &Holding) -> anyhow::Result<()> {
        match self {
            Self::Consul(client) => client.kv().delete(holding.key()).await?,
            Self::Etcd2(client) => drop(client.keys().delete(holding.key()).await?),
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
        }
    }
}
