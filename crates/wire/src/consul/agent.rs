//! The agent itself: `/v1/agent/…`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an agent says of itself (`GET /v1/agent/self`), as far as it is stable between versions;
/// the rest stays JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AgentSelf {
    /// The part of the configuration that every version has.
    pub config: AgentConfig,
    /// The whole configuration as the server prints it: about 200 unstable fields.
    pub debug_config: serde_json::Value,
    /// Where the node is on the network's map; `null` if coordinates are off.
    pub coord: serde_json::Value,
    /// The node as its gossip pool sees it.
    pub member: serde_json::Value,
    /// Counters, all of them texts.
    pub stats: BTreeMap<String, BTreeMap<String, String>>,
    /// The node's labels.
    pub meta: Option<BTreeMap<String, String>>,
}

/// The stable part of an agent's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AgentConfig {
    /// The datacenter's name.
    pub datacenter: String,
    /// The node's name.
    pub node_name: String,
    /// The node's UUID.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// The source revision that the agent was built from.
    pub revision: String,
    /// Whether it is a server.
    pub server: bool,
    /// The agent's version.
    pub version: String,
}
