use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kind::Tag;
use super::mesh::{Expose, MeshGateway, MeshGatewayMode};
use crate::consul::nullable::or_default;

/// What all proxies have in common: `proxy-defaults`. There is one, called `global`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ProxyDefaults {
    kind: Tag<1>,
    /// `global`.
    pub name: String,
    /// The proxies' settings, which servers do not look at except for `protocol`.
    pub config: Option<Map<String, Value>>,
    /// Through which gateways services are reached from other datacenters.
    #[serde(deserialize_with = "or_default")]
    pub mesh_gateway: MeshGateway,
    /// What proxies let through without a certificate.
    #[serde(deserialize_with = "or_default")]
    pub expose: Expose,
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

impl ProxyDefaults {
    /// The name of the only entry of this kind.
    pub const NAME: &str = "global";

    /// Defaults that say nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a setting, as `protocol`.
    #[must_use]
    pub fn with_config(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let config = self.config.get_or_insert_default();
        config.insert(key.into(), value.into());
        self
    }

    /// Sets through which gateways services are reached from other datacenters.
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

impl Default for ProxyDefaults {
    fn default() -> Self {
        Self {
            kind: Tag,
            name: Self::NAME.to_owned(),
            config: None,
            mesh_gateway: MeshGateway::default(),
            expose: Expose::default(),
            meta: BTreeMap::new(),
            extra: BTreeMap::new(),
            create_index: 0,
            modify_index: 0,
        }
    }
}
