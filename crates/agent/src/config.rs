//! What an agent is started with.

mod acl;
mod event_handler;
mod gossip;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use quorate_net::secret::Secret;
use quorate_wire::consul::session::MIN_TTL;

use crate::engine::consul::MIN_REAP;
use crate::error::AgentError;
use crate::log::AgentLog;

pub use acl::{AclConfig, AclDefault};
pub(crate) use event_handler::Action;
pub use event_handler::EventHandler;
pub use gossip::{GossipConfig, GossipProfile};

/// The datacenter's name unless another is given.
pub const DEFAULT_DATACENTER: &str = "dc1";
/// How long a connection may do nothing unless told otherwise.
pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long a shutdown lets requests finish unless told otherwise.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(5);
/// The longest name of a node or a datacenter, in bytes.
pub const MAX_NAME_BYTES: usize = 253;

/// Where the agent keeps its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// In memory: gone with the agent.
    #[default]
    Memory,
    /// In this directory: a write is answered only after it is durable there.
    Directory(PathBuf),
}

/// Whose clients the agent of Consul's API answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compat {
    /// Those of today, as Consul 1.8.7 does.
    #[default]
    Current,
    /// Those of the time from Consul 0.5 to 0.7 too, where 1.8.7 broke them and both can't be had.
    /// What each of the two sees is in `docs/compatibility.md`.
    V0_7,
}

impl FromStr for Compat {
    type Err = AgentError;

    /// Reads `current` or `0.7`.
    fn from_str(text: &str) -> Result<Self, AgentError> {
        match text {
            "current" => Ok(Self::Current),
            "0.7" => Ok(Self::V0_7),
            _ => Err(AgentError::UnknownCompat(text.into())),
        }
    }
}

/// What an agent is started with.
///
/// The default keeps everything in memory and listens nowhere; [`Agent::dialer`] connects to it
/// within the process.
///
/// [`Agent::dialer`]: crate::Agent::dialer
///
/// ```
/// use quorate_agent::AgentConfig;
///
/// let config = AgentConfig::memory()
///     .with_consul_http("127.0.0.1:0".parse()?)
///     .with_node_name("node-1");
/// assert_eq!(config.consul_http[0].to_string(), "127.0.0.1:0");
/// # Ok::<(), quorate_agent::AgentError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AgentConfig {
    /// Where the data is kept. Default: in memory.
    pub storage: Storage,
    /// The node's name, 1 to [`MAX_NAME_BYTES`] printable bytes. Default: the host's name.
    pub node_name: Option<String>,
    /// The datacenter's name, letters, digits, `-` and `_`. Default: `dc1`.
    pub datacenter: String,
    /// Where Consul's HTTP API is served. Default: nowhere but in memory.
    pub consul_http: Vec<Listen>,
    /// Where etcd's APIs are served: v2 over HTTP/1.1, and v3 to clients that speak gRPC. Default:
    /// nowhere.
    pub etcd: Vec<Listen>,
    /// Answers exactly as etcd 3.4.23 where the agent is better by default: paths with empty or
    /// dot segments are redirected, streams that begin in the past fall silent, removals are told
    /// twice to who streams their key, and the history shows what is hidden. Default: false.
    pub etcd_strict: bool,
    /// The shortest life of a lease of etcd's v3 API: what is asked for less gets this. In whole
    /// seconds, begun ones counted. Default: 2 seconds, as in etcd.
    pub etcd_min_lease_ttl: Duration,
    /// Where Serf's RPC is served. Default: nowhere.
    pub serf_rpc: Vec<Listen>,
    /// What clients of Serf's RPC have to show before anything else. Default: nothing.
    pub serf_rpc_auth: Option<Secret>,
    /// How the agent takes part in a cluster. Default: not at all; with Serf's RPC it is then a
    /// cluster of its own, on a free port of 127.0.0.1.
    pub gossip: Option<GossipConfig>,
    /// What is done when something happens in the cluster, each event by one handler after the
    /// other. They need [`gossip`](Self::gossip) or Serf's RPC. Default: nothing.
    pub event_handlers: Vec<EventHandler>,
    /// Lets listeners be reachable from other machines although there are no access rules that
    /// deny by default: whoever reaches the agent may read and write everything. Default: false.
    pub allow_remote: bool,
    /// Answers exactly as Consul 1.8.7 where the agent is more lenient by default: unknown fields
    /// in request bodies are refused, and the GET forms of clients from before Consul 1.0 too.
    /// Default: false.
    pub strict: bool,
    /// Whose clients are served. Default: [`Compat::Current`].
    pub compat: Compat,
    /// The access rules. Default: none, everybody may do everything.
    pub acl: Option<AclConfig>,
    /// The shortest TTL that a session may have: Consul's setting `session_ttl_min`. Short ones
    /// suit tests. Default: 10 s.
    pub session_ttl_min: Duration,
    /// Where the agent says what it does, which `agent/monitor` streams. Default: a log of its own.
    pub log: AgentLog,
    /// Lets checks run programs on this machine: whoever may register a check may then run what
    /// he likes. Consul's setting `enable_script_checks`. Default: false.
    pub script_checks: bool,
    /// About how long the catalog waits for a check's new output when its status stays the same:
    /// Consul's setting `check_update_interval`. Zero writes it at once. Default: 5 min.
    pub check_update_interval: Duration,
    /// How often the catalog is made to agree with what was registered with the agent; a random
    /// time of up to as much again is added. Default: 1 min.
    pub sync_interval: Duration,
    /// How often the agent looks for services whose checks have been critical for longer than
    /// their `DeregisterCriticalServiceAfter`. Default: 30 s.
    pub reap_interval: Duration,
    /// The shortest `DeregisterCriticalServiceAfter`; shorter ones are raised to it. Default: 1 min.
    pub reap_min: Duration,
    /// How long a connection on which nothing happens is kept; it ends after this to twice this, and
    /// one on which nothing ever happened after a minute at the latest. A request that waits for a
    /// change is something that happens. Zero keeps every connection, as Consul does. Default: 10 min.
    pub idle_timeout: Duration,
    /// How long [`Agent::shutdown`](crate::Agent::shutdown) lets requests finish before it cuts
    /// them. Default: 5 s.
    pub shutdown_grace: Duration,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            storage: Storage::Memory,
            node_name: None,
            datacenter: DEFAULT_DATACENTER.into(),
            consul_http: Vec::new(),
            etcd: Vec::new(),
            etcd_strict: false,
            etcd_min_lease_ttl: Duration::from_secs(2),
            serf_rpc: Vec::new(),
            serf_rpc_auth: None,
            gossip: None,
            event_handlers: Vec::new(),
            allow_remote: false,
            strict: false,
            compat: Compat::Current,
            acl: None,
            session_ttl_min: MIN_TTL,
            log: AgentLog::new(),
            script_checks: false,
            check_update_interval: Duration::from_secs(5 * 60),
            sync_interval: Duration::from_secs(60),
            reap_interval: Duration::from_secs(30),
            reap_min: MIN_REAP,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            shutdown_grace: DEFAULT_GRACE,
        }
    }
}

