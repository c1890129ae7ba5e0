//! The membership of an agent.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use quorate_gossip::engine::Limits;
use quorate_gossip::profile::Profile;
use quorate_net::secret::Secret;

use crate::error::AgentError;

/// The port of Serf's gossip.
pub(crate) const GOSSIP_PORT: u16 = 7946;

/// How fast members probe each other and gossip. All members of a cluster should have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GossipProfile {
    /// For one data centre: a failure is noticed after 6 to 13 s in small clusters.
    #[default]
    Lan,
    /// For links between data centres.
    Wan,
    /// For members on one machine, and for tests.
    Local,
}

impl GossipProfile {
    pub(crate) fn profile(self) -> Profile {
        match self {
            Self::Lan => Profile::lan(),
            Self::Wan => Profile::wan(),
            Self::Local => Profile::local(),
        }
    }
}

impl FromStr for GossipProfile {
    type Err = AgentError;

    /// Reads `lan`, `wan` or `local`, as Serf's option `-profile`.
    fn from_str(text: &str) -> Result<Self, AgentError> {
        match text {
            "lan" => Ok(Self::Lan),
            "wan" => Ok(Self::Wan),
            "local" => Ok(Self::Local),
            _ => Err(AgentError::UnknownProfile(text.into())),
        }
    }
}

/// How an agent takes part in a cluster by Serf's gossip: with agents like it, and with real ones
/// of Serf.
///
/// The member has the node's name, which must be one of letters, digits, `-`, `_` and `.` then. With
/// a data directory it remembers members, clocks and keys there: after a restart it joins again by
/// itself, and no event is told twice.
///
/// ```
/// use quorate_agent::{Agent, AgentConfig, GossipConfig};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let gossip = || GossipConfig::new(([127, 0, 0, 1], 0).into());
/// let first = AgentConfig::memory().with_node_name("first").with_gossip(gossip());
/// let first = Agent::start(first).await?;
/// let at = first.gossip_address().expect("it gossips");
///
/// let second = AgentConfig::memory().with_node_name("second").with_gossip(gossip());
/// let second = Agent::start(second).await?;
/// let membership = second.membership().expect("it gossips");
/// membership.join(&[at.to_string()], false).await?;
/// assert_eq!(membership.members().await?.len(), 2);
/// second.leave().await;
/// first.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GossipConfig {
    /// Where to listen, by UDP and TCP; port 0 takes a free one. Default: `127.0.0.1:7946`. An
    /// address that other machines reach needs a key, or
    /// [`allow_remote`](crate::AgentConfig::allow_remote).
    pub bind: SocketAddr,
    /// Where others reach the member. Default: where it listens; if that is every address, the one
    /// that this machine would send from.
    pub advertise: Option<SocketAddr>,
    /// Members to join: at the start, and whenever nobody else is there, until one is reached.
    /// Default: none.
    pub join: Vec<String>,
    /// How often they are tried. Default: 30 s.
    pub retry_interval: Duration,
    /// Whether events from before are told when one of them is joined for the first time.
    /// Default: false.
    pub replay: bool,
    /// The key that everything is encrypted with: 16, 24 or 32 bytes in base64, as `serf keygen`
    /// and `consul keygen` print it. With a data directory, the keys that are remembered there win.
    /// Default: nothing is encrypted.
    pub key: Option<Secret>,
    /// Where the keys are remembered. Default: `serf/local.keyring` in the data directory, if there
    /// is one; without, nowhere.
    pub keyring_file: Option<PathBuf>,
    /// Where members and clocks are remembered. Default: `serf/local.snapshot` in the data
    /// directory, if there is one; without, nowhere.
    pub snapshot: Option<PathBuf>,
    /// Whether a member that said goodbye joins again by what it remembers. Default: false.
    pub rejoin_after_leave: bool,
    /// How fast it probes and gossips. Default: [`GossipProfile::Lan`].
    pub profile: GossipProfile,
    /// Whether it is a client in the pool of a Consul datacenter: it says of itself what Consul's
    /// agents say, so that they list it, and the servers keep it in their catalog. It does not
    /// forward requests to them. Default: false.
    pub consul_client: bool,
    /// What the member says about itself; at most 512 bytes when encoded. Default: nothing.
    pub tags: BTreeMap<String, String>,
    /// Where the tags are remembered when they are changed; those of the file win. Default: nowhere.
    pub tags_file: Option<PathBuf>,
    /// Whether what is sent is compressed. Default: true.
    pub compression: bool,
    /// Whether the member keeps a network coordinate. Default: true.
    pub coordinates: bool,
    /// Sizes and times, which all members should share. Default: Serf's.
    pub limits: Limits,
}

