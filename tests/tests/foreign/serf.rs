//! What the `serf` command and the clients of Serf's RPC are pointed at.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use quorate_agent::{Agent, AgentConfig, GossipConfig, GossipProfile};
use quorate_serf::{Client, Event, EventFilter, Flow, Hosts, Subscription};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{SerfOptions, SerfServer};

use crate::command::{Command, Done, SOON, Told};

/// Our agent, or a real one of Serf.
pub(crate) struct Serf {
    running: Kind,
    /// Our client of it.
    pub(crate) client: Client,
    token: Option<&'static str>,
}

enum Kind {
    Embedded(Agent),
    Real(Box<SerfServer>),
}

/// How one is set up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup {
    pub(crate) tags: &'static [(&'static str, &'static str)],
    pub(crate) token: Option<&'static str>,
    pub(crate) key: Option<&'static str>,
}

/// The agent that most cases share.
const SHARED: Setup = Setup {
    tags: &[("role", "web")],
    token: None,
    key: None,
};

impl Serf {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        Self::embedded_with("alpha", SHARED).await
    }

    pub(crate) async fn real() -> anyhow::Result<Self> {
        Self::real_with("alpha", SHARED).await
    }

    /// Another one of the same kind, which nobody knows yet.
    pub(crate) async fn alone(&self, name: &str, setup: Setup) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => Self::embedded_with(name, setup).await,
            Kind::Real(_) => Self::real_with(name, setup).await,
        }
    }

    /// Two of the same kind that know each other: `alpha` and `beta`.
    pub(crate) async fn pair(&self, setup: Setup) -> anyhow::Result<(Self, Self)> {
        let (alpha, beta) = (
            self.alone("alpha", setup).await?,
            self.alone("beta", setup).await?,
        );
        // In their profile agents wait for a second only.
        let at = [beta.gossip()?.to_string()];
        eventually_ok(SOON, "they join", || alpha.client.join(&at)).await?;
        alpha.until("beta", "alive").await?;
        beta.until("alpha", "alive").await?;
        Ok((alpha, beta))
    }

    pub(crate) async fn embedded_with(name: &str, setup: Setup) -> anyhow::Result<Self> {
        let mut gossip =
            GossipConfig::new(([127, 0, 0, 1], 0).into()).with_profile(GossipProfile::Local);
        for (name, value) in setup.tags {
            gossip = gossip.with_tag(*name, *value);
        }
        if let Some(key) = setup.key {
            gossip = gossip.with_key(key);
        }
        let mut config = AgentConfig::memory()
            .with_node_name(name)
            .with_serf_rpc("127.0.0.1:0".parse()?)
            .with_gossip(gossip);
        if let Some(token) = setup.token {
            config = config.with_serf_rpc_auth(token);
        }
        Self::of(Kind::Embedded(Agent::start(config).await?), setup.token)
    }

    pub(crate) async fn real_with(name: &str, setup: Setup) -> anyhow::Result<Self> {
        let mut options = SerfOptions::named(name);
        for (name, value) in setup.tags {
            options = options.with_tag(name, value);
        }
        if let Some(token) = setup.token {
            options = options.with_rpc_auth(token);
        }
        if let Some(key) = setup.key {
            options = options.with_encrypt(key);
        }
        let server = SerfServer::start(options).await?;
        Self::of(Kind::Real(Box::new(server)), setup.token)
    }

    fn of(running: Kind, token: Option<&'static str>) -> anyhow::Result<Self> {
        let hosts: Hosts = running.rpc()?.to_string().parse()?;
        let builder = Client::builder().hosts(hosts);
        let client = match token {
            Some(token) => builder.auth_key(token).build()?,
            None => builder.build()?,
        };
        Ok(Self {
            running,
            client,
            token,
        })
    }

    /// Where clients reach it.
    pub(crate) fn rpc(&self) -> anyhow::Result<SocketAddr> {
        self.running.rpc()
    }

    /// Where members reach it.
    pub(crate) fn gossip(&self) -> anyhow::Result<SocketAddr> {
        match &self.running {
            Kind::Embedded(agent) => agent.gossip_address().context("no member"),
            Kind::Real(server) => Ok(server.gossip_addr()),
        }
    }

    /// Ends it without a word to the others.
    pub(crate) async fn kill(&self) -> anyhow::Result<()> {
        match &self.running {
            Kind::Embedded(agent) => agent.shutdown().await,
            Kind::Real(server) => server.kill()?,
        }
        Ok(())
    }

    /// Answers each question of this name with the same.
    pub(crate) async fn answering(
        &self,
        name: &str,
        answer: &'static str,
    ) -> anyhow::Result<Subscription> {
        let filter = [EventFilter::Query(Some(name.to_owned()))];
        let answer = move |event: Event| async move {
            if let Event::Query(query) = event {
                // Whoever asked may be gone.
                drop(query.respond(answer).await);
            }
            Flow::Continue
        };
        Ok(self.client.on(&filter, answer).await?)
    }

    /// Waits until it takes a member for one of this status.
    pub(crate) async fn until(&self, name: &str, status: &str) -> anyhow::Result<()> {
        let is = || async {
            let member = self.client.member(name).await;
            let member = member.map_err(|error| error.to_string())?;
            let found = member.map(|member| member.status.as_str().to_owned());
            match found.as_deref() == Some(status) {
                true => Ok(()),
                false => Err(format!("{found:?}")),
            }
        };
        Ok(eventually_ok(SOON, format!("{name} is {status}"), is).await?)
    }

    /// `serf` with these arguments, for this agent.
    pub(crate) fn serf(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let program = Result::from(SerfServer::locate())?;
        let command = Command::new(&program).env("SERF_RPC_ADDR", &self.rpc()?.to_string());
        let command = match self.token {
            Some(token) => command.env("SERF_RPC_AUTH", token),
            None => command,
        };
        Ok(command.arguments(arguments.iter().copied()))
    }

    /// The same, run at once: what it prints. An error unless it succeeds.
    pub(crate) async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let done = self.serf(arguments)?.run().await?;
        ensure!(done.code == 0, "{arguments:?}: {done:?}");
        Ok(done.stdout)
    }

    /// The same, which must print exactly this.
    pub(crate) async fn says(&self, arguments: &[&str], expected: &str) -> anyhow::Result<()> {
        let said = self.run(arguments).await?;
        ensure!(
            said == expected,
            "{arguments:?} says {said:?}, not {expected:?}"
        );
        Ok(())
    }

    /// The same, again until it is printed: what members have to answer may come too late.
    pub(crate) async fn says_in_time(
        &self,
        arguments: &[&str],
        expected: &str,
    ) -> anyhow::Result<()> {
        let what = arguments.join(" ");
        Ok(eventually_ok(SOON, what, || self.says(arguments, expected)).await?)
    }

    /// The same as JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
        let said = self
            .run(&[arguments, &["-format", "json"]].concat())
            .await?;
        serde_json::from_str(&said).with_context(|| format!("{arguments:?}: {said}"))
    }

    /// The same, which must fail: how.
    pub(crate) async fn fails(&self, arguments: &[&str]) -> anyhow::Result<Done> {
        let done = self.serf(arguments)?.run().await?;
        ensure!(done.code == 1, "{arguments:?}: {done:?}");
        Ok(done)
    }

    /// The same, which must fail and say this.
    pub(crate) async fn refuses(&self, arguments: &[&str], expected: &str) -> anyhow::Result<()> {
        let done = self.fails(arguments).await?;
        let said = done.stdout + &done.stderr;
        ensure!(said.contains(expected), "{arguments:?}: {said}");
        Ok(())
    }

    /// The same, again until it is said.
    pub(crate) async fn refuses_in_time(
        &self,
        arguments: &[&str],
        expected: &str,
    ) -> anyhow::Result<()> {
        let what = arguments.join(" ");
        Ok(eventually_ok(SOON, what, || self.refuses(arguments, expected)).await?)
    }

    /// The same, started and left to run.
    pub(crate) fn tell(&self, arguments: &[&str]) -> anyhow::Result<Told> {
        self.serf(arguments)?.tell()
    }
}

impl Kind {
    fn rpc(&self) -> anyhow::Result<SocketAddr> {
        match self {
            Self::Embedded(agent) => {
                let bound = agent.serf_rpc().first();
                bound.and_then(|bound| bound.addr()).context("no listener")
            }
            Self::Real(server) => Ok(server.addr()),
        }
    }
}