impl AgentConfig {
    /// An agent that keeps its data in memory and listens nowhere.
    #[must_use]
    pub fn memory() -> Self {
        Self::default()
    }

    /// An agent that keeps its data in `path`, which is made (with permissions 0700) if it does
    /// not exist. One process owns a directory at a time.
    #[must_use]
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self {
            storage: Storage::Directory(path.into()),
            ..Self::default()
        }
    }

    /// Names the node.
    #[must_use]
    pub fn with_node_name(mut self, name: impl Into<String>) -> Self {
        self.node_name = Some(name.into());
        self
    }

    /// Names the datacenter.
    #[must_use]
    pub fn with_datacenter(mut self, name: impl Into<String>) -> Self {
        self.datacenter = name.into();
        self
    }

    /// Serves Consul's HTTP API at one more address.
    #[must_use]
    pub fn with_consul_http(mut self, listen: Listen) -> Self {
        self.consul_http.push(listen);
        self
    }

    /// Serves etcd's v2 and v3 APIs at one more address.
    ///
    /// ```
    /// use quorate_agent::{Agent, AgentConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), quorate_agent::AgentError> {
    /// let config = AgentConfig::memory().with_etcd("127.0.0.1:0".parse()?);
    /// let agent = Agent::start(config).await?;
    /// let url = agent.etcd_url().expect("it listens");
    /// println!("ETCDCTL_API=2 etcdctl --endpoints {url} set /greeting hello");
    /// agent.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_etcd(mut self, listen: Listen) -> Self {
        self.etcd.push(listen);
        self
    }

    /// Answers exactly as etcd 3.4.23; see [`etcd_strict`](Self::etcd_strict).
    #[must_use]
    pub fn with_etcd_strict(mut self, strict: bool) -> Self {
        self.etcd_strict = strict;
        self
    }

    /// Sets the shortest life of a lease; see [`etcd_min_lease_ttl`](Self::etcd_min_lease_ttl).
    #[must_use]
    pub fn with_etcd_min_lease_ttl(mut self, ttl: Duration) -> Self {
        self.etcd_min_lease_ttl = ttl;
        self
    }

    /// Serves Serf's RPC at one more address. Everything is sent as plain text, the token included:
    /// an address that other machines reach needs [`with_allow_remote`](Self::with_allow_remote).
    ///
    /// ```
    /// use quorate_agent::{Agent, AgentConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), quorate_agent::AgentError> {
    /// let config = AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse()?);
    /// let agent = Agent::start(config).await?;
    /// let address = agent.serf_rpc()[0].addr().expect("TCP");
    /// println!("serf members -rpc-addr={address}");
    /// agent.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_serf_rpc(mut self, listen: Listen) -> Self {
        self.serf_rpc.push(listen);
        self
    }

    /// Has clients of Serf's RPC show this token first.
    #[must_use]
    pub fn with_serf_rpc_auth(mut self, token: impl Into<Secret>) -> Self {
        self.serf_rpc_auth = Some(token.into());
        self
    }

    /// Takes part in a cluster.
    #[must_use]
    pub fn with_gossip(mut self, gossip: GossipConfig) -> Self {
        self.gossip = Some(gossip);
        self
    }

    /// Does something when something happens in the cluster.
    #[must_use]
    pub fn with_event_handler(mut self, handler: EventHandler) -> Self {
        self.event_handlers.push(handler);
        self
    }

    /// Lets listeners be reachable from other machines; see [`allow_remote`](Self::allow_remote).
    #[must_use]
    pub fn with_allow_remote(mut self, allow: bool) -> Self {
        self.allow_remote = allow;
        self
    }

    /// Refuses what Consul 1.8.7 refuses; see [`strict`](Self::strict).
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Serves the clients of another time too; see [`Compat`].
    #[must_use]
    pub fn with_compat(mut self, compat: Compat) -> Self {
        self.compat = compat;
        self
    }

    /// Turns access rules on.
    #[must_use]
    pub fn with_acl(mut self, acl: AclConfig) -> Self {
        self.acl = Some(acl);
        self
    }

    /// Sets the shortest TTL that a session may have.
    #[must_use]
    pub fn with_session_ttl_min(mut self, ttl: Duration) -> Self {
        self.session_ttl_min = ttl;
        self
    }

    /// Says what the agent does here, so that a program can add its own lines.
    #[must_use]
    pub fn with_log(mut self, log: AgentLog) -> Self {
        self.log = log;
        self
    }

    /// Lets checks run programs; see [`script_checks`](Self::script_checks).
    #[must_use]
    pub fn with_script_checks(mut self, allow: bool) -> Self {
        self.script_checks = allow;
        self
    }

    /// Sets how long the catalog waits for a check's new output.
    #[must_use]
    pub fn with_check_update_interval(mut self, interval: Duration) -> Self {
        self.check_update_interval = interval;
        self
    }

    /// Sets how often the catalog is made to agree with the agent; at least 10 ms.
    #[must_use]
    pub fn with_sync_interval(mut self, interval: Duration) -> Self {
        self.sync_interval = interval;
        self
    }

    /// Sets how often the agent looks for what has been critical for too long; at least 10 ms.
    #[must_use]
    pub fn with_reap_interval(mut self, interval: Duration) -> Self {
        self.reap_interval = interval;
        self
    }

    /// Sets the shortest time that a check may be critical before its service goes.
    #[must_use]
    pub fn with_reap_min(mut self, min: Duration) -> Self {
        self.reap_min = min;
        self
    }

    /// Sets how long a connection may do nothing; see [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how long a shutdown lets requests finish.
    #[must_use]
    pub fn with_shutdown_grace(mut self, grace: Duration) -> Self {
        self.shutdown_grace = grace;
        self
    }

    /// The data directory, if there is one.
    #[must_use]
    pub fn data_dir(&self) -> Option<&Path> {
        match &self.storage {
            Storage::Memory => None,
            Storage::Directory(path) => Some(path),
        }
    }

    /// Checks everything that can be checked before anything is opened.
    pub(crate) fn validate(&self) -> Result<(), AgentError> {
        if let Some(name) = &self.node_name {
            check_name("node name", name, |c| !c.is_control() && c != '/')?;
        }
        let datacenter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        check_name("datacenter", &self.datacenter, datacenter)?;
        if let Some(acl) = &self.acl {
            acl.validate()?;
        }
        if self.serf_rpc_auth.as_ref().is_some_and(Secret::is_empty) {
            return Err(AgentError::EmptyRpcToken);
        }
        if self.allow_remote {
            return Ok(());
        }
        let denies = |acl: &AclConfig| acl.default_policy == AclDefault::Deny;
        if !self.acl.as_ref().is_some_and(denies) {
            check_local(&self.consul_http)?;
        }
        // These rules say nothing of etcd's API, whose users anyone can make who comes first, and
        // of Serf's RPC, whose token is sent as it is.
        check_local(&self.etcd)?;
        check_local(&self.serf_rpc)
    }
}

