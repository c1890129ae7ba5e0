//! The keys of the gossip encryption: `/v1/operator/keyring`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consul::secret::SecretText;

/// The keys of one pool of nodes that gossip with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Keyring {
    /// Whether it is the pool of the servers of all datacenters.
    #[serde(rename = "WAN")]
    pub wan: bool,
    /// The datacenter.
    pub datacenter: String,
    /// An enterprise field, empty otherwise.
    pub segment: String,
    /// What went wrong, by the node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, String>,
    /// Every key that messages may be encrypted with, and how many nodes have it.
    pub keys: BTreeMap<SecretText, u64>,
    /// The keys that messages are encrypted with, and how many nodes do so.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub primary_keys: BTreeMap<SecretText, u64>,
    /// How many nodes answered.
    pub num_nodes: u64,
}

/// The body of every change of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct KeyRequest {
    /// 16, 24 or 32 bytes in base64.
    pub key: SecretText,
}

impl KeyRequest {
    /// About this key: 16, 24 or 32 bytes in base64.
    #[must_use]
    pub fn new(key: impl Into<SecretText>) -> Self {
        Self { key: key.into() }
    }
}
