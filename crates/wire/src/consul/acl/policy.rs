//! Policies: `/v1/acl/policy…`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::consul::bytes64;

/// A policy as the server shows it: rules under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Policy {
    /// The UUID that the server gave it.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its name, unique in the datacenter: at most 128 of `a-z A-Z 0-9 - _`.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The rules, as HCL or JSON.
    pub rules: String,
    /// Where it holds; empty is everywhere.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub datacenters: Vec<String>,
    /// Changes with every change of the policy.
    #[serde(with = "bytes64")]
    pub hash: Bytes,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// A policy in a list: without its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct PolicyRow {
    /// The UUID that the server gave it.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// Where it holds; `None` is everywhere.
    pub datacenters: Option<Vec<String>>,
    /// Changes with every change of the policy.
    #[serde(with = "bytes64")]
    pub hash: Bytes,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl From<&Policy> for PolicyRow {
    fn from(policy: &Policy) -> Self {
        let everywhere = policy.datacenters.is_empty();
        Self {
            id: policy.id.clone(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            datacenters: (!everywhere).then(|| policy.datacenters.clone()),
            hash: policy.hash.clone(),
            create_index: policy.create_index,
            modify_index: policy.modify_index,
        }
    }
}

/// The body of `PUT /v1/acl/policy` and of `PUT /v1/acl/policy/ID`. An update replaces all of it,
/// so start from the policy that is there: `PolicyRequest::from(&policy)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PolicyRequest {
    /// The UUID of the policy that is changed; a new one has none.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its name: 1 to 128 of `a-z A-Z 0-9 - _`.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The rules, as HCL or JSON.
    pub rules: String,
    /// Where it holds; empty is everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datacenters: Vec<String>,
}

impl PolicyRequest {
    /// A policy with these rules, as HCL or JSON.
    #[must_use]
    pub fn new(name: impl Into<String>, rules: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rules: rules.into(),
            ..Self::default()
        }
    }

    /// Sets the note for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Lets it hold in this datacenter, and in others only if they are named too.
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenters.push(datacenter.into());
        self
    }

    /// Sets the rules, as HCL or JSON.
    #[must_use]
    pub fn with_rules(mut self, rules: impl Into<String>) -> Self {
        self.rules = rules.into();
        self
    }
}

/// The policy as it is, ready to be changed and sent back.
impl From<&Policy> for PolicyRequest {
    fn from(policy: &Policy) -> Self {
        Self {
            id: policy.id.clone(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            rules: policy.rules.clone(),
            datacenters: policy.datacenters.clone(),
        }
    }
}
