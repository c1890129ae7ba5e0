//! Several real Consuls that are one cluster.

use std::time::Duration;

use futures_util::future::join_all;

use super::{ConsulOptions, ConsulServer, PROGRAM, READY};
use crate::eventually::eventually_ok;
use crate::server::error::ServerError;
use crate::server::launch::start;

/// How many servers a cluster has: the fewest of which one may be missing.
const SERVERS: usize = 3;
/// How long a server may take to say whom it takes for the leader.
const SAY: Duration = Duration::from_secs(3);

/// Three Consul servers on the loopback interface, each with ports and a folder of its own, that
/// elect a leader among them and go on when one is missing.
///
/// When [`start`](Self::start) returns, all three name the same leader, and each has its own check
/// `serfHealth` passing, so that sessions can be created through any of them at once. A single one
/// is steered through [`server`](Self::server): [`kill`](ConsulServer::kill),
/// [`restart`](ConsulServer::restart), [`pause`](ConsulServer::pause) and so on.
///
/// They are killed when the value is dropped.
#[derive(Debug)]
pub struct ConsulCluster {
    servers: Vec<ConsulServer>,
}

impl ConsulCluster {
    /// Starts three servers and waits until they are one cluster. The options are those of each
    /// server; `NAME` as the name of the node becomes `NAME-1` to `NAME-3`.
    ///
    /// # Errors
    ///
    /// As [`ConsulServer::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the servers.
    pub async fn start(options: ConsulOptions) -> Result<Self, ServerError> {
        let program = Result::from(ConsulServer::locate())?;
        let prepare = || {
            let servers = (1..=SERVERS).map(|number| {
                let name = format!("{}-{number}", options.node_name);
                ConsulServer::prepare(&program, &options.clone().with_node_name(name))
            });
            let servers = servers.collect::<Result<_, _>>()?;
            Ok(Self { servers })
        };
        start(|| async {
            let cluster: Self = prepare()?;
            cluster.run().await.map(|()| cluster)
        })
        .await
    }

    /// Starts the processes and waits for them.
    async fn run(&self) -> Result<(), ServerError> {
        let gossip = |server: &ConsulServer| server.config.ports().serf_lan.addr().to_string();
        let all: Vec<_> = self.servers.iter().map(gossip).collect();
        let mut logged = Vec::new();
        for server in &self.servers {
            server.write_config_of_member(&all)?;
            logged.push(server.launch()?);
        }
        let servers = self.servers.iter().zip(logged);
        for ready in join_all(servers.map(|(server, logged)| server.wait_ready(logged))).await {
            ready?;
        }
        self.leader().await.map(drop)
    }

    /// The servers, in the order of their numbers.
    pub fn servers(&self) -> &[ConsulServer] {
        &self.servers
    }

    /// One server; its number counts from 0.
    ///
    /// # Panics
    ///
    /// When the number is 3 or more.
    pub fn server(&self, number: usize) -> &ConsulServer {
        &self.servers[number]
    }

    /// The bases of their HTTP interfaces, separated by commas, as our clients take them, beginning
    /// with the server of this number.
    pub fn urls_from(&self, first: usize) -> String {
        let all = self.servers.iter().cycle().skip(first).take(SERVERS);
        all.map(ConsulServer::url).collect::<Vec<_>>().join(",")
    }

    /// The number of the server that leads, once every server that runs says that it does, and it
    /// has all that was written under the last one. Waits for an election at most 60 s. A server
    /// that stands still says nothing.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotReady`] when they do not agree in time.
    pub async fn leader(&self) -> Result<usize, ServerError> {
        let agreed = eventually_ok(READY, "one leader of all servers", || self.ask_leader()).await;
        agreed.map_err(|late| ServerError::NotReady {
            program: PROGRAM,
            reason: late.to_string(),
            log: String::new(),
        })
    }

    /// The number of a server that runs and does not lead.
    ///
    /// # Errors
    ///
    /// As [`leader`](Self::leader), and [`ServerError::NotRunning`] when there is no other.
    pub async fn follower(&self) -> Result<usize, ServerError> {
        let leader = self.leader().await?;
        let mut others = (0..SERVERS).filter(|number| *number != leader);
        let runs = |number: &usize| self.servers[*number].pid().is_some();
        others.find(runs).ok_or(ServerError::NotRunning(PROGRAM))
    }

    async fn ask_leader(&self) -> Result<usize, String> {
        let running = self.servers.iter().filter(|server| server.pid().is_some());
        let said = join_all(running.map(ConsulServer::leader_it_sees)).await;
        let said: Vec<_> = said.into_iter().flatten().collect();
        let (_, named) = said.first().ok_or("no server answers")?;
        if said.iter().any(|(_, other)| other != named) {
            return Err(format!("they disagree: {said:?}"));
        }
        let leads = |server: &ConsulServer| server.leader() == *named;
        // A server that is gone may still be named for a while.
        if !said.iter().any(|(address, named)| address == named) {
            return Err(format!("{named:?} leads and does not answer"));
        }
        let number = self.servers.iter().position(leads);
        let number = number.ok_or_else(|| format!("{named:?} is none of them"))?;
        // A new leader first has to take in what the last one has written.
        let read = "/v1/catalog/nodes?consistent";
        self.servers[number].get_within(read, SAY).await?;
        Ok(number)
    }
}

impl ConsulServer {
    fn write_config_of_member(&self, gossip: &[String]) -> Result<(), ServerError> {
        let settings = self.config.json_of_member(gossip);
        let written = std::fs::write(self.folder.path().join("agent.json"), settings);
        written.map_err(ServerError::io("write the configuration"))
    }

    /// The address of this server's RPC, and of that of the leader as far as it knows; `None` when
    /// it does not answer.
    async fn leader_it_sees(&self) -> Option<(String, String)> {
        let answer = self.get_within("/v1/status/leader", SAY).await.ok()?;
        let named = answer.json().ok()?.as_str()?.to_owned();
        Some((self.leader(), named))
    }
}
