//! Raft: `/v1/operator/raft/…`.

use serde::{Deserialize, Serialize};

/// The servers that agree with each other, as Raft knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct RaftConfiguration {
    /// The servers.
    #[serde(deserialize_with = "servers")]
    pub servers: Vec<RaftServer>,
    /// The index of this configuration; 0 in most versions.
    pub index: u64,
}

/// One server, as Raft knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct RaftServer {
    /// A UUID, or the address with the second version of Raft's protocol.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name of its node; `(unknown)` for one that is not among the members.
    pub node: String,
    /// Its address: `10.0.0.1:8300`.
    pub address: String,
    /// Whether it leads.
    pub leader: bool,
    /// The version of Raft's protocol that it speaks, a number as text.
    pub protocol_version: String,
    /// Whether it votes.
    pub voter: bool,
}

fn servers<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<RaftServer>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
