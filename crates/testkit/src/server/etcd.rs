//! A real etcd.

mod cluster;
mod restore;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::error::ServerError;
use super::folder::Folder;
use super::launch::{Ready, launch, start};
use super::locate::{Located, locate};
use super::port::ReservedPort;
use super::process::Process;
use crate::exchange::{exchange, request};

pub use cluster::EtcdCluster;

/// How long a start may take, from the process to a cluster that can write.
const READY: Duration = Duration::from_secs(60);

/// Which etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EtcdVersion {
    /// 3.4.23.
    V3_4,
    /// 3.5.16.
    V3_5,
    /// 3.7.2: without the v2 API.
    V3_7,
}

impl EtcdVersion {
    /// All, the oldest first.
    pub const ALL: [Self; 3] = [Self::V3_4, Self::V3_5, Self::V3_7];

    /// What it calls itself: `3.5.16`.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::V3_4 => "3.4.23",
            Self::V3_5 => "3.5.16",
            Self::V3_7 => "3.7.2",
        }
    }

    /// Whether it can serve the v2 API.
    #[must_use]
    pub fn has_v2(self) -> bool {
        self != Self::V3_7
    }

    /// The name of its program, as `scripts/servers` leaves it.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::V3_4 => "etcd-3.4",
            Self::V3_5 => "etcd-3.5",
            Self::V3_7 => "etcd-3.7",
        }
    }
}

/// A cluster of one etcd.
///
/// When [`start`](Self::start) returns, keys can be written. Every method takes `&self`.
#[derive(Debug)]
pub struct EtcdServer {
    // In this order: the process ends before its folder goes.
    process: Process,
    folder: Folder,
    program: PathBuf,
    version: EtcdVersion,
    client: ReservedPort,
    peer: ReservedPort,
    v2: bool,
    name: String,
    /// The names and peer addresses of all members, as the program takes them.
    members: String,
    /// It joins members that are there already.
    joins: bool,
    /// Further arguments of the program.
    flags: Vec<String>,
}

impl EtcdServer {
    /// Where an etcd is, or why it is not there.
    pub fn locate(version: EtcdVersion) -> Located {
        locate(version.program())
    }

    /// Starts one, with its v2 API where it [has](EtcdVersion::has_v2) one.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: it is missing, ended at its start, or was not ready within 60 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the server.
    pub async fn start(version: EtcdVersion) -> Result<Self, ServerError> {
        Self::start_with(version, true, &[]).await
    }

    /// Starts one without its v2 API, as they are by default.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    ///
    /// As [`start`](Self::start).
    pub async fn start_without_v2(version: EtcdVersion) -> Result<Self, ServerError> {
        Self::start_with(version, false, &[]).await
    }

    /// The same with further arguments, such as `--auth-token-ttl=2`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    ///
    /// As [`start`](Self::start).
    pub async fn start_with_flags(
        version: EtcdVersion,
        flags: &[&str],
    ) -> Result<Self, ServerError> {
        Self::start_with(version, false, flags).await
    }

    async fn start_with(
        version: EtcdVersion,
        v2: bool,
        flags: &[&str],
    ) -> Result<Self, ServerError> {
        start(|| Self::start_once(version, v2, flags)).await
    }

    async fn start_once(
        version: EtcdVersion,
        v2: bool,
        flags: &[&str],
    ) -> Result<Self, ServerError> {
        let mut server = Self::prepare(version, v2, "node-1")?;
        server.members = server.member();
        server.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        server.run().await?;
        Ok(server)
    }

    /// One with ports and a folder, that is not started.
    fn prepare(version: EtcdVersion, v2: bool, name: &str) -> Result<Self, ServerError> {
        let port = || {
            let port = ReservedPort::new().and_then(ReservedPort::share);
            port.map_err(ServerError::io("find ports"))
        };
        let program = version.program();
        Ok(Self {
            process: Process::new(program),
            folder: Folder::create(program).map_err(ServerError::io("make a folder"))?,
            program: Result::from(Self::locate(version))?,
            version,
            client: port()?,
            peer: port()?,
            v2: v2 && version.has_v2(),
            name: name.to_owned(),
            members: String::new(),
            joins: false,
            flags: Vec::new(),
        })
    }

