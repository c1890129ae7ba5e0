use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::Tag;
use crate::consul::nullable::{or_default, or_null};

/// What leaves the mesh: `terminating-gateway`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct TerminatingGateway {
    kind: Tag<6>,
    /// The gateway's service.
    pub name: String,
    /// The services that it stands in for.
    #[serde(serialize_with = "or_null", deserialize_with = "or_default")]
    pub services: Vec<LinkedService>,
    /// The operator's labels.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub meta: BTreeMap<String, String>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The index of its creation; 0 before it is stored.
    pub create_index: u64,
    /// The index of its last change; 0 before it is stored.
    pub modify_index: u64,
}

impl TerminatingGateway {
    /// A gateway without services.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a service.
    #[must_use]
    pub fn with_service(mut self, service: LinkedService) -> Self {
        self.services.push(service);
        self
    }
}

/// A service outside of the mesh. Without files it is spoken to in plain text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct LinkedService {
    /// The service, or `*` for all that are in no mesh.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The gateway's file of authorities.
    #[serde(rename = "CAFile", skip_serializing_if = "String::is_empty")]
    pub ca_file: String,
    /// The gateway's certificate file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cert_file: String,
    /// The gateway's key file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key_file: String,
    /// The name that TLS asks for.
    #[serde(rename = "SNI", skip_serializing_if = "String::is_empty")]
    pub sni: String,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl LinkedService {
    /// A service, or `*` for all that are in no mesh.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Speaks TLS to it, and trusts the authorities in this file.
    #[must_use]
    pub fn with_ca_file(mut self, path: impl Into<String>) -> Self {
        self.ca_file = path.into();
        self
    }
}
