//! A real Serf agent.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::ServerError;
use super::folder::Folder;
use super::launch::{Ready, launch, start};
use super::locate::{Located, locate};
use super::port::ReservedPort;
use super::process::Process;

const PROGRAM: &str = "serf";
/// How long a start may take, from the process to the first handshake.
const READY: Duration = Duration::from_secs(30);
/// How a client begins, and what an agent answers.
const HANDSHAKE: &[u8] = b"\x82\xa7Command\xa9handshake\xa3Seq\x01\x81\xa7Version\x01";
const SHAKEN: &[u8] = b"\x82\xa5Error\xa0\xa3Seq\x01";

/// How a Serf agent is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SerfOptions {
    /// Its name in the cluster. Default `alpha`.
    pub node: String,
    /// What it says of itself. Default nothing.
    pub tags: Vec<(String, String)>,
    /// The token that clients have to show. Default none.
    pub rpc_auth: Option<String>,
    /// The key with which it encrypts, in base64. Default none.
    pub encrypt: Option<String>,
    /// Its times: `lan`, `wan` or `local`. Default `local`, the quickest.
    pub profile: String,
    /// Where other members reach it. Default a free port of 127.0.0.1.
    pub gossip: Option<SocketAddr>,
    /// Whether it remembers the cluster when it is started again. Default no.
    pub snapshot: bool,
    /// More of its configuration file, by its names there.
    pub more: serde_json::Map<String, serde_json::Value>,
}

impl Default for SerfOptions {
    fn default() -> Self {
        Self {
            node: "alpha".to_owned(),
            tags: Vec::new(),
            rpc_auth: None,
            encrypt: None,
            profile: "local".to_owned(),
            gossip: None,
            snapshot: false,
            more: serde_json::Map::new(),
        }
    }
}

impl SerfOptions {
    /// One of this name.
    #[must_use]
    pub fn named(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, name: &str, value: &str) -> Self {
        self.tags.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the token that clients have to show.
    #[must_use]
    pub fn with_rpc_auth(mut self, token: &str) -> Self {
        self.rpc_auth = Some(token.to_owned());
        self
    }

    /// Sets the key with which it encrypts.
    #[must_use]
    pub fn with_encrypt(mut self, key: &str) -> Self {
        self.encrypt = Some(key.to_owned());
        self
    }

    /// Sets how quick it is: `lan`, `wan` or `local`.
    #[must_use]
    pub fn with_profile(mut self, profile: &str) -> Self {
        self.profile = profile.to_owned();
        self
    }

    /// Sets where other members reach it: an address that nobody else listens at.
    #[must_use]
    pub fn with_gossip(mut self, address: SocketAddr) -> Self {
        self.gossip = Some(address);
        self
    }

    /// Lets it remember the cluster when it is started again.
    #[must_use]
    pub fn with_snapshot(mut self) -> Self {
        self.snapshot = true;
        self
    }

    /// Sets more of its configuration.
    #[must_use]
    pub fn with(mut self, name: &str, value: serde_json::Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    fn configuration(&self, rpc: SocketAddr, gossip: SocketAddr) -> String {
        let tags: serde_json::Map<_, _> = self
            .tags
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let mut all = self.more.clone();
        let fixed = [
            ("node_name", json!(self.node)),
            ("bind", json!(gossip.to_string())),
            ("rpc_addr", json!(rpc.to_string())),
            ("profile", json!(self.profile)),
            ("log_level", json!("debug")),
            ("tags", json!(tags)),
            ("rpc_auth", json!(self.rpc_auth)),
            ("encrypt_key", json!(self.encrypt)),
            ("snapshot_path", json!(self.snapshot.then_some("snapshot"))),
        ];
        let fixed = fixed.into_iter().filter(|(_, value)| !value.is_null());
        all.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
        serde_json::Value::Object(all).to_string()
    }
}

/// A Serf agent.
///
/// When [`start`](Self::start) returns, clients are answered. Every method takes `&self`.
#[derive(Debug)]
pub struct SerfServer {
    // In this order: the process ends before its folder goes.
    process: Process,
    folder: Folder,
    program: PathBuf,
    rpc: ReservedPort,
    gossip: ReservedPort,
    options: SerfOptions,
}

impl SerfServer {
    /// Where the Serf that the tests are written for is, or why it is not there.
    pub fn locate() -> Located {
        locate(PROGRAM)
    }

    /// Starts one.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: it is missing, ended at its start, or was not ready within 30 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the server.
    pub async fn start(options: SerfOptions) -> Result<Self, ServerError> {
        start(|| async {
            let server = Self::prepare(options.clone())?;
            server.run().await?;
            Ok(server)
        })
        .await
    }

    /// One with ports and a folder, that is not started.
    fn prepare(options: SerfOptions) -> Result<Self, ServerError> {
        let port = || {
            let port = ReservedPort::new().and_then(ReservedPort::share);
            port.map_err(ServerError::io("find ports"))
        };
        let server = Self {
            process: Process::new(PROGRAM),
            folder: Folder::create(PROGRAM).map_err(ServerError::io("make a folder"))?,
            program: Result::from(Self::locate())?,
            rpc: port()?,
            gossip: port()?,
            options,
        };
        let text = server
            .options
            .configuration(server.rpc.addr(), server.gossip_addr());
        let written = std::fs::write(server.folder.path().join("agent.json"), text);
        written.map_err(ServerError::io("write the configuration"))?;
        Ok(server)
    }

    async fn run(&self) -> Result<(), ServerError> {
        let mut command = Command::new(&self.program);
        command.args(["agent", "-config-file", "agent.json"]);
        let logged = launch(&self.process, &self.folder, command)?;
        let ready = Ready {
            program: PROGRAM,
            process: &self.process,
            folder: &self.folder,
            logged,
            limit: READY,
            what: "an answer to a handshake",
        };
        ready.when(|| self.probe()).await
    }

    /// Whether an agent shakes hands.
    async fn probe(&self) -> Result<(), String> {
        let shake = async {
            let mut stream = TcpStream::connect(self.addr()).await?;
            stream.write_all(HANDSHAKE).await?;
            let mut answer = [0; SHAKEN.len()];
            stream.read_exact(&mut answer).await?;
            Ok::<_, std::io::Error>(answer == SHAKEN)
        };
        match timeout(Duration::from_secs(5), shake).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("something else than an agent answers".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer".to_owned()),
        }
    }

    /// Where clients reach it.
    pub fn addr(&self) -> SocketAddr {
        self.rpc.addr()
    }

    /// Where other members reach it.
    pub fn gossip_addr(&self) -> SocketAddr {
        self.options.gossip.unwrap_or_else(|| self.gossip.addr())
    }

    /// Its name in the cluster.
    pub fn node(&self) -> &str {
        &self.options.node
    }

    /// Leaves its folder, with the log, in place, and says where when the value is dropped.
    pub fn keep_log(&self) {
        self.folder.keep();
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.log_path()).unwrap_or_default()
    }

    /// Ends it at once (SIGKILL). Its addresses stay for [`restart`](Self::restart).
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn kill(&self) -> Result<(), ServerError> {
        self.process.kill()
    }

    /// Starts it again at the same addresses; kills it first when it still runs.
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
