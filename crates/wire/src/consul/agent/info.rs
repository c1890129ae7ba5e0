//! What an agent says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::member::Member;

/// What an agent says of itself (`GET /v1/agent/self`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AgentSelf {
    /// The part of the configuration that every version has.
    pub config: AgentConfig,
    /// The whole configuration as the server prints it: about 200 fields that change between
    /// versions.
    pub debug_config: Value,
    /// Where the node is on the network's map; `null` if coordinates are off.
    pub coord: Value,
    /// The node as its gossip pool sees it.
    pub member: Member,
    /// Counters by section, all of them texts.
    pub stats: BTreeMap<String, BTreeMap<String, String>>,
    /// The node's labels.
    pub meta: Option<BTreeMap<String, String>>,
}

impl AgentSelf {
    /// One of the counters: `stat("raft", "applied_index")`.
    #[must_use]
    pub fn stat(&self, section: &str, name: &str) -> Option<&str> {
        self.stats.get(section)?.get(name).map(String::as_str)
    }
}

/// The part of an agent's configuration that every version has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AgentConfig {
    /// The datacenter's name.
    pub datacenter: String,
    /// The node's name.
    pub node_name: String,
    /// The node's UUID; empty from agents before 0.7.3.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// The source revision that the agent was built from.
    pub revision: String,
    /// Whether it is a server.
    pub server: bool,
    /// The agent's version.
    pub version: String,
    /// Everything else: agents before 1.0 sent all of their configuration here, as `ClientAddr`,
    /// `AdvertiseAddr`, `BindAddr` and `Ports`.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

impl AgentConfig {
    /// The port that agents before 1.0 stated for `name`, such as `HTTP` or `Server`.
    #[must_use]
    pub fn port(&self, name: &str) -> Option<u16> {
        let port = self.others.get("Ports")?.get(name)?.as_u64()?;
        port.try_into().ok()
    }
}
