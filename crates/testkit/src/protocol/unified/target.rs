//! What the cases run against.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use quorate::Coordinator;
use quorate::consul::Client;
use quorate_agent::{Agent, AgentConfig};
use tempfile::TempDir;

use crate::proxy::Proxy;
use crate::server::{ConsulOptions, ConsulServer};

/// The backend is a server elsewhere: its connections can be cut, and it can be restarted.
pub const REMOTE: &str = "connections that can be cut";

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

    async fn open(url: &str, place: Place) -> anyhow::Result<Self> {
        let coordinator = connect(url).await?;
        Ok(Self { coordinator, place })
    }

    /// Closes the handle, and ends an agent that was started for it.
    pub async fn end(&self) {
        // What follows ends whatever this could not.
        drop(self.coordinator.close().await);
        if let Place::Agent(agent, _) = &self.place {
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
            Place::Agent(..) | Place::Real(_) => connect(self.coordinator.url()).await,
        }
    }

    /// One of the same kind with data of its own, for a case that changes all of it.
    pub(super) async fn alone(&self) -> anyhow::Result<Self> {
        match &self.place {
            Place::Memory => Self::memory().await,
            Place::Directory(_) => Self::embedded().await,
            Place::Agent(..) => Self::agent().await,
            Place::Real(_) => Self::real().await,
        }
    }

    /// A handle that can be closed; not always on the same data.
    pub(super) async fn separate(&self) -> anyhow::Result<Coordinator> {
        match self.place {
            Place::Memory => connect("memory:").await,
            _ => self.another().await,
        }
    }

    /// The client below, for what happens behind the back of the unified layer.
    pub(super) fn native(&self) -> anyhow::Result<&Client> {
        let native = self.coordinator.native_consul();
        native.context("it is no Consul")
    }

    /// A server of the same kind for one case alone, with a proxy before it.
    pub(super) async fn remote(&self) -> anyhow::Result<Remote> {
        let server = match &self.place {
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
        let coordinator = connect(&format!("consul://{}", proxy.addr())).await?;
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
}

impl RemoteServer {
    fn addr(&self) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Agent(agent, _) => addr(agent),
            Self::Real(server) => Ok(server.addr()),
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
        connect(&format!("consul://{}", self.server.addr()?)).await
    }

    /// Ends the server and starts it again on what it kept.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        match &mut self.server {
            RemoteServer::Agent(running, folder) => {
                running.shutdown().await;
                *running = agent(folder).await?;
            }
            RemoteServer::Real(server) => {
                server.kill()?;
                server.restart().await?;
            }
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
    let config = AgentConfig::directory(folder.path()).with_consul_http("127.0.0.1:0".parse()?);
    Ok(Agent::start(config).await?)
}

fn addr(agent: &Agent) -> anyhow::Result<SocketAddr> {
    agent.consul_http()[0].addr().context("no TCP listener")
}
