use std::collections::BTreeMap;

use quorate_wire::consul::service::{
    Connect, NodeServiceRef, Proxy, ServiceAddress, ServiceKind, Weights,
};
use serde::{Deserialize, Serialize};

/// A service instance of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What it is for.
    #[serde(skip_serializing_if = "ServiceKind::is_typical")]
    pub kind: ServiceKind,
    /// The name of its node.
    pub node: String,
    /// The id, unique within its node.
    pub id: String,
    /// The name.
    pub name: String,
    /// Labels to select by.
    pub tags: Vec<String>,
    /// The address; empty means the node's.
    pub address: String,
    /// Further addresses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// The port.
    pub port: i64,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
    /// Weights for load balancing.
    pub weights: ServiceWeights,
    /// Whether others may change the tags.
    pub enable_tag_override: bool,
    /// How it works as the proxy of another service.
    pub proxy: Box<Proxy>,
    /// Its part in Connect.
    pub connect: Connect,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// How much of the load an instance gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceWeights {
    /// While its checks pass.
    pub passing: i64,
    /// While one of them warns.
    pub warning: i64,
}

impl Default for ServiceWeights {
    fn default() -> Self {
        Self {
            passing: 1,
            warning: 1,
        }
    }
}

impl From<ServiceWeights> for Weights {
    /// Weights are within the bounds of 16 bits before they are stored.
    fn from(weights: ServiceWeights) -> Self {
        let bounded = |weight: i64| u32::try_from(weight).unwrap_or(0);
        Self::new(bounded(weights.passing), bounded(weights.warning))
    }
}

impl Service {
    /// The service as the encoder takes it.
    #[must_use]
    pub fn as_service_ref(&self) -> NodeServiceRef<'_> {
        NodeServiceRef {
            kind: &self.kind,
            id: &self.id,
            service: &self.name,
            tags: Some(&self.tags),
            address: &self.address,
            tagged_addresses: &self.tagged_addresses,
            meta: self.meta.as_ref(),
            port: self.port,
            weights: self.weights.into(),
            enable_tag_override: self.enable_tag_override,
            proxy: &self.proxy,
            connect: &self.connect,
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }

    /// The name of the service that it speaks Connect for: another's as a proxy, or its own.
    #[must_use]
    pub fn speaks_connect_for(&self) -> Option<&str> {
        match self.kind {
            ServiceKind::ConnectProxy => Some(&self.proxy.destination_service_name),
            _ if self.connect.native => Some(&self.name),
            _ => None,
        }
    }

    /// Whether it has all of these tags, in any case of letters.
    #[must_use]
    pub fn has_tags(&self, tags: &[String]) -> bool {
        let has = |wanted: &String| {
            let wanted = wanted.to_lowercase();
            self.tags.iter().any(|tag| tag.to_lowercase() == wanted)
        };
        tags.iter().all(has)
    }
}
