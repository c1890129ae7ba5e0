//! What the cases run against.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_agent::{AclConfig, AclDefault, Agent, AgentConfig};
use quorate_consul::{Client, SessionRequest, TxnError, TxnOutcome};
use quorate_wire::consul::kv::KvEntry;
use quorate_wire::consul::path;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::exchange::{Answer, exchange, request};
use crate::server::{ConsulCluster, ConsulOptions, ConsulServer, ReservedPort};
use crate::trial::Subject;

/// To be one server, of which another one with nothing in it can be had: for cases that speak of the
/// whole store, of its first indexes, or of its peers.
pub const ALONE: &str = "be one server with a store of its own";

/// To count a check's successes and failures in a row, as its fields ask for. Consul 1.8.7 takes
/// the fields and does as if they were not there.
pub const STREAKS: &str = "count successes and failures in a row";

/// To have a certificate authority. One process has no use for one; the agent answers as a server
/// whose mesh is off.
pub const MESH: &str = "have a certificate authority";

/// To wake watches of a service's proxies for each that comes and goes. Consul 1.8.7 does for some.
pub const PROXIES: &str = "tell of every proxy";

/// The token that may do everything on a guarded server.
pub(super) const MASTER: &str = "11111111-2222-4333-8444-555555555555";

/// How long an answer may take; blocking queries of the cases ask for less.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something that speaks Consul's HTTP API on a TCP port.
#[derive(Debug)]
pub struct Consul {
    addr: SocketAddr,
    /// The typed client, for what needs no look at the bytes.
    pub client: Client,
    node: String,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Embedded(Agent),
    /// One whose data outlive it.
    Lasting(Agent, Box<AgentConfig>, TempDir, ReservedPort),
    Real(Box<ConsulServer>),
    Cluster(#[expect(dead_code, reason = "it lives as long as this")] ConsulCluster),
}

impl Consul {
    /// Our agent in this process, in memory, on a free port.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub async fn embedded() -> anyhow::Result<Self> {
        Self::agent(AgentConfig::memory()).await
    }

