//! A real Consul.

mod cluster;
mod config;
mod options;
mod version;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub use cluster::ConsulCluster;
pub use options::{ConsulClients, ConsulData, ConsulOptions, ConsulTls};

use self::config::Config;
use super::error::ServerError;
use super::folder::Folder;
use super::launch::{Ready, launch, start};
use super::locate::Located;
use super::process::Process;
use crate::exchange::{Answer, exchange, request};

const PROGRAM: &str = "consul";
/// Its data, within its folder.
const DATA: &str = "data";
/// How long a start may take, from the process to the first session.
const READY: Duration = Duration::from_secs(60);

/// A Consul agent in server mode: alone, or one of the servers of a [`ConsulCluster`].
///
/// When [`start`](Self::start) returns, the cluster has a leader and the agent's own check
/// `serfHealth` is registered, so that sessions can be created at once.
///
/// Every method takes `&self`: a server can be shared while one task steers it.
#[derive(Debug)]
pub struct ConsulServer {
    // In this order: the process ends before its folder goes.
    process: Process,
    folder: Folder,
    config: Config,
    program: PathBuf,
}

impl ConsulServer {
    /// Where the Consul that the tests are written for is, or why it is not there.
    ///
    /// A `consul` of another version than 1.8.7 counts as missing.
    pub fn locate() -> Located {
        version::locate()
    }

    /// Starts one and waits until sessions can be created and, without ACLs, until it has written
    /// its own node, so that the indexes of the catalog rest.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: it is missing, ended at its start, or was not ready within 60 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the server.
    pub async fn start(options: ConsulOptions) -> Result<Self, ServerError> {
        let program = Result::from(Self::locate())?;
        start(|| Self::start_once(&program, &options)).await
    }

    async fn start_once(program: &Path, options: &ConsulOptions) -> Result<Self, ServerError> {
        let server = Self::prepare(program, options)?;
        server.write_config()?;
        server.run().await?;
        Ok(server)
    }

    /// One with a folder and ports that was not started yet.
    fn prepare(program: &Path, options: &ConsulOptions) -> Result<Self, ServerError> {
        let folder = Folder::create(PROGRAM).map_err(ServerError::io("make a folder"))?;
        let config = Config::new(options, folder.path()).map_err(ServerError::io("find ports"))?;
        let program = program.to_owned();
        Ok(Self {
            process: Process::new(PROGRAM),
            folder,
            config,
            program,
        })
    }

    fn write_config(&self) -> Result<(), ServerError> {
        let written = std::fs::write(self.folder.path().join("agent.json"), self.config.json());
        written.map_err(ServerError::io("write the configuration"))
    }

    /// Starts the process and waits for it.
    async fn run(&self) -> Result<(), ServerError> {
        let logged = self.launch()?;
        self.wait_ready(logged).await
    }

    /// Starts the process: how long the log was before.
    fn launch(&self) -> Result<usize, ServerError> {
        let mut command = Command::new(&self.program);
        command.arg("agent").args(self.config.arguments());
        launch(&self.process, &self.folder, command)
    }

    /// `logged` is the length of the log before the start.
    async fn wait_ready(&self, logged: usize) -> Result<(), ServerError> {
        let ready = Ready {
            program: PROGRAM,
            process: &self.process,
            folder: &self.folder,
            logged,
            limit: READY,
            what: "a leader and serfHealth",
        };
        ready.when(|| self.probe()).await
    }

    /// Whether sessions can be created, by a server that is ours.
    async fn probe(&self) -> Result<(), String> {
        let node = self
            .get("/v1/agent/self")
            .await?
            .json()
            .map_err(|error| error.to_string())?;
        if node["Config"]["NodeID"] != self.config.node_id() {
            return Err("another agent has the port".to_owned());
        }
        // Consistent, because after a restart the check is there before the leader is.
        let checks = format!("/v1/health/node/{}?consistent", self.config.node_name());
        let checks = self
            .get(&checks)
            .await?
            .json()
            .map_err(|error| error.to_string())?;
        let mut checks = checks.as_array().into_iter().flatten();
        let ready = checks.any(|c| c["CheckID"] == "serfHealth" && c["Status"] == "passing");
        if !ready {
            return Err("serfHealth is not passing".to_owned());
        }
        match self.config.token() {
            None => self.probe_synced().await,
            // Where rules are, its agent may write nothing.
            Some(_) => Ok(()),
        }
    }