impl Default for GossipConfig {
    fn default() -> Self {
        Self::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), GOSSIP_PORT))
    }
}

impl GossipConfig {
    /// Listens at this address.
    #[must_use]
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            advertise: None,
            join: Vec::new(),
            retry_interval: Duration::from_secs(30),
            replay: false,
            key: None,
            keyring_file: None,
            snapshot: None,
            rejoin_after_leave: false,
            profile: GossipProfile::default(),
            consul_client: false,
            tags: BTreeMap::new(),
            tags_file: None,
            compression: true,
            coordinates: true,
            limits: Limits::default(),
        }
    }

    /// Says where others reach the member; see [`advertise`](Self::advertise).
    #[must_use]
    pub fn with_advertise(mut self, advertise: SocketAddr) -> Self {
        self.advertise = Some(advertise);
        self
    }

    /// One more member to join: `HOST`, `HOST:PORT`, or `NAME/` and either. The port is 7946 unless
    /// it is said.
    #[must_use]
    pub fn with_join(mut self, member: impl Into<String>) -> Self {
        self.join.push(member.into());
        self
    }

    /// Tries the members to join so often; see [`retry_interval`](Self::retry_interval).
    #[must_use]
    pub fn with_retry_interval(mut self, interval: Duration) -> Self {
        self.retry_interval = interval;
        self
    }

    /// Tells events from before, too; see [`replay`](Self::replay).
    #[must_use]
    pub fn with_replay(mut self, replay: bool) -> Self {
        self.replay = replay;
        self
    }

    /// Encrypts everything; see [`key`](Self::key).
    #[must_use]
    pub fn with_key(mut self, key: impl Into<Secret>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Remembers the keys here; see [`keyring_file`](Self::keyring_file).
    #[must_use]
    pub fn with_keyring_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.keyring_file = Some(path.into());
        self
    }

    /// Remembers members and clocks here; see [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn with_snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// Whether a member that said goodbye joins again by what it remembers.
    #[must_use]
    pub fn with_rejoin_after_leave(mut self, rejoin: bool) -> Self {
        self.rejoin_after_leave = rejoin;
        self
    }

    /// How fast it probes and gossips.
    #[must_use]
    pub fn with_profile(mut self, profile: GossipProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Is a client in the pool of a Consul datacenter; see [`consul_client`](Self::consul_client).
    #[must_use]
    pub fn with_consul_client(mut self, client: bool) -> Self {
        self.consul_client = client;
        self
    }

    /// One more thing that the member says about itself.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Remembers the tags here; see [`tags_file`](Self::tags_file).
    #[must_use]
    pub fn with_tags_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tags_file = Some(path.into());
        self
    }

    /// Whether what is sent is compressed.
    #[must_use]
    pub fn with_compression(mut self, compression: bool) -> Self {
        self.compression = compression;
        self
    }

    /// Whether the member keeps a network coordinate.
    #[must_use]
    pub fn with_coordinates(mut self, coordinates: bool) -> Self {
        self.coordinates = coordinates;
        self
    }

    /// Other sizes and times than Serf's.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