    /// The real Consul 1.8.7, in a process of its own.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn real() -> anyhow::Result<Self> {
        let server = ConsulServer::start(ConsulOptions::new()).await?;
        let (addr, node) = (server.addr(), server.node_name().to_owned());
        Self::new(addr, node, Server::Real(Box::new(server)))
    }

    /// Three real Consuls 1.8.7 that are one cluster. Bytes go to the one that leads at the start:
    /// the others put "rpc error making call: " before what it refuses. The typed client has all
    /// three addresses.
    ///
    /// # Errors
    ///
    /// When it is missing or can't be started.
    pub async fn cluster() -> anyhow::Result<Self> {
        // Elections as rare as can be, also where the machine stands still: the table is not about them.
        let options = ConsulOptions::new()
            .with_setting("performance", serde_json::json!({"raft_multiplier": 10}));
        let cluster = ConsulCluster::start(options).await?;
        let leader = cluster.leader().await?;
        let client = Client::new(&cluster.urls_from(leader))?;
        let server = cluster.server(leader);
        Ok(Self {
            addr: server.addr(),
            client,
            node: server.node_name().to_owned(),
            server: Server::Cluster(cluster),
        })
    }

    async fn agent(config: AgentConfig) -> anyhow::Result<Self> {
        Self::agent_at(SocketAddr::from(([127, 0, 0, 1], 0)), config).await
    }

    async fn agent_at(addr: SocketAddr, config: AgentConfig) -> anyhow::Result<Self> {
        let config = config
            .with_node_name("node-1")
            .with_consul_http(addr.to_string().parse()?);
        let agent = Agent::start(config).await?;
        let addr = agent.consul_http()[0].addr().context("no TCP listener")?;
        let node = agent.node_name().to_owned();
        Self::new(addr, node, Server::Embedded(agent))
    }

    fn new(addr: SocketAddr, node: String, server: Server) -> anyhow::Result<Self> {
        let client = Client::new(&format!("http://{addr}"))?;
        Ok(Self {
            addr,
            client,
            node,
            server,
        })
    }

    /// Another one of the same kind, with nothing in it, for cases that speak of the whole store.
    /// Ours answers strictly as 1.8.7, where it is more lenient by default.
    pub(super) async fn alone(&self) -> anyhow::Result<Self> {
        match self.server {
            Server::Embedded(_) | Server::Lasting(..) => {
                Self::agent(AgentConfig::memory().with_strict(true)).await
            }
            Server::Real(_) => Self::real().await,
            Server::Cluster(_) => anyhow::bail!("a cluster can't {ALONE}"),
        }
    }

    /// As [`Consul::alone`], with data that outlive it, see [`Consul::restarted`].
    pub(super) async fn lasting(&self) -> anyhow::Result<Self> {
        let Server::Embedded(_) = self.server else {
            return self.alone().await;
        };
        let folder = tempfile::tempdir()?;
        // Nobody else takes the port between an end and the next start.
        let port = ReservedPort::new()?.share()?;
        let config = AgentConfig::directory(folder.path()).with_strict(true);
        let mut lasting = Self::agent_at(port.addr(), config.clone()).await?;
        if let Server::Embedded(agent) = lasting.server {
            lasting.server = Server::Lasting(agent, Box::new(config), folder, port);
        }
        Ok(lasting)
    }

    /// The same server, ended and started again at the same address. A real one keeps its data, and
    /// one of ours if it is [`Consul::lasting`].
    pub(super) async fn restarted(mut self) -> anyhow::Result<Self> {
        match self.server {
            Server::Real(server) => {
                server.restart().await?;
                self.server = Server::Real(server);
            }
            Server::Lasting(agent, config, folder, port) => {
                agent.shutdown().await;
                let again = (*config).clone().with_node_name(self.node.as_str());
                let again = again.with_consul_http(self.addr.to_string().parse()?);
                let agent = Agent::start(again).await?;
                self.server = Server::Lasting(agent, config, folder, port);
            }
            Server::Embedded(_) | Server::Cluster(_) => anyhow::bail!("it can't be restarted"),
        }
        Ok(self)
    }

    /// As [`Consul::alone`], with access rules: whatever they don't allow is denied, and
    /// [`MASTER`] may do everything. The typed client carries it.
    pub(super) async fn guarded(&self) -> anyhow::Result<Self> {
        let mut guarded = match self.server {
            Server::Embedded(_) | Server::Lasting(..) => {
                let acl = AclConfig::default().with_management_token(MASTER);
                let config = AgentConfig::memory().with_strict(true).with_acl(acl);
                Self::agent(config).await?
            }
            Server::Real(_) => {
                let options = ConsulOptions::new().with_acl_master(MASTER);
                Self::real_with(options).await?
            }
            Server::Cluster(_) => anyhow::bail!("a cluster can't {ALONE}"),
        };
        let address = format!("http://{}", guarded.addr);
        guarded.client = Client::builder().address(&address).token(MASTER).build()?;
        Ok(guarded)
    }

    /// As [`Consul::guarded`], but everything is allowed, and there is no token yet.
    pub(super) async fn unclaimed(&self) -> anyhow::Result<Self> {
        match self.server {
            Server::Embedded(_) | Server::Lasting(..) => {
                let acl = AclConfig::default().with_default_policy(AclDefault::Allow);
                let config = AgentConfig::memory().with_strict(true).with_acl(acl);
                Self::agent(config).await
            }
            Server::Real(_) => {
                let acl = json!({"enabled": true, "default_policy": "allow"});
                let options = ConsulOptions::new().with_setting("acl", acl);
                Self::real_with(options.with_setting("primary_datacenter", "dc1")).await
            }
            Server::Cluster(_) => anyhow::bail!("a cluster can't {ALONE}"),
        }
    }

    async fn real_with(options: ConsulOptions) -> anyhow::Result<Self> {
        let server = ConsulServer::start(options).await?;
        let (addr, node) = (server.addr(), server.node_name().to_owned());
        Self::new(addr, node, Server::Real(Box::new(server)))
    }

    /// A client of it with another token; an empty one is none.
    pub(super) fn as_token(&self, token: &str) -> anyhow::Result<Client> {
        let builder = Client::builder().address(&format!("http://{}", self.addr));
        Ok(match token {
            "" => builder.build()?,
            token => builder.token(token).build()?,
        })
    }

    /// As [`Consul::alone`], with the mesh on where it can be.
    pub(super) async fn meshed(&self) -> anyhow::Result<Self> {
        match self.server {
            Server::Real(_) => {
                let mesh = json!({"enabled": true});
                let options = ConsulOptions::new().with_setting("connect", mesh);
                let server = ConsulServer::start(options).await?;
                let (addr, node) = (server.addr(), server.node_name().to_owned());
                Self::new(addr, node, Server::Real(Box::new(server)))
            }
            Server::Embedded(_) | Server::Lasting(..) | Server::Cluster(_) => self.alone().await,
        }
    }

    /// As [`Consul::alone`], for cases about how an agent runs checks: these may run programs, and
    /// what an agent of ours does from time to time it does often.
    pub(super) async fn quick(&self) -> anyhow::Result<Self> {
        let often = Duration::from_millis(500);
        match self.server {
            Server::Embedded(_) | Server::Lasting(..) => {
                let config = AgentConfig::memory()
                    .with_strict(true)
                    .with_script_checks(true)
                    .with_sync_interval(often)
                    .with_reap_interval(often)
                    .with_reap_min(Duration::from_secs(1));
                Self::agent(config).await
            }
            Server::Real(_) => {
                let options = ConsulOptions::new().with_setting("enable_script_checks", true);
                let server = ConsulServer::start(options).await?;
                let (addr, node) = (server.addr(), server.node_name().to_owned());
                Self::new(addr, node, Server::Real(Box::new(server)))
            }
            Server::Cluster(_) => anyhow::bail!("a cluster can't {ALONE}"),
        }
    }

    /// The name of the node that it runs on.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// A connection for bytes.
    pub(super) async fn connect(&self) -> anyhow::Result<TcpStream> {
        Ok(TcpStream::connect(self.addr).await?)
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
        body: impl AsRef<[u8]>,
    ) -> anyhow::Result<Answer> {
        self.exchange(&request(method, target, &[], body.as_ref()))
            .await
    }

    /// The same with a token.
    pub(super) async fn send_as(
        &self,
        token: &str,
        method: &str,
        target: &str,
        body: impl AsRef<[u8]>,
    ) -> anyhow::Result<Answer> {
        let headers = [("X-Consul-Token", token)];
        self.exchange(&request(method, target, &headers, body.as_ref()))
            .await
    }

    /// The same with headers.
    pub(super) async fn send_with(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        self.exchange(&request(method, target, headers, b"")).await
    }

    /// Sends a request that must be answered with 200, and gives the text of the answer.
    pub(super) async fn ask(
        &self,
        method: &str,
        target: &str,
        body: impl AsRef<[u8]>,
    ) -> anyhow::Result<String> {
        let answer = self.send(method, target, body).await?;
        let text = answer.text();
        ensure!(
            answer.status == 200,
            "{method} {target}: {} {text}",
            answer.status
        );
        Ok(text.trim_end().to_owned())
    }

    /// Sends a request and checks status and text of the answer.
    pub(super) async fn expect(
        &self,
        method: &str,
        target: &str,
        body: impl AsRef<[u8]>,
        (status, text): (u16, &str),
    ) -> anyhow::Result<Answer> {
        let answer = self.send(method, target, body).await?;
        let got = (answer.status, answer.text());
        ensure!(
            got == (status, text.to_owned()),
            "{method} {target}: {got:?}, not {:?}",
            (status, text)
        );
        Ok(answer)
    }

    /// Writes a key with parameters such as `cas=0`: whether it was written.
    pub(super) async fn put(
        &self,
        key: &str,
        parameters: &str,
        body: impl AsRef<[u8]>,
    ) -> anyhow::Result<bool> {
        let target = format!("{}?{parameters}", kv(key));
        Ok(self.ask("PUT", &target, body).await?.parse()?)
    }

    /// Deletes a key with parameters such as `recurse`: whether it was deleted.
    pub(super) async fn delete(&self, key: &str, parameters: &str) -> anyhow::Result<bool> {
        let target = format!("{}?{parameters}", kv(key));
        Ok(self.ask("DELETE", &target, "").await?.parse()?)
    }

    /// The entry of a key that is there.
    pub(super) async fn entry(&self, key: &str) -> anyhow::Result<KvEntry> {
        let entry = self.client.kv().get(key).await?;
        entry.with_context(|| format!("no key {key}"))
    }

    /// The index that comes with a read of `key` with these parameters, 404 or not.
    pub(super) async fn index(&self, key: &str, parameters: &str) -> anyhow::Result<u64> {
        let target = format!("{}?{parameters}", kv(key));
        let answer = self.send("GET", &target, "").await?;
        ensure!(
            matches!(answer.status, 200 | 404),
            "{target}: {}",
            answer.status
        );
        index_of(&answer)
    }

    /// A session without lock-delay and checks, from further fields.
    pub(super) async fn session(&self, fields: Value) -> anyhow::Result<String> {
        let mut body = json!({"LockDelay": "0s", "NodeChecks": []});
        if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
            body.extend(fields);
        }
        self.create_session(&body).await
    }

    /// A session from exactly these fields.
    pub(super) async fn create_session(&self, fields: &Value) -> anyhow::Result<String> {
        let target = "/v1/session/create";
        let text = self.ask("PUT", target, fields.to_string()).await?;
        let id = serde_json::from_str::<Value>(&text)?["ID"]
            .as_str()
            .map(str::to_owned);
        id.with_context(|| format!("no session id in {text}"))
    }

    /// What the server has of a session; `None` when it is gone.
    pub(super) async fn session_info(&self, id: &str) -> anyhow::Result<Option<Value>> {
        let text = self
            .ask("GET", &format!("/v1/session/info/{id}"), "")
            .await?;
        let mut list: Vec<Value> = serde_json::from_str(&text)?;
        ensure!(list.len() <= 1, "{text}");
        Ok(list.pop())
    }

    /// Destroys a session.
    pub(super) async fn destroy(&self, id: &str) -> anyhow::Result<()> {
        let target = format!("/v1/session/destroy/{id}");
        ensure!(self.ask("PUT", &target, "").await? == "true");
        Ok(())
    }

    /// A session that is destroyed: a valid id of nothing.
    pub(super) async fn dead_session(&self) -> anyhow::Result<String> {
        let request = SessionRequest::new().without_checks();
        let id = self.client.session().create(&request).await?;
        self.client.session().destroy(&id).await?;
        Ok(id)
    }

    /// Registers a node in the catalog with checks, by id and status.
    pub(super) async fn register(&self, node: &str, checks: &[(&str, &str)]) -> anyhow::Result<()> {
        let checks: Vec<_> = checks
            .iter()
            .map(|(id, status)| json!({"CheckID": id, "Name": id, "Status": status}))
            .collect();
        let body = json!({"Node": node, "Address": "127.0.0.9", "Checks": checks});
        let target = "/v1/catalog/register";
        ensure!(self.ask("PUT", target, body.to_string()).await? == "true");
        Ok(())
    }

    /// Registers with its agent the checks `app` and `sick` and a service `web` with a check.
    pub(super) async fn register_own_checks(&self) -> anyhow::Result<()> {
        let checks = [("app", "App", "passing"), ("sick", "Sick", "critical")];
        for (id, name, status) in checks {
            let body = json!({"ID": id, "Name": name, "TTL": "10m", "Status": status});
            let target = "/v1/agent/check/register";
            self.ask("PUT", target, body.to_string()).await?;
        }
        let web = json!({"TTL": "10m", "Status": "passing"});
        let body = json!({"Name": "web", "Port": 80, "Check": web});
        let target = "/v1/agent/service/register";
        self.ask("PUT", target, body.to_string()).await?;
        Ok(())
    }

    /// Removes from the catalog what the fields say.
    pub(super) async fn deregister(&self, fields: &Value) -> anyhow::Result<()> {
        let target = "/v1/catalog/deregister";
        ensure!(self.ask("PUT", target, fields.to_string()).await? == "true");
        Ok(())
    }
}

/// A name of a node or service that no other trial has.
pub(super) fn name(consul: &Subject<Consul>, name: &str) -> String {
    consul.key(name).replace('/', "-")
}

/// The path of a key.
pub(super) fn kv(key: &str) -> String {
    path::kv(key)
}

/// The index of an answer.
pub(super) fn index_of(answer: &Answer) -> anyhow::Result<u64> {
    let index = answer.header("X-Consul-Index").context("no index")?;
    Ok(index.parse()?)
}

/// The failures of a transaction that must have been rolled back, by position and text.
pub(super) fn rolled_back(outcome: TxnOutcome) -> anyhow::Result<Vec<(usize, String)>> {
    match outcome {
        TxnOutcome::RolledBack(errors) => {
            let pair = |TxnError { op_index, what, .. }| (op_index, what);
            Ok(errors.into_iter().map(pair).collect())
        }
        TxnOutcome::Committed(answer) => anyhow::bail!("it happened: {:?}", answer.value),
    }
}