    /// Whether its agent has written its own node, which it does up to seconds after the leader
    /// registered it, and which moves the indexes of the catalog.
    async fn probe_synced(&self) -> Result<(), String> {
        let target = format!("/v1/catalog/node/{}", self.config.node_name());
        let node = self.get(&target).await?.json();
        let node = node.map_err(|error| error.to_string())?;
        (!node["Node"]["Meta"].is_null())
            .then_some(())
            .ok_or_else(|| "its agent has not written its node".to_owned())
    }

    async fn get(&self, target: &str) -> Result<Answer, String> {
        self.get_within(target, Duration::from_secs(10)).await
    }

    async fn get_within(&self, target: &str, limit: Duration) -> Result<Answer, String> {
        let token = self.config.token().map(|token| ("X-Consul-Token", token));
        let bytes = request("GET", target, token.as_slice(), b"");
        let answer = exchange(self.addr(), &bytes, limit).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            200 => Ok(answer),
            status => Err(format!("{target}: {status} {}", answer.text())),
        }
    }

    /// Where its HTTP interface listens.
    pub fn addr(&self) -> SocketAddr {
        self.config.ports().http.addr()
    }

    /// The base of its HTTP interface: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The base of its HTTPS interface, when it was started with
    /// [`with_tls`](ConsulOptions::with_tls): `https://127.0.0.1:PORT`.
    pub fn https_url(&self) -> Option<String> {
        let port = self.config.ports().https.as_ref()?;
        Some(format!("https://{}", port.addr()))
    }

    /// Its unix socket, when it was started with
    /// [`with_unix_socket`](ConsulOptions::with_unix_socket).
    pub fn socket_path(&self) -> Option<PathBuf> {
        self.config
            .socket()
            .map(|name| self.folder.path().join(name))
    }

    /// What `/v1/status/leader` gives while it leads: the address of its server RPC.
    pub fn leader(&self) -> String {
        self.config.ports().server.addr().to_string()
    }

    /// Where the members of its datacenter gossip with it.
    pub fn gossip_addr(&self) -> SocketAddr {
        self.config.ports().serf_lan.addr()
    }

    /// The name of its node.
    pub fn node_name(&self) -> &str {
        self.config.node_name()
    }

    /// The program that runs, for commands such as `consul kv` and `consul lock`.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The file that it logs to.
    pub fn log_path(&self) -> PathBuf {
        self.folder.log_path()
    }

    /// Leaves its folder, with the log, in place, and says where when the value is dropped. Happens
    /// by itself when the value is dropped by a panic, or with `QUORATE_KEEP_LOGS` set.
    pub fn keep_log(&self) {
        self.folder.keep();
    }

    /// The id of the process, while there is one.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends it at once (SIGKILL). Its address and its data stay for [`restart`](Self::restart).
    /// Nothing happens when it does not run. Blocks for milliseconds.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn kill(&self) -> Result<(), ServerError> {
        self.process.kill()
    }

    /// Asks it to end (SIGTERM) and waits for that, at most 50 s.
    ///
    /// # Errors
    ///
    /// [`ServerError`] when it does not run or had to be killed.
    pub async fn terminate(&self) -> Result<(), ServerError> {
        self.process.terminate().await
    }

    /// Starts it again at the same address and on the same data, which
    /// [`InMemoryDev`](ConsulData::InMemoryDev) has lost; kills it first when it still runs.
    /// Returns when sessions can be created again.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), but ports that others have taken meanwhile are an error.
    pub async fn restart(&self) -> Result<(), ServerError> {
        self.process.kill()?;
        self.run().await
    }

    /// As [`restart`](Self::restart), on no data: all that it knew is gone.
    ///
    /// # Errors
    ///
    /// As [`restart`](Self::restart), and when the data can't be removed.
    pub async fn restart_empty(&self) -> Result<(), ServerError> {
        self.process.kill()?;
        match std::fs::remove_dir_all(self.folder.path().join(DATA)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(ServerError::io("remove the data")(error));
            }
            _ => {}
        }
        self.run().await
    }

    /// Makes it stand still (SIGSTOP): its connections stay open, and nothing answers. Returns when
    /// it stands.
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
