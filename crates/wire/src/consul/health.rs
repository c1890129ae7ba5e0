//! Health checks: `/v1/health/…`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A check passes.
pub const PASSING: &str = "passing";
/// A check warns.
pub const WARNING: &str = "warning";
/// A check fails; sessions bound to it end.
pub const CRITICAL: &str = "critical";
/// The check that every node of a gossip pool has.
pub const SERF_HEALTH: &str = "serfHealth";

/// A check of a node or of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct HealthCheck {
    /// The node's name.
    pub node: String,
    /// The check's id, unique within its node.
    #[serde(rename = "CheckID")]
    pub check_id: String,
    /// A name for people.
    pub name: String,
    /// `passing`, `warning` or `critical`.
    pub status: String,
    /// The operator's remarks.
    pub notes: String,
    /// What the check said last.
    pub output: String,
    /// The service it belongs to; empty for a check of the node.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// That service's name.
    pub service_name: String,
    /// That service's tags.
    #[serde(deserialize_with = "null_is_empty")]
    pub service_tags: Vec<String>,
    /// What kind of check it is: empty, `ttl`, `http`, …
    pub r#type: String,
    /// How it is run; empty for an agent's own checks.
    pub definition: Definition,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// How a check is run: kept as it came, since nothing here runs catalog checks. Written with its
/// fields in Consul's order, and behind them those that Consul does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Definition(pub serde_json::Map<String, serde_json::Value>);

/// The fields of a definition in the order in which Consul writes them.
const DEFINITION_FIELDS: [&str; 17] = [
    "Interval",
    "OutputMaxSize",
    "Timeout",
    "DeregisterCriticalServiceAfter",
    "HTTP",
    "TLSSkipVerify",
    "Header",
    "Method",
    "Body",
    "TCP",
    "ScriptArgs",
    "DockerContainerID",
    "Shell",
    "GRPC",
    "GRPCUseTLS",
    "AliasNode",
    "AliasService",
];

impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = DEFINITION_FIELDS.iter();
        let known = known.filter_map(|name| self.0.get_key_value(*name));
        let others = self.0.iter();
        let others = others.filter(|(name, _)| !DEFINITION_FIELDS.contains(&name.as_str()));
        serializer.collect_map(known.chain(others))
    }
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default())
}
