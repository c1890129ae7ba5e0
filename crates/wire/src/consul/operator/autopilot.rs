//! Autopilot: `/v1/operator/autopilot/…`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::consul::duration::GoDuration;
use crate::consul::time::GoTime;

/// How servers come and go by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AutopilotConfig {
    /// Whether a new server that joins removes a failed one.
    pub cleanup_dead_servers: bool,
    /// For how long a healthy server may be without the leader.
    pub last_contact_threshold: GoDuration,
    /// How many entries of the log a healthy server may be behind.
    pub max_trailing_logs: u64,
    /// How many servers are left at least when failed ones are removed.
    pub min_quorum: u64,
    /// For how long a new server must be healthy before it votes.
    pub server_stabilization_time: GoDuration,
    /// An enterprise setting: the label of nodes that names their zone.
    pub redundancy_zone_tag: String,
    /// An enterprise setting: whether newer servers don't replace older ones by themselves.
    pub disable_upgrade_migration: bool,
    /// An enterprise setting: the label of nodes that names their version.
    pub upgrade_version_tag: String,
    /// The index of its first setting.
    pub create_index: u64,
    /// The index of its last change: what a check-and-set needs.
    pub modify_index: u64,
}

impl Default for AutopilotConfig {
    /// The settings of a new cluster.
    fn default() -> Self {
        Self {
            cleanup_dead_servers: true,
            last_contact_threshold: GoDuration::from(Duration::from_millis(200)),
            max_trailing_logs: 250,
            min_quorum: 0,
            server_stabilization_time: GoDuration::from(Duration::from_secs(10)),
            redundancy_zone_tag: String::new(),
            disable_upgrade_migration: false,
            upgrade_version_tag: String::new(),
            create_index: 0,
            modify_index: 0,
        }
    }
}

/// The body of `PUT /v1/operator/autopilot/configuration`: all settings, since one that is left out
/// becomes zero. The default is what a new cluster has; to change one setting, start from what is
/// there: `AutopilotConfigRequest::from(&config)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct AutopilotConfigRequest {
    /// Whether a new server that joins removes a failed one.
    pub cleanup_dead_servers: bool,
    /// For how long a healthy server may be without the leader.
    #[serde(serialize_with = "millis")]
    pub last_contact_threshold: Duration,
    /// How many entries of the log a healthy server may be behind.
    pub max_trailing_logs: u64,
    /// How many servers are left at least when failed ones are removed.
    pub min_quorum: u64,
    /// For how long a new server must be healthy before it votes.
    #[serde(serialize_with = "millis")]
    pub server_stabilization_time: Duration,
    /// An enterprise setting: the label of nodes that names their zone.
    pub redundancy_zone_tag: String,
    /// An enterprise setting: whether newer servers don't replace older ones by themselves.
    pub disable_upgrade_migration: bool,
    /// An enterprise setting: the label of nodes that names their version.
    pub upgrade_version_tag: String,
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&GoDuration::millis_text(*duration))
}

impl AutopilotConfigRequest {
    /// The settings of a new cluster.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether a new server that joins removes a failed one.
    #[must_use]
    pub fn with_cleanup_dead_servers(mut self, cleanup: bool) -> Self {
        self.cleanup_dead_servers = cleanup;
        self
    }

    /// Sets for how long a healthy server may be without the leader, in whole milliseconds.
    #[must_use]
    pub fn with_last_contact_threshold(mut self, threshold: Duration) -> Self {
        self.last_contact_threshold = threshold;
        self
    }

    /// Sets how many entries of the log a healthy server may be behind.
    #[must_use]
    pub fn with_max_trailing_logs(mut self, entries: u64) -> Self {
        self.max_trailing_logs = entries;
        self
    }

    /// Sets how many servers are left at least when failed ones are removed.
    #[must_use]
    pub fn with_min_quorum(mut self, servers: u64) -> Self {
        self.min_quorum = servers;
        self
    }

    /// Sets for how long a new server must be healthy before it votes, in whole milliseconds.
    #[must_use]
    pub fn with_server_stabilization_time(mut self, time: Duration) -> Self {
        self.server_stabilization_time = time;
        self
    }
}

impl Default for AutopilotConfigRequest {
    fn default() -> Self {
        Self::from(&AutopilotConfig::default())
    }
}

/// The settings as they are, ready to be changed and sent back. Negative times become zero.
impl From<&AutopilotConfig> for AutopilotConfigRequest {
    fn from(config: &AutopilotConfig) -> Self {
        let time = |time: GoDuration| time.to_duration().unwrap_or_default();
        Self {
            cleanup_dead_servers: config.cleanup_dead_servers,
            last_contact_threshold: time(config.last_contact_threshold),
            max_trailing_logs: config.max_trailing_logs,
            min_quorum: config.min_quorum,
            server_stabilization_time: time(config.server_stabilization_time),
            redundancy_zone_tag: config.redundancy_zone_tag.clone(),
            disable_upgrade_migration: config.disable_upgrade_migration,
            upgrade_version_tag: config.upgrade_version_tag.clone(),
        }
    }
}

/// How the servers are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AutopilotHealth {
    /// Whether every server is healthy.
    pub healthy: bool,
    /// How many more servers may fail before there is no leader.
    pub failure_tolerance: i64,
    /// The servers.
    #[serde(deserialize_with = "servers")]
    pub servers: Vec<ServerHealth>,
}

fn servers<'de, D>(deserializer: D) -> Result<Vec<ServerHealth>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// How one server is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServerHealth {
    /// Its Raft id.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name of its node.
    pub name: String,
    /// Its address: `10.0.0.1:8300`.
    pub address: String,
    /// What the gossip says of it: `alive`, `left`, `failed`.
    pub serf_status: String,
    /// The version that it runs.
    pub version: String,
    /// Whether it leads.
    pub leader: bool,
    /// How long ago it last had contact with the leader.
    pub last_contact: GoDuration,
    /// The term of its last entry of the log.
    pub last_term: u64,
    /// The index of its last entry of the log.
    pub last_index: u64,
    /// Whether it is healthy.
    pub healthy: bool,
    /// Whether it votes.
    pub voter: bool,
    /// Since when it has been as healthy, or as unhealthy, as it is.
    pub stable_since: GoTime,
}
