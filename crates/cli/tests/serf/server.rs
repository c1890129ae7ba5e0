use std::net::SocketAddr;
use std::ops::Deref;

use anyhow::{Context as _, ensure};
use quorate_agent::{Agent, AgentConfig, EventHandler, GossipConfig, GossipProfile};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{SerfOptions, SerfServer};
use serde_json::json;

use crate::SOON;
use crate::run::Program;

/// An agent, and a home for the program.
pub(crate) struct Server {
    program: Program,
    agent: Kind,
}

enum Kind {
    Embedded(Agent),
    Real(Box<SerfServer>),
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// One called `alpha` with a tag, whose handler of the query `load` says `up 3 days`.
fn usual() -> SerfOptions {
    let handlers = json!(["query:load=echo up 3 days"]);
    let options = SerfOptions::named("alpha").with_tag("role", "web");
    options.with("event_handlers", handlers)
}

impl Server {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        Self::of(Kind::embedded(usual()).await?)
    }

    pub(crate) async fn real() -> anyhow::Result<Self> {
        Self::of(Kind::real(usual()).await?)
    }

    /// Another one of the same kind, as usual.
    pub(crate) async fn fresh(&self) -> anyhow::Result<Self> {
        self.alone(usual()).await
    }

    /// Another one of the same kind, of a case's own.
    pub(crate) async fn alone(&self, options: SerfOptions) -> anyhow::Result<Self> {
        Self::of(match &self.agent {
            Kind::Embedded(_) => Kind::embedded(options).await?,
            Kind::Real(_) => Kind::real(options).await?,
        })
    }

    fn of(agent: Kind) -> anyhow::Result<Self> {
        let program = Program::new("serf", "SERF_RPC_ADDR", &agent.rpc()?.to_string())?;
        Ok(Self { program, agent })
    }

    /// Where clients reach it.
    pub(crate) fn rpc(&self) -> anyhow::Result<String> {
        Ok(self.agent.rpc()?.to_string())
    }

    /// Where other members reach it.
    pub(crate) fn gossip(&self) -> anyhow::Result<String> {
        let address = match &self.agent {
            Kind::Embedded(agent) => agent.gossip_address().context("no member")?,
            Kind::Real(agent) => agent.gossip_addr(),
        };
        Ok(address.to_string())
    }

    /// Joins another one. It is said again: in their profile agents wait for a second only.
    pub(crate) async fn joins(&self, other: &Self) -> anyhow::Result<()> {
        let joins = || async {
            let joined = self.json(format!("join {}", other.gossip()?)).await?;
            ensure!(joined == json!({"joined": 1, "addresses": 1}), "{joined}");
            anyhow::Ok(())
        };
        Ok(eventually_ok(SOON, "it joins", joins).await?)
    }

    /// Says it until exactly this is printed: what members have to answer may come too late.
    pub(crate) async fn prints_in_time(&self, line: &str, expected: &str) -> anyhow::Result<()> {
        Ok(eventually_ok(SOON, line, || self.prints(line, expected)).await?)
    }

    /// Ends it without a word to the others.
    pub(crate) async fn kill(&self) -> anyhow::Result<()> {
        match &self.agent {
            Kind::Embedded(agent) => agent.shutdown().await,
            Kind::Real(agent) => agent.kill()?,
        }
        Ok(())
    }
}

impl Kind {
    async fn real(options: SerfOptions) -> anyhow::Result<Self> {
        Ok(Self::Real(Box::new(SerfServer::start(options).await?)))
    }

    async fn embedded(options: SerfOptions) -> anyhow::Result<Self> {
        let mut gossip =
            GossipConfig::new(([127, 0, 0, 1], 0).into()).with_profile(GossipProfile::Local);
        for (name, value) in options.tags {
            gossip = gossip.with_tag(name, value);
        }
        if let Some(key) = options.encrypt {
            gossip = gossip.with_key(key);
        }
        let mut config = AgentConfig::memory()
            .with_node_name(options.node)
            .with_serf_rpc("127.0.0.1:0".parse()?)
            .with_gossip(gossip);
        if let Some(token) = options.rpc_auth {
            config = config.with_serf_rpc_auth(token);
        }
        let handlers = options.more.get("event_handlers");
        for handler in handlers
            .and_then(|all| all.as_array())
            .into_iter()
            .flatten()
        {
            let handler = EventHandler::script(handler.as_str().context("a text")?)?;
            config = config.with_event_handler(handler);
        }
        Ok(Self::Embedded(Agent::start(config).await?))
    }

    fn rpc(&self) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Embedded(agent) => {
                let bound = agent.serf_rpc().first();
                bound.and_then(|bound| bound.addr()).context("no listener")
            }
            Self::Real(agent) => Ok(agent.addr()),
        }
    }
}