/// Refuses addresses that can be reached from other machines.
fn check_local(listens: &[Listen]) -> Result<(), AgentError> {
    for listen in listens {
        if let Listen::Tcp(address) = listen
            && !address.ip().to_canonical().is_loopback()
        {
            return Err(AgentError::NotLoopback { address: *address });
        }
    }
    Ok(())
}

fn check_name(
    field: &'static str,
    name: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), AgentError> {
    let reason = if name.is_empty() {
        "it is empty".into()
    } else if name.len() > MAX_NAME_BYTES {
        format!(
            "it has {} bytes, more than the {MAX_NAME_BYTES} allowed",
            name.len()
        )
    } else if let Some(c) = name.chars().find(|c| !allowed(*c)) {
        format!("it contains {c:?}")
    } else {
        return Ok(());
    };
    Err(AgentError::InvalidName {
        field,
        name: name.into(),
        reason,
    })
}

/// Where to listen.
///
/// Read from text: `127.0.0.1:8500` (port 0 takes a free one), `[::1]:8500`, `localhost:8500`, or
/// `unix:///path/to/socket`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Listen {
    /// A TCP address; port 0 takes a free port.
    Tcp(SocketAddr),
    /// A unix socket, made with permissions 0600. Paths of any length work on Linux; elsewhere
    /// about 100 bytes do.
    Unix(PathBuf),
}

