use std::ops::Deref;

use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig};
use quorate_testkit::server::{EtcdServer, EtcdVersion};

#[path = "../program/mod.rs"]
pub(crate) mod run;

use run::Program;

/// A server, and a home for the program.
pub(crate) struct Server {
    program: Program,
    /// `etcd` or `etcd2`: what every line begins with.
    verb: &'static str,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    running: Kind,
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

enum Kind {
    Embedded(#[expect(dead_code, reason = "it lives as long as this")] Agent),
    Real(Box<EtcdServer>),
}

impl Server {
    pub(crate) async fn embedded(verb: &'static str) -> anyhow::Result<Self> {
        let config = AgentConfig::memory().with_etcd("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let url = agent.etcd_url().context("no listener")?;
        Self::new(verb, url, Kind::Embedded(agent))
    }

    pub(crate) async fn real(verb: &'static str, version: EtcdVersion) -> anyhow::Result<Self> {
        let server = EtcdServer::start(version).await?;
        Self::new(verb, server.url(), Kind::Real(Box::new(server)))
    }

    fn new(verb: &'static str, url: String, running: Kind) -> anyhow::Result<Self> {
        let program = Program::new(verb, "ETCDCTL_ENDPOINTS", &url)?;
        Ok(Self {
            program,
            verb,
            url,
            running,
        })
    }

    /// One of the same kind for a case alone.
    pub(crate) async fn fresh(&self) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => Self::embedded(self.verb).await,
            Kind::Real(server) => Self::real(self.verb, server.version()).await,
        }
    }
}
