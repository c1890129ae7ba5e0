//! What the cases run against.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_agent::{Agent, AgentConfig, GossipConfig, GossipProfile};
use quorate_serf::{Client, Hosts};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::connection::{Connection, PATIENCE};
use crate::eventually_ok;
use crate::server::{ReservedPort, SerfOptions, SerfServer};

/// To be a process of Serf: what our agent does otherwise on purpose.
pub const REAL: &str = "be a real Serf";

/// To do better where no client can depend on a fault of Serf, as our agent does.
pub const MENDED: &str = "do better than Serf";

/// To ask for a token.
pub const GUARDED: &str = "ask for a token";

/// To ask for none.
pub const OPEN: &str = "ask for no token";

/// To be three members.
pub const CLUSTER: &str = "be three members";

/// To be one member. Cases that start members of their own need it, so that they run once a kind.
pub const ALONE: &str = "be one member";

/// The token of a guarded agent.
pub(super) const TOKEN: &str = "a token that nobody guesses";

/// Agents that are one cluster. Requests go to the first one.
#[derive(Debug)]
pub struct Serf {
    pub(super) members: Vec<Member>,
    /// The typed client of the first one.
    pub client: Client,
    /// For cases that change tags, one after the other: they share 512 bytes.
    pub(super) tags: Mutex<()>,
}

/// An agent.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) rpc: SocketAddr,
    pub(super) gossip: SocketAddr,
    token: Option<&'static str>,
    server: Server,
}

#[derive(Debug)]
enum Server {
    /// And what its clients reach it by, also after it was started again.
    Agent(Box<Agent>, Arc<ReservedPort>),
    Real(Box<SerfServer>),
}

/// What an agent is started with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Setup {
    pub(super) token: Option<&'static str>,
    pub(super) key: Option<&'static str>,
}

impl Serf {
    /// Our agent in this process.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn embedded() -> anyhow::Result<Self> {
        let alpha = Member::embedded("alpha", Setup::default()).await?;
        Self::of(vec![alpha]).await
    }

    /// Our agent, which asks for a token.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn guarded() -> anyhow::Result<Self> {
        Self::of(vec![Member::embedded("alpha", guarded()).await?]).await
    }

    /// Three of ours, as one cluster.
    ///
    /// # Errors
    ///
    /// When they can't be started or do not find together.
    pub async fn three() -> anyhow::Result<Self> {
        let mut members = Vec::new();
        for name in ["alpha", "beta", "gamma"] {
            members.push(Member::embedded(name, Setup::default()).await?);
        }
        Self::of(members).await
    }

    /// A real Serf, in a process of its own.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn real() -> anyhow::Result<Self> {
        Self::of(vec![Member::real("alpha", Setup::default()).await?]).await
    }

    /// A real Serf, which asks for a token.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn real_guarded() -> anyhow::Result<Self> {
        Self::of(vec![Member::real("alpha", guarded()).await?]).await
    }

    /// Three real ones, as one cluster.
    ///
    /// # Errors
    ///
    /// When it is missing, or they can't be started or do not find together.
    pub async fn real_three() -> anyhow::Result<Self> {
        let mut members = Vec::new();
        for name in ["alpha", "beta", "gamma"] {
            members.push(Member::real(name, Setup::default()).await?);
        }
        Self::of(members).await
    }

    async fn of(members: Vec<Member>) -> anyhow::Result<Self> {
        for (at, member) in members.iter().enumerate().skip(1) {
            member.join(&members[at - 1]).await?;
        }
        for member in &members {
            member.knows(members.len()).await?;
        }
        let client = members[0].client()?;
        Ok(Self {
            members,
            client,
            tags: Mutex::default(),
        })
    }

    /// The one that is asked.
    pub(super) fn first(&self) -> &Member {
        &self.members[0]
    }

    /// Its names.
    pub(super) fn names(&self) -> Vec<&str> {
        let members = self.members.iter();
        members.map(|member| member.name.as_str()).collect()
    }

    /// A connection on which nothing was said.
    pub(super) async fn open(&self) -> anyhow::Result<Connection> {
        Connection::open(self.first().rpc).await
    }

    /// A connection on which everything may be asked.
    pub(super) async fn rpc(&self) -> anyhow::Result<Connection> {
        self.first().connect().await
    }

    /// Another agent of the same kind, alone.
    pub(super) async fn another(&self, name: &str, setup: Setup) -> anyhow::Result<Member> {
        match &self.first().server {
            Server::Agent(..) => Member::embedded(name, setup).await,
            Server::Real(_) => Member::real(name, setup).await,
        }
    }

    /// An agent that may join: of the same kind and with the same token, alone. Whoever joins passes
    /// over events that are on their way, which others of this cluster may wait for.
    pub(super) async fn joiner(&self) -> anyhow::Result<Member> {
        let (token, key) = (self.first().token, None);
        self.another("alpha", Setup { token, key }).await
    }

    /// Two others of the same kind, as one cluster.
    pub(super) async fn pair(&self, setup: Setup) -> anyhow::Result<(Member, Member)> {
        let one = self.another("one", setup).await?;
        let two = self.another("two", setup).await?;
        two.join(&one).await?;
        one.knows(2).await?;
        two.knows(2).await?;
        Ok((one, two))
    }
}

fn guarded() -> Setup {
    Setup {
        token: Some(TOKEN),
        key: None,
    }
}

impl Member {
    async fn embedded(name: &str, setup: Setup) -> anyhow::Result<Self> {
        let port = Arc::new(ReservedPort::new()?.share()?);
        Self::embedded_at(name, setup, port).await
    }