impl Listen {
    /// Reads an address; see the type.
    ///
    /// # Errors
    /// [`AgentError::InvalidListen`] with the text and the reason.
    pub fn parse(text: &str) -> Result<Self, AgentError> {
        let invalid = |reason: &'static str| AgentError::InvalidListen {
            text: text.into(),
            reason,
        };
        if let Some(rest) = text.strip_prefix("unix:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || path.contains('\0') {
                return Err(invalid(
                    "a unix socket needs a path, as in unix:///run/agent.sock",
                ));
            }
            return Ok(Self::Unix(path.into()));
        }
        let address = text.strip_prefix("http://").unwrap_or(text);
        let address = address.strip_suffix('/').unwrap_or(address);
        if let Some(port) = address.strip_prefix("localhost:") {
            let port = port
                .parse()
                .map_err(|_| invalid("the port is not 0 to 65535"))?;
            return Ok(Self::Tcp((IpAddr::V4(Ipv4Addr::LOCALHOST), port).into()));
        }
        let address = address.parse();
        address.map(Self::Tcp).map_err(|_| {
            invalid("expected an IP address and a port, as in 127.0.0.1:8500, or unix:///path")
        })
    }
}

impl FromStr for Listen {
    type Err = AgentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Listen {
    /// As [`Listen::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        for text in [
            "127.0.0.1:0",
            "[::1]:8500",
            "unix:///run/a b.sock",
            "0.0.0.0:1",
        ] {
            assert_eq!(Listen::parse(text).unwrap().to_string(), text);
        }
        let local: Listen = "http://localhost:8500/".parse().unwrap();
        assert_eq!(local.to_string(), "127.0.0.1:8500");
    }

    #[test]
    fn an_address_that_is_none_says_what_was_expected() {
        for text in [
            "",
            "8500",
            "127.0.0.1",
            "localhost:x",
            "unix://",
            "https://1.1.1.1:1",
            "a:1",
        ] {
            let error = Listen::parse(text).unwrap_err();
            assert!(matches!(error, AgentError::InvalidListen { .. }), "{text}");
        }
    }

    #[test]
    fn an_address_others_can_reach_is_refused_unless_allowed() {
        for text in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[::ffff:10.0.0.1]:1"] {
            let consul = AgentConfig::memory().with_consul_http(text.parse().unwrap());
            let etcd = AgentConfig::memory().with_etcd(text.parse().unwrap());
            for config in [consul, etcd] {
                let error = config.validate().unwrap_err();
                assert!(matches!(error, AgentError::NotLoopback { .. }), "{text}");
                assert!(config.with_allow_remote(true).validate().is_ok());
            }
        }
        for text in [
            "127.0.0.9:0",
            "[::1]:0",
            "[::ffff:127.0.0.1]:0",
            "unix:///x",
        ] {
            let config = AgentConfig::memory().with_consul_http(text.parse().unwrap());
            assert!(config.validate().is_ok(), "{text}");
        }
    }

    #[test]
    fn names_are_bounded_and_printable() {
        let long = "n".repeat(MAX_NAME_BYTES + 1);
        for name in ["", "a/b", "a\nb", long.as_str()] {
            let error = AgentConfig::memory()
                .with_node_name(name)
                .validate()
                .unwrap_err();
            assert!(error.to_string().contains("node name"), "{error}");
        }
        assert!(
            AgentConfig::memory()
                .with_node_name("nöde 1")
                .validate()
                .is_ok()
        );
        for name in ["", "dc 1", "dc/1"] {
            let error = AgentConfig::memory()
                .with_datacenter(name)
                .validate()
                .unwrap_err();
            assert!(error.to_string().contains("datacenter"), "{error}");
        }
    }
}
