//! Several real etcds that are one cluster.

use std::time::Duration;

use futures_util::future::join_all;

use super::{EtcdServer, EtcdVersion, READY, STARTS};
use crate::eventually::eventually_ok;
use crate::exchange::{exchange, request};
use crate::server::error::ServerError;

/// How many members a cluster has: the fewest of which one may be missing.
const MEMBERS: usize = 3;
/// How long a member may take to say whom it takes for the leader.
const SAY: Duration = Duration::from_secs(1);

/// Three etcds with their v2 API on the loopback interface, each with ports and a folder of its own,
/// that elect a leader among them and go on when one is missing.
///
/// When [`start`](Self::start) returns, all three name the same leader. A single one is steered
/// through [`server`](Self::server): [`kill`](EtcdServer::kill), [`restart`](EtcdServer::restart)
/// and so on.
///
/// They are killed when the value is dropped.
#[derive(Debug)]
pub struct EtcdCluster {
    servers: Vec<EtcdServer>,
}

impl EtcdCluster {
    /// Starts three members, `node-1` to `node-3`, and waits until they are one cluster.
    ///
    /// # Errors
    ///
    /// As [`EtcdServer::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the members.
    pub async fn start(version: EtcdVersion) -> Result<Self, ServerError> {
        for _ in 1..STARTS {
            let cluster = Self::prepare(version)?;
            match cluster.run().await {
                Err(error) if error.is_port_taken() => {}
                outcome => return outcome.map(|()| cluster),
            }
        }
        let cluster = Self::prepare(version)?;
        cluster.run().await.map(|()| cluster)
    }

    fn prepare(version: EtcdVersion) -> Result<Self, ServerError> {
        let names = (1..=MEMBERS).map(|number| format!("node-{number}"));
        let servers = names.map(|name| EtcdServer::prepare(version, true, &name));
        let mut servers = servers.collect::<Result<Vec<_>, _>>()?;
        let all: Vec<_> = servers.iter().map(EtcdServer::member).collect();
        for server in &mut servers {
            server.members = all.join(",");
        }
        Ok(Self { servers })
    }

    /// Starts the processes and waits for them.
    async fn run(&self) -> Result<(), ServerError> {
        let mut logged = Vec::new();
        for server in &self.servers {
            logged.push(server.launch()?);
        }
        let servers = self.servers.iter().zip(logged);
        for ready in join_all(servers.map(|(server, logged)| server.wait_ready(logged))).await {
            ready?;
        }
        self.leader().await.map(drop)
    }

    /// The members, in the order of their numbers.
    pub fn servers(&self) -> &[EtcdServer] {
        &self.servers
    }

    /// One member; its number counts from 0.
    ///
    /// # Panics
    ///
    /// When the number is 3 or more.
    pub fn server(&self, number: usize) -> &EtcdServer {
        &self.servers[number]
    }

    /// The URLs of all members, separated by commas, as our clients take them, beginning with the
    /// member of this number.
    pub fn urls_from(&self, first: usize) -> String {
        let all = self.servers.iter().cycle().skip(first).take(MEMBERS);
        all.map(EtcdServer::url).collect::<Vec<_>>().join(",")
    }

    /// The number of the member that leads, once every member that runs says that it does. Waits for
    /// an election at most 60 s. A member that stands still says nothing.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotReady`] when they do not agree in time.
    pub async fn leader(&self) -> Result<usize, ServerError> {
        let agreed = eventually_ok(READY, "one leader of all members", || self.ask_leader()).await;
        agreed.map_err(|late| ServerError::NotReady {
            program: self.servers[0].version.program(),
            reason: late.to_string(),
            log: String::new(),
        })
    }

    async fn ask_leader(&self) -> Result<usize, String> {
        let running = self.servers.iter().filter(|server| server.is_running());
        let said = join_all(running.map(EtcdServer::leader_it_sees)).await;
        let said: Vec<_> = said.into_iter().flatten().collect();
        let named = said.first().ok_or("no member answers")?;
        if said.iter().any(|other| other != named) {
            return Err(format!("they disagree: {said:?}"));
        }
        // A member that is gone may still be named for a while.
        let leads = |server: &EtcdServer| server.name == *named && server.is_running();
        let number = self.servers.iter().position(leads);
        number.ok_or_else(|| format!("{named} leads and does not run"))
    }
}

impl EtcdServer {
    fn is_running(&self) -> bool {
        self.process.id().is_some()
    }

    /// The name of the leader as far as this member knows; `None` when it does not answer.
    async fn leader_it_sees(&self) -> Option<String> {
        let bytes = request("GET", "/v2/members/leader", &[], b"");
        let answer = exchange(self.addr(), &bytes, SAY).await.ok()?;
        let name = answer.json().ok()?["name"].as_str()?.to_owned();
        (answer.status == 200).then_some(name)
    }
}
