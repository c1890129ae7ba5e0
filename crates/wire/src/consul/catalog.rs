//! The catalog: `/v1/catalog/…`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::health::HealthCheck;

/// A node of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Node {
    /// A UUID, or empty for an external node.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name.
    pub node: String,
    /// The IP address or host name.
    pub address: String,
    /// Where it is.
    pub datacenter: String,
    /// Further addresses: `lan`, `wan`, `lan_ipv4`, …; external nodes may have none.
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
    /// The index of the node's registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// The body of `PUT /v1/catalog/register`, as far as nodes and checks go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct RegisterRequest {
    /// The datacenter, if not the agent's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub datacenter: String,
    /// The node's UUID, if it has one.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The node's name; required.
    pub node: String,
    /// The node's address; required unless `skip_node_update`.
    pub address: String,
    /// Further addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// Labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_meta: Option<BTreeMap<String, String>>,
    /// One check of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<HealthCheck>,
    /// Several checks of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<HealthCheck>>,
    /// Leaves an existing node's own fields alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_node_update: bool,
}

/// The body of `PUT /v1/catalog/deregister`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct DeregisterRequest {
    /// The datacenter, if not the agent's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub datacenter: String,
    /// The node's name; required.
    pub node: String,
    /// Removes only this service of the node.
    #[serde(rename = "ServiceID", skip_serializing_if = "String::is_empty")]
    pub service_id: String,
    /// Removes only this check of the node.
    #[serde(rename = "CheckID", skip_serializing_if = "String::is_empty")]
    pub check_id: String,
}