    async fn embedded_at(
        name: &str,
        setup: Setup,
        port: Arc<ReservedPort>,
    ) -> anyhow::Result<Self> {
        let mut gossip = GossipConfig::new(([127, 0, 0, 1], 0).into())
            .with_profile(GossipProfile::Local)
            .with_tag("role", "web");
        if let Some(key) = setup.key {
            gossip = gossip.with_key(key);
        }
        let mut config = AgentConfig::memory()
            .with_node_name(name)
            .with_serf_rpc(port.addr().to_string().parse()?)
            .with_gossip(gossip);
        if let Some(token) = setup.token {
            config = config.with_serf_rpc_auth(token);
        }
        let agent = Agent::start(config).await?;
        Ok(Self {
            name: name.to_owned(),
            rpc: agent.serf_rpc()[0].addr().context("no TCP listener")?,
            gossip: agent.gossip_address().context("no membership")?,
            token: setup.token,
            server: Server::Agent(Box::new(agent), port),
        })
    }

    async fn real(name: &str, setup: Setup) -> anyhow::Result<Self> {
        let mut options = SerfOptions::named(name).with_tag("role", "web");
        if let Some(key) = setup.key {
            options = options.with_encrypt(key);
        }
        if let Some(token) = setup.token {
            options = options.with_rpc_auth(token);
        }
        let server = SerfServer::start(options).await?;
        Ok(Self {
            name: name.to_owned(),
            rpc: server.addr(),
            gossip: server.gossip_addr(),
            token: setup.token,
            server: Server::Real(Box::new(server)),
        })
    }

    /// A connection on which everything may be asked.
    pub(super) async fn connect(&self) -> anyhow::Result<Connection> {
        self.greet(Connection::open(self.rpc).await?).await
    }

    /// The same, with little room in the system for what was not read yet.
    pub(super) async fn narrow(&self) -> anyhow::Result<Connection> {
        self.greet(Connection::open_narrow(self.rpc).await?).await
    }

    async fn greet(&self, mut rpc: Connection) -> anyhow::Result<Connection> {
        rpc.ask("handshake", json!({"Version": 1})).await?.done()?;
        if let Some(token) = self.token {
            rpc.ask("auth", json!({"AuthKey": token})).await?.done()?;
        }
        Ok(rpc)
    }

    /// Whether it asks for no token.
    pub(super) fn is_open(&self) -> bool {
        self.token.is_none()
    }

    /// A typed client.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let hosts: Hosts = self.rpc.to_string().parse()?;
        let mut builder = Client::builder().hosts(hosts);
        if let Some(token) = self.token {
            builder = builder.auth_key(token);
        }
        Ok(builder.build()?)
    }

    pub(super) async fn join(&self, other: &Self) -> anyhow::Result<()> {
        self.join_and(other, false).await
    }

    /// Joins another one, and may hear of events from before. It is asked again: in the profile `local`
    /// an agent waits for a second only.
    pub(super) async fn join_and(&self, other: &Self, replay: bool) -> anyhow::Result<()> {
        let joins = || async {
            let mut rpc = self.connect().await?;
            let join = json!({"Existing": [other.gossip.to_string()], "Replay": replay});
            let joined = rpc.ask("join", join).await?.done()?;
            ensure!(joined == json!({"Num": 1}), "{joined}");
            anyhow::Ok(())
        };
        let what = format!("{} joins {}", self.name, other.name);
        Ok(eventually_ok(PATIENCE, what, joins).await?)
    }

    /// Waits until it knows so many members that are alive.
    pub(super) async fn knows(&self, count: usize) -> anyhow::Result<()> {
        self.finds(json!({"Status": "alive"}), count).await
    }

    /// Waits until so many members match a filter.
    pub(super) async fn finds(&self, filter: Value, count: usize) -> anyhow::Result<()> {
        let found = |members: &Value| members.as_array().map(Vec::len) == Some(count);
        self.lists(filter, found).await
    }

    /// Waits until those that match a filter are as they should be.
    async fn lists(&self, filter: Value, done: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
        let mut rpc = self.connect().await?;
        let begun = Instant::now();
        loop {
            let listed = rpc.ask("members-filtered", filter.clone()).await?.done()?;
            if done(&listed["Members"]) {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{filter}: {listed}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it thinks so of a member; `None` for a member it does not know at all.
    pub(super) async fn thinks(&self, name: &str, status: Option<&str>) -> anyhow::Result<()> {
        let status = status.map_or(Value::Null, Value::from);
        let thinks = |members: &Value| members[0]["Status"] == status;
        self.lists(json!({"Name": name}), thinks).await
    }

    /// Ends it without a goodbye.
    pub(super) async fn kill(&self) -> anyhow::Result<()> {
        match &self.server {
            Server::Agent(agent, _) => agent.shutdown().await,
            Server::Real(server) => server.kill()?,
        }
        Ok(())
    }

    /// Ends it without a goodbye, and starts it again at the same address for clients.
    pub(super) async fn restarted(self) -> anyhow::Result<Self> {
        self.kill().await?;
        let port = match &self.server {
            Server::Real(server) => {
                server.restart().await?;
                return Ok(self);
            }
            Server::Agent(_, port) => port,
        };
        let setup = Setup {
            token: self.token,
            key: None,
        };
        let again = || Self::embedded_at(&self.name, setup, Arc::clone(port));
        Ok(eventually_ok(PATIENCE, "the same address", again).await?)
    }
}
