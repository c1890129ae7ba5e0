use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::Tag;
use crate::consul::nullable::{or_default, or_null};

/// What comes in from outside of the mesh: `ingress-gateway`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct IngressGateway {
    kind: Tag<5>,
    /// The gateway's service.
    pub name: String,
    /// Whether clients speak TLS to it.
    #[serde(rename = "TLS", deserialize_with = "or_default")]
    pub tls: GatewayTls,
    /// Where it listens, and for what.
    #[serde(serialize_with = "or_null", deserialize_with = "or_default")]
    pub listeners: Vec<IngressListener>,
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

impl IngressGateway {
    /// A gateway without listeners.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a listener.
    #[must_use]
    pub fn with_listener(mut self, listener: IngressListener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Makes clients speak TLS.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.tls.enabled = true;
        self
    }
}

/// A gateway's TLS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct GatewayTls {
    /// Whether clients speak TLS to it.
    pub enabled: bool,
}

/// A port of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct IngressListener {
    /// The port.
    pub port: i64,
    /// `tcp` (also when empty), `http`, `http2` or `grpc`.
    pub protocol: String,
    /// The services behind it; several only with `http`.
    #[serde(serialize_with = "or_null", deserialize_with = "or_default")]
    pub services: Vec<IngressService>,
}

impl IngressListener {
    /// A port that speaks a protocol.
    #[must_use]
    pub fn new(port: u16, protocol: impl Into<String>) -> Self {
        Self {
            port: port.into(),
            protocol: protocol.into(),
            services: Vec::new(),
        }
    }

    /// Adds a service.
    #[must_use]
    pub fn with_service(mut self, service: IngressService) -> Self {
        self.services.push(service);
        self
    }
}

/// A service behind a gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct IngressService {
    /// The service, or `*` for all of the protocol.
    pub name: String,
    /// The hosts that requests for it name.
    #[serde(serialize_with = "or_null", deserialize_with = "or_default")]
    pub hosts: Vec<String>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl IngressService {
    /// A service, or `*` for all of the listener's protocol.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a host that requests for it name, as `web.example` or `*.example`.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }
}
