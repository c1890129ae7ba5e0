//! An instance of a service, apart from its node.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::{Connect, Proxy, ServiceAddress, ServiceKind, Weights, catalog_proxy};
use crate::consul::null::empty;

/// An instance of a service, apart from its node: in the answers about nodes and health, and in
/// registrations.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct NodeService {
    /// What it is for.
    pub kind: ServiceKind,
    /// The id, unique within its node; the name when it is left out of a registration.
    #[serde(rename = "ID")]
    pub id: String,
    /// The service's name.
    pub service: String,
    /// Labels to select instances by. Servers compare them without regard to case.
    #[serde(deserialize_with = "empty")]
    pub tags: Vec<String>,
    /// The address; empty means that of the node.
    pub address: String,
    /// Further addresses, such as `lan` and `wan`.
    #[serde(deserialize_with = "empty")]
    pub tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// The operator's labels: at most 64, with names of at most 128 and values of 512 bytes.
    pub meta: Option<BTreeMap<String, String>>,
    /// The port; 0 when there is none.
    pub port: i64,
    /// How much of the load it gets.
    pub weights: Weights,
    /// Whether others may change its tags in the catalog, and its agent takes them over.
    pub enable_tag_override: bool,
    /// How it works as the proxy of another service.
    #[serde(deserialize_with = "empty")]
    pub proxy: Proxy,
    /// Its part in Connect.
    #[serde(deserialize_with = "empty")]
    pub connect: Connect,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// A borrowed [`NodeService`], for encoding without a copy. Its fields are the same.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the fields are those of NodeService")]
pub struct NodeServiceRef<'a> {
    #[serde(skip_serializing_if = "ServiceKind::is_typical")]
    pub kind: &'a ServiceKind,
    #[serde(rename = "ID")]
    pub id: &'a str,
    pub service: &'a str,
    /// `None` is `null`, as transactions show no tags.
    pub tags: Option<&'a [String]>,
    pub address: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tagged_addresses: &'a BTreeMap<String, ServiceAddress>,
    pub meta: Option<&'a BTreeMap<String, String>>,
    pub port: i64,
    pub weights: Weights,
    pub enable_tag_override: bool,
    #[serde(serialize_with = "catalog_proxy::serialize")]
    pub proxy: &'a Proxy,
    pub connect: &'a Connect,
    pub create_index: u64,
    pub modify_index: u64,
}

impl NodeService {
    /// An instance of `service` whose id is the name.
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            ..Self::default()
        }
    }

    /// Sets what it is for.
    #[must_use]
    pub fn with_kind(mut self, kind: ServiceKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the id, unique within its node.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the labels to select it by.
    #[must_use]
    pub fn with_tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the address; without one it is that of the node.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Adds a further address.
    #[must_use]
    pub fn with_tagged_address(mut self, tag: impl Into<String>, address: ServiceAddress) -> Self {
        self.tagged_addresses.insert(tag.into(), address);
        self
    }

    /// Adds one of the operator's labels.
    #[must_use]
    pub fn with_meta(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let meta = self.meta.get_or_insert_default();
        meta.insert(name.into(), value.into());
        self
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port.into();
        self
    }

    /// Sets how much of the load it gets.
    #[must_use]
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// Lets others change its tags in the catalog.
    #[must_use]
    pub fn with_enable_tag_override(mut self) -> Self {
        self.enable_tag_override = true;
        self
    }

    /// Sets how it works as a proxy.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets its part in Connect.
    #[must_use]
    pub fn with_connect(mut self, connect: Connect) -> Self {
        self.connect = connect;
        self
    }

    /// The instance as the encoder takes it.
    #[must_use]
    pub fn as_service_ref(&self) -> NodeServiceRef<'_> {
        NodeServiceRef {
            kind: &self.kind,
            id: &self.id,
            service: &self.service,
            tags: Some(&self.tags),
            address: &self.address,
            tagged_addresses: &self.tagged_addresses,
            meta: self.meta.as_ref(),
            port: self.port,
            weights: self.weights,
            enable_tag_override: self.enable_tag_override,
            proxy: &self.proxy,
            connect: &self.connect,
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }
}

impl Serialize for NodeService {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_service_ref().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_empty() {
        let json = r#"{"ID":"a","Tags":null,"TaggedAddresses":null,"Proxy":null,"Connect":null}"#;
        let service: NodeService = serde_json::from_str(json).unwrap();
        assert_eq!(service.id, "a");
        assert_eq!(service.weights, Weights::default());
        assert!(service.tags.is_empty() && service.tagged_addresses.is_empty());
    }
}
