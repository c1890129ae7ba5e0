use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::Tag;
use super::mesh::{Expose, MeshGateway, MeshGatewayMode};
use crate::consul::nullable::or_default;

/// How one service speaks: `service-defaults`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceDefaults {
    kind: Tag<0>,
    /// The service.
    pub name: String,
    /// `tcp` (also when empty), `http`, `http2` or `grpc`. Routers and splitters need one of the
    /// latter. Servers keep it in lower case.
    pub protocol: String,
    /// Through which gateways it is reached from other datacenters.
    #[serde(deserialize_with = "or_default")]
    pub mesh_gateway: MeshGateway,
    /// What its proxies let through without a certificate.
    #[serde(deserialize_with = "or_default")]
    pub expose: Expose,
    /// The name that TLS asks for when the service is outside of the mesh.
    #[serde(rename = "ExternalSNI", skip_serializing_if = "String::is_empty")]
    pub external_sni: String,
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

impl ServiceDefaults {
    /// The defaults of a service.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets the protocol.
    #[must_use]
    pub fn with_protocol(mut self, protocol: impl Into<String>) -> Self {
        self.protocol = protocol.into();
        self
    }

    /// Sets through which gateways it is reached from other datacenters.
    #[must_use]
    pub fn with_mesh_gateway(mut self, mode: MeshGatewayMode) -> Self {
        self.mesh_gateway = mode.into();
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.meta.insert(key.into(), value.into());
        self
    }
}
