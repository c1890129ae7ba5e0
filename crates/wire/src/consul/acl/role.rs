//! Roles: `/v1/acl/role…`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::identity::{NodeIdentity, ServiceIdentity};
use super::link::Link;
use crate::consul::bytes64;

/// A role as the server shows it: policies and identities under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Role {
    /// The UUID that the server gave it.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its name, unique in the datacenter: at most 256 of `a-z A-Z 0-9 - _`.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The policies that it stands for.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub policies: Vec<Link>,
    /// The services that its tokens may be.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub service_identities: Vec<ServiceIdentity>,
    /// The nodes that its tokens may be.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub node_identities: Vec<NodeIdentity>,
    /// Changes with every change of the role.
    #[serde(with = "bytes64")]
    pub hash: Bytes,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// The body of `PUT /v1/acl/role` and of `PUT /v1/acl/role/ID`. An update replaces all of it, so
/// start from the role that is there: `RoleRequest::from(&role)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RoleRequest {
    /// The UUID of the role that is changed; a new one has none.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its name: 1 to 256 of `a-z A-Z 0-9 - _`.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The policies that it stands for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Link>,
    /// The services that its tokens may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_identities: Vec<ServiceIdentity>,
    /// The nodes that its tokens may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_identities: Vec<NodeIdentity>,
}

impl RoleRequest {
    /// A role without rights, until it gets some.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets the note for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Gives it the rights of a policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Link) -> Self {
        self.policies.push(policy);
        self
    }

    /// Lets its tokens be an instance of a service.
    #[must_use]
    pub fn with_service_identity(mut self, identity: ServiceIdentity) -> Self {
        self.service_identities.push(identity);
        self
    }

    /// Lets its tokens be a node.
    #[must_use]
    pub fn with_node_identity(mut self, identity: NodeIdentity) -> Self {
        self.node_identities.push(identity);
        self
    }
}

/// The role as it is, ready to be changed and sent back.
impl From<&Role> for RoleRequest {
    fn from(role: &Role) -> Self {
        Self {
            id: role.id.clone(),
            name: role.name.clone(),
            description: role.description.clone(),
            policies: role.policies.clone(),
            service_identities: role.service_identities.clone(),
            node_identities: role.node_identities.clone(),
        }
    }
}
