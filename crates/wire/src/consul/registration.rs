//! What is written to the catalog: `/v1/catalog/register` and `/v1/catalog/deregister`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::health::HealthCheck;
use super::service::NodeService;

/// The body of `PUT /v1/catalog/register`: a node, and with it a service and checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// A service of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<NodeService>,
    /// One check of the node, or of a service of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<HealthCheck>,
    /// Several checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<HealthCheck>>,
    /// Leaves an existing node's own fields alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_node_update: bool,
}

impl RegisterRequest {
    /// A node of that name and address.
    #[must_use]
    pub fn new(node: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            address: address.into(),
            ..Self::default()
        }
    }

    /// Something on a node that is left as it is. A node that does not exist is made, without an
    /// address.
    #[must_use]
    pub fn on(node: impl Into<String>) -> Self {
        Self {
            skip_node_update: true,
            ..Self::new(node, "")
        }
    }

    /// Sets the node's UUID. The id keeps its node when the name changes.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Registers in `datacenter` instead of the agent's own.
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenter = datacenter.into();
        self
    }

    /// Adds a further address of the node, such as `lan` or `wan`.
    #[must_use]
    pub fn with_tagged_address(mut self, tag: impl Into<String>, value: impl Into<String>) -> Self {
        let addresses = self.tagged_addresses.get_or_insert_default();
        addresses.insert(tag.into(), value.into());
        self
    }

    /// Adds a label of the node.
    #[must_use]
    pub fn with_node_meta(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let meta = self.node_meta.get_or_insert_default();
        meta.insert(name.into(), value.into());
        self
    }

    /// Registers this service with the node.
    #[must_use]
    pub fn with_service(mut self, service: NodeService) -> Self {
        self.service = Some(service);
        self
    }

    /// Registers this check with the node; it may be called repeatedly.
    #[must_use]
    pub fn with_check(mut self, check: HealthCheck) -> Self {
        self.checks.get_or_insert_default().push(check);
        self
    }
}

/// The body of `PUT /v1/catalog/deregister`: a service, else a check, else the whole node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct DeregisterRequest {
    /// The datacenter, if not the agent's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub datacenter: String,
    /// The node's name; required.
    pub node: String,
    /// Removes only this service of the node, and its checks.
    #[serde(rename = "ServiceID", skip_serializing_if = "String::is_empty")]
    pub service_id: String,
    /// Removes only this check of the node.
    #[serde(rename = "CheckID", skip_serializing_if = "String::is_empty")]
    pub check_id: String,
}

impl DeregisterRequest {
    /// A node with everything that it has: services, checks and sessions.
    #[must_use]
    pub fn node(node: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            ..Self::default()
        }
    }

    /// One service of a node, with its checks.
    #[must_use]
    pub fn service(node: impl Into<String>, service_id: impl Into<String>) -> Self {
        Self {
            service_id: service_id.into(),
            ..Self::node(node)
        }
    }

    /// One check of a node.
    #[must_use]
    pub fn check(node: impl Into<String>, check_id: impl Into<String>) -> Self {
        Self {
            check_id: check_id.into(),
            ..Self::node(node)
        }
    }

    /// Deregisters in `datacenter` instead of the agent's own.
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenter = datacenter.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_says_only_what_was_set() {
        let json = serde_json::to_string(&RegisterRequest::new("n", "10.0.0.1")).unwrap();
        assert_eq!(json, r#"{"Node":"n","Address":"10.0.0.1"}"#);
        let json = serde_json::to_string(&RegisterRequest::on("n")).unwrap();
        assert_eq!(json, r#"{"Node":"n","Address":"","SkipNodeUpdate":true}"#);
        let json = serde_json::to_string(&DeregisterRequest::service("n", "web")).unwrap();
        assert_eq!(json, r#"{"Node":"n","ServiceID":"web"}"#);
    }
}
