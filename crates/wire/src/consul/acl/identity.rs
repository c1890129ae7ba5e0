//! Identities: rights that every service or node needs, without a policy of its own.

use serde::{Deserialize, Serialize};

/// The rights that an instance of a service needs: to register itself and its sidecar proxy, and
/// to find every other service and node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceIdentity {
    /// The service: at most 256 of `a-z 0-9 - _`, with a letter or digit at each end.
    pub service_name: String,
    /// Where it holds; empty is everywhere. Not allowed in a local token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datacenters: Vec<String>,
}

impl ServiceIdentity {
    /// The identity of `service` in every datacenter.
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service_name: service.into(),
            datacenters: Vec::new(),
        }
    }

    /// Lets it hold in this datacenter, and in others only if they are named too.
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenters.push(datacenter.into());
        self
    }
}

/// The rights that a node's agent needs: to register the node, and to read every service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct NodeIdentity {
    /// The node: at most 256 of `a-z 0-9 - _`, with a letter or digit at each end.
    pub node_name: String,
    /// Where the node is; required.
    pub datacenter: String,
}

impl NodeIdentity {
    /// The identity of `node` in `datacenter`.
    #[must_use]
    pub fn new(node: impl Into<String>, datacenter: impl Into<String>) -> Self {
        Self {
            node_name: node.into(),
            datacenter: datacenter.into(),
        }
    }
}
