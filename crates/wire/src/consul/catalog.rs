//! The catalog: `/v1/catalog/…`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::null::empty;
use super::service::{
    Connect, NodeService, Proxy, ServiceAddress, ServiceKind, Weights, catalog_proxy,
};

/// A node of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// A borrowed [`Node`], for encoding without a copy.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of Node")]
pub struct NodeRef<'a> {
    #[serde(rename = "ID")]
    pub id: &'a str,
    pub node: &'a str,
    pub address: &'a str,
    pub datacenter: &'a str,
    pub tagged_addresses: Option<&'a BTreeMap<String, String>>,
    pub meta: Option<&'a BTreeMap<String, String>>,
    pub create_index: u64,
    pub modify_index: u64,
}

impl Node {
    /// A node of that name and address, to be registered by a transaction.
    #[must_use]
    pub fn new(node: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            address: address.into(),
            ..Self::default()
        }
    }

    /// The node as the encoder takes it.
    #[must_use]
    pub fn as_node_ref(&self) -> NodeRef<'_> {
        NodeRef {
            id: &self.id,
            node: &self.node,
            address: &self.address,
            datacenter: &self.datacenter,
            tagged_addresses: self.tagged_addresses.as_ref(),
            meta: self.meta.as_ref(),
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_node_ref().serialize(serializer)
    }
}

/// An instance of a service and its node in one flat object, as `/v1/catalog/service/…` and
/// `/v1/catalog/connect/…` answer it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CatalogService {
    /// The node's UUID, or empty for an external node.
    #[serde(rename = "ID")]
    pub id: String,
    /// The node's name.
    pub node: String,
    /// The node's address.
    pub address: String,
    /// Where the node is.
    pub datacenter: String,
    /// The node's further addresses.
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// The labels of the node.
    pub node_meta: Option<BTreeMap<String, String>>,
    /// What the service is for.
    pub service_kind: ServiceKind,
    /// The instance's id, unique within its node.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// The service's name.
    pub service_name: String,
    /// The instance's tags.
    #[serde(deserialize_with = "empty")]
    pub service_tags: Vec<String>,
    /// The instance's own address; empty means the node's, see
    /// [`effective_address`](Self::effective_address).
    pub service_address: String,
    /// The instance's further addresses.
    #[serde(deserialize_with = "empty")]
    pub service_tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// How much of the load the instance gets.
    pub service_weights: Weights,
    /// The labels of the instance.
    #[serde(deserialize_with = "empty")]
    pub service_meta: BTreeMap<String, String>,
    /// The instance's port.
    pub service_port: i64,
    /// Whether others may change its tags.
    pub service_enable_tag_override: bool,
    /// How the instance works as the proxy of another service.
    #[serde(deserialize_with = "empty")]
    pub service_proxy: Proxy,
    /// The instance's part in Connect.
    #[serde(deserialize_with = "empty")]
    pub service_connect: Connect,
    /// The index of the instance's registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl CatalogService {
    /// Where to reach the instance: its own address, or that of its node.
    #[must_use]
    pub fn effective_address(&self) -> &str {
        if self.service_address.is_empty() {
            &self.address
        } else {
            &self.service_address
        }
    }

    /// The instance as the encoder takes it.
    #[must_use]
    pub fn as_service_ref(&self) -> CatalogServiceRef<'_> {
        CatalogServiceRef {
            id: &self.id,
            node: &self.node,
            address: &self.address,
            datacenter: &self.datacenter,
            tagged_addresses: self.tagged_addresses.as_ref(),
            node_meta: self.node_meta.as_ref(),
            service_kind: &self.service_kind,
            service_id: &self.service_id,
            service_name: &self.service_name,
            service_tags: &self.service_tags,
            service_address: &self.service_address,
            service_tagged_addresses: &self.service_tagged_addresses,
            service_weights: self.service_weights,
            service_meta: &self.service_meta,
            service_port: self.service_port,
            service_enable_tag_override: self.service_enable_tag_override,
            service_proxy: &self.service_proxy,
            service_connect: &self.service_connect,
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }
}

impl Serialize for CatalogService {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_service_ref().serialize(serializer)
    }
}

/// A borrowed [`CatalogService`], for encoding without a copy.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of CatalogService")]
pub struct CatalogServiceRef<'a> {
    #[serde(rename = "ID")]
    pub id: &'a str,
    pub node: &'a str,
    pub address: &'a str,
    pub datacenter: &'a str,
    pub tagged_addresses: Option<&'a BTreeMap<String, String>>,
    pub node_meta: Option<&'a BTreeMap<String, String>>,
    pub service_kind: &'a ServiceKind,
    #[serde(rename = "ServiceID")]
    pub service_id: &'a str,
    pub service_name: &'a str,
    pub service_tags: &'a [String],
    pub service_address: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub service_tagged_addresses: &'a BTreeMap<String, ServiceAddress>,
    pub service_weights: Weights,
    pub service_meta: &'a BTreeMap<String, String>,
    pub service_port: i64,
    pub service_enable_tag_override: bool,
    #[serde(serialize_with = "catalog_proxy::serialize")]
    pub service_proxy: &'a Proxy,
    pub service_connect: &'a Connect,
    pub create_index: u64,
    pub modify_index: u64,
}

/// A node and its services by id, as `/v1/catalog/node/…` answers it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CatalogNode {
    /// The node.
    pub node: Node,
    /// Its services by id.
    #[serde(deserialize_with = "empty")]
    pub services: BTreeMap<String, NodeService>,
}

/// A node and the list of its services, as `/v1/catalog/node-services/…` answers it: both are
/// missing when the node does not exist.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct NodeServiceList {
    /// The node.
    pub node: Option<Node>,
    /// Its services by id.
    pub services: Option<Vec<NodeService>>,
}

/// A service behind a gateway, as `/v1/catalog/gateway-services/…` answers it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct GatewayService {
    /// The gateway's name.
    pub gateway: ServiceName,
    /// The name of the service behind it.
    pub service: ServiceName,
    /// Which kind of gateway it is.
    pub gateway_kind: ServiceKind,
    /// The port of an ingress gateway where the service answers.
    #[serde(skip_serializing_if = "is_zero")]
    pub port: i64,
    /// The protocol on that port.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// The names of the hosts that lead to the service.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "empty")]
    pub hosts: Vec<String>,
    /// The authorities that a terminating gateway trusts for the service.
    #[serde(rename = "CAFile", skip_serializing_if = "String::is_empty")]
    pub ca_file: String,
    /// The certificate that a terminating gateway shows the service.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cert_file: String,
    /// Its key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key_file: String,
    /// The name that a terminating gateway asks the service for.
    #[serde(rename = "SNI", skip_serializing_if = "String::is_empty")]
    pub sni: String,
    /// Whether the service is there because of a wildcard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_wildcard: bool,
    /// The index of the registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// The name of a service, as gateways have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceName {
    /// The name.
    pub name: String,
    /// The namespace, in enterprise versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
}

impl ServiceName {
    /// A name in the default namespace.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: String::new(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_without_an_address_is_reached_at_its_nodes() {
        let mut service = CatalogService {
            address: "10.0.0.1".into(),
            ..CatalogService::default()
        };
        assert_eq!(service.effective_address(), "10.0.0.1");
        service.service_address = "10.0.0.2".into();
        assert_eq!(service.effective_address(), "10.0.0.2");
    }
}