    /// Its name and where other members reach it.
    fn member(&self) -> String {
        format!("{}={}", self.name, self.peer_url())
    }

    async fn run(&self) -> Result<(), ServerError> {
        let logged = self.launch()?;
        self.wait_ready(logged).await
    }

    /// Starts the process; how long its log was before.
    fn launch(&self) -> Result<usize, ServerError> {
        let mut command = Command::new(&self.program);
        command.args(self.arguments());
        launch(&self.process, &self.folder, command)
    }

    fn arguments(&self) -> Vec<String> {
        let (client, peer) = (self.url(), self.peer_url());
        let state = if self.joins { "existing" } else { "new" };
        let pairs = [
            ("name", self.name.clone()),
            ("data-dir", "data".to_owned()),
            ("listen-client-urls", client.clone()),
            ("advertise-client-urls", client),
            ("listen-peer-urls", peer.clone()),
            ("initial-advertise-peer-urls", peer),
            ("initial-cluster", self.members.clone()),
            ("initial-cluster-state", state.to_owned()),
        ];
        let pairs = pairs.into_iter();
        let mut arguments: Vec<_> = pairs
            .map(|(name, value)| format!("--{name}={value}"))
            .collect();
        // The newest do not know the flag.
        if self.v2 {
            arguments.push("--enable-v2=true".to_owned());
        }
        // What a killed process has written stays; only a machine that loses its power would lose it.
        // To wait for a busy disk makes a leader miss its heartbeats. The oldest can't do without.
        if self.version != EtcdVersion::V3_4 {
            arguments.push("--unsafe-no-fsync=true".to_owned());
        }
        arguments.extend_from_slice(&self.flags);
        arguments
    }

    async fn wait_ready(&self, logged: usize) -> Result<(), ServerError> {
        let ready = Ready {
            program: self.version.program(),
            process: &self.process,
            folder: &self.folder,
            logged,
            limit: READY,
            what: "a healthy cluster",
        };
        ready.when(|| self.probe()).await
    }

    async fn probe(&self) -> Result<(), String> {
        let bytes = request("GET", "/health", &[], b"");
        let answer = exchange(self.addr(), &bytes, Duration::from_secs(10)).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            200 => Ok(()),
            status => Err(format!("/health: {status} {}", answer.text())),
        }
    }

    /// Where clients reach it.
    pub fn addr(&self) -> SocketAddr {
        self.client.addr()
    }

    /// Where clients reach it: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Where other members reach it: `http://127.0.0.1:PORT`.
    pub fn peer_url(&self) -> String {
        format!("http://{}", self.peer.addr())
    }

    /// What it calls itself: `node-1`, in a cluster up to `node-3` and on.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its process has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.process.ended().is_some()
    }

    /// Which etcd it is.
    pub fn version(&self) -> EtcdVersion {
        self.version
    }

    /// Leaves its folder, with the log, in place, and says where when the value is dropped.
    pub fn keep_log(&self) {
        self.folder.keep();
    }

    /// Ends it at once (SIGKILL). Its address and its data stay for [`restart`](Self::restart).
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn kill(&self) -> Result<(), ServerError> {
        self.process.kill()
    }

    /// Starts it again at the same address and on the same data; kills it first when it still runs.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn restart(&self) -> Result<(), ServerError> {
        self.process.kill()?;
        self.run().await
    }

    /// Makes it stand still (SIGSTOP): its connections stay open, and nothing answers.
    ///
    /// # Errors
    ///
    /// [`ServerError`] when it does not run.
    pub async fn pause(&self) -> Result<(), ServerError> {
        self.process.pause().await
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    ///
    /// [`ServerError`] when it does not run.
    pub fn resume(&self) -> Result<(), ServerError> {
        self.process.resume()
    }
}
