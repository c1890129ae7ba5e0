//! A service as its agent knows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consul::null;
use crate::consul::service::{Connect, Proxy, ServiceAddress, ServiceKind, Weights};

/// An instance of a service that is registered at an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AgentService {
    /// What it is for.
    #[serde(skip_serializing_if = "ServiceKind::is_typical")]
    pub kind: ServiceKind,
    /// Its id, unique at its agent.
    #[serde(rename = "ID")]
    pub id: String,
    /// The service's name.
    pub service: String,
    /// Its tags.
    #[serde(deserialize_with = "null::empty")]
    pub tags: Vec<String>,
    /// Its labels.
    #[serde(deserialize_with = "null::empty")]
    pub meta: BTreeMap<String, String>,
    /// Its port; 0 if it has none.
    pub port: u16,
    /// Its address; empty for that of its node.
    pub address: String,
    /// Further addresses: `lan`, `wan`, `lan_ipv4`, …
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null::empty"
    )]
    pub tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// How much of the load it takes.
    pub weights: Weights,
    /// Whether its tags may be changed in the catalog.
    pub enable_tag_override: bool,
    /// A digest of all of this; only where one service is asked for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_hash: String,
    /// What it does if it is a proxy or a gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// How it takes part in the mesh by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Connect>,
}
