//! Several real etcds that are one cluster.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{EtcdServer, EtcdVersion, READY};
use crate::eventually::eventually_ok;
use crate::exchange::{exchange, request};
use crate::server::error::ServerError;
use crate::server::launch::start;

/// How many members a cluster has: the fewest of which one may be missing.
const MEMBERS: usize = 3;
/// How long a member may take to say whom it takes for the leader.
const SAY: Duration = Duration::from_secs(1);

/// Three etcds on the loopback interface, each with ports and a folder of its own, that elect a
/// leader among them and go on when one is missing.
///
/// When [`start`](Self::start) returns, all three name the same leader. A single one is steered
/// through [`server`](Self::server): [`kill`](EtcdServer::kill), [`restart`](EtcdServer::restart),
/// [`pause`](EtcdServer::pause) and so on; [`replace`](Self::replace) puts another in its place.
///
/// They are killed when the value is dropped.
#[derive(Debug)]
pub struct EtcdCluster {
    servers: Vec<EtcdServer>,
    /// How many were made, which gives each its name.
    made: usize,
}

impl EtcdCluster {
    /// Starts three members, `node-1` to `node-3`, with their v2 API where they
    /// [have](EtcdVersion::has_v2) one, and waits until they are one cluster.
    ///
    /// # Errors
    ///
    /// As [`EtcdServer::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the members.
    pub async fn start(version: EtcdVersion) -> Result<Self, ServerError> {
        Self::start_with(version, true).await
    }

    /// The same without the v2 API, as they are by default.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    ///
    /// As [`start`](Self::start).
    pub async fn start_without_v2(version: EtcdVersion) -> Result<Self, ServerError> {
        Self::start_with(version, false).await
    }

    async fn start_with(version: EtcdVersion, v2: bool) -> Result<Self, ServerError> {
        start(|| async {
            let cluster = Self::prepare(version, v2)?;
            cluster.run().await.map(|()| cluster)
        })
        .await
    }

    fn prepare(version: EtcdVersion, v2: bool) -> Result<Self, ServerError> {
        let names = (1..=MEMBERS).map(|number| format!("node-{number}"));
        let servers = names.map(|name| EtcdServer::prepare(version, v2, &name));
        let mut servers = servers.collect::<Result<Vec<_>, _>>()?;
        let all: Vec<_> = servers.iter().map(EtcdServer::member).collect();
        for server in &mut servers {
            server.members = all.join(",");
        }
        let made = MEMBERS;
        Ok(Self { servers, made })
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

    /// Kills a member for good and puts a fresh one in its place: with a name, ports and a folder of
    /// its own, which learns all from the others. Two of the others have to run. Returns when the
    /// fresh one answers.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: the others do not agree within 60 s, or the fresh one is not ready in time.
    ///
    /// # Panics
    ///
    /// When the number is 3 or more.
    pub async fn replace(&mut self, number: usize) -> Result<(), ServerError> {
        self.servers[number].kill()?;
        let fresh = self.newcomer(Some(number))?;
        let old = &self.servers[number];
        let others = (0..MEMBERS).filter(|other| *other != number);
        let others: Vec<_> = others.map(|other| &self.servers[other]).collect();
        // They want to know each other for a while before they let anybody go or come.
        let exchange = || replace_member(others[0], &old.name, &fresh);
        let agreed = eventually_ok(READY, "a member is replaced by another", exchange).await;
        agreed.map_err(|late| fresh.not_ready(late.to_string()))?;
        fresh.run().await?;
        self.servers[number] = fresh;
        self.leader().await.map(drop)
    }

    /// One with a name, ports and a folder of its own that knows the members, but is none and is not
    /// started: after somebody has added its [address](EtcdServer::peer_url),
    /// [`restart`](EtcdServer::restart) starts it. It ends with the value.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: etcd is missing, or there is no port or folder.
    pub fn joiner(&mut self) -> Result<EtcdServer, ServerError> {
        self.newcomer(None)
    }

    /// A fresh one that will join all the others, but for the one that goes.
    fn newcomer(&mut self, instead_of: Option<usize>) -> Result<EtcdServer, ServerError> {
        self.made += 1;
        let name = format!("node-{}", self.made);
        let one = &self.servers[0];
        let mut fresh = EtcdServer::prepare(one.version, one.v2, &name)?;
        let servers = self.servers.iter().enumerate();
        let others = servers.filter(|(number, _)| Some(*number) != instead_of);
        let members = others.map(|(_, server)| server.member());
        let members: Vec<_> = members.chain([fresh.member()]).collect();
        fresh.members = members.join(",");
        fresh.joins = true;
        Ok(fresh)
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
        agreed.map_err(|late| self.servers[0].not_ready(late.to_string()))
    }

    async fn ask_leader(&self) -> Result<usize, String> {
        let servers = self.servers.iter().enumerate();
        let running = servers.filter(|(_, server)| server.is_running());
        let asked = running.map(async |(number, server)| (number, server.leader_it_sees().await));
        let said = join_all(asked).await.into_iter();
        let said: Vec<_> = said.filter_map(|(at, said)| Some((at, said?))).collect();
        let (_, (_, named)) = said.first().ok_or("no member answers")?;
        if said.iter().any(|(_, (_, other))| other != named) {
            return Err(format!("they disagree: {said:?}"));
        }
        // A member that is gone may still be named for a while.
        let leads = said.iter().find(|(_, (own, named))| own == named);
        let leads = leads.map(|(number, _)| *number);
        leads.ok_or_else(|| format!("{named} leads and does not answer"))
    }
}

/// Takes the member `old` out, if it is still in, and `fresh` in, unless it is.
async fn replace_member(by: &EtcdServer, old: &str, fresh: &EtcdServer) -> Result<(), String> {
    let members = by.gateway("cluster/member/list", json!({})).await?;
    let members = members["members"].as_array().ok_or("no members")?;
    if let Some(member) = members.iter().find(|member| member["name"] == old) {
        let id = json!({ "ID": member["ID"] });
        by.gateway("cluster/member/remove", id).await?;
    }
    let peer = fresh.peer_url();
    if !members.iter().any(|member| member["peerURLs"][0] == *peer) {
        let added = json!({ "peerURLs": [peer] });
        by.gateway("cluster/member/add", added).await?;
    }
    Ok(())
}

impl EtcdServer {
    fn is_running(&self) -> bool {
        self.process.id().is_some()
    }

    fn not_ready(&self, reason: String) -> ServerError {
        ServerError::NotReady {
            program: self.version.program(),
            reason,
            log: String::new(),
        }
    }

    /// Its id, and that of the leader as far as it knows; `None` when it does not answer.
    async fn leader_it_sees(&self) -> Option<(String, String)> {
        let status = self.gateway("maintenance/status", json!({})).await.ok()?;
        let own = status["header"]["member_id"].as_str()?.to_owned();
        Some((own, status["leader"].as_str()?.to_owned()))
    }

    /// A call of the v3 API as JSON.
    async fn gateway(&self, path: &str, body: Value) -> Result<Value, String> {
        let (path, body) = (format!("/v3/{path}"), body.to_string());
        let headers = [("Content-Type", "application/json")];
        let bytes = request("POST", &path, &headers, body.as_bytes());
        let answer = exchange(self.addr(), &bytes, SAY).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            200 => answer.json().map_err(|error| error.to_string()),
            status => Err(format!("{path}: {status} {}", answer.text())),
        }
    }
}
