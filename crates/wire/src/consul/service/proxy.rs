//! The service mesh's part of a service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::consul::words::words;

/// How a service takes part in the mesh by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Connect {
    /// It speaks the mesh's protocol itself, without a proxy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub native: bool,
    /// What else was said, such as the sidecar in old registrations.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Connect {
    /// A service that speaks the mesh's protocol itself.
    #[must_use]
    pub fn native() -> Self {
        Self {
            native: true,
            ..Self::default()
        }
    }
}

/// What a proxy or gateway of the mesh does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Proxy {
    /// The name of the service that it stands before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination_service_name: String,
    /// The id of the instance that it stands before.
    #[serde(
        rename = "DestinationServiceID",
        skip_serializing_if = "String::is_empty"
    )]
    pub destination_service_id: String,
    /// Where that instance listens; default 127.0.0.1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub local_service_address: String,
    /// The port of that instance.
    #[serde(skip_serializing_if = "is_zero")]
    pub local_service_port: i64,
    /// The proxy's own settings.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "crate::consul::null::empty"
    )]
    pub config: BTreeMap<String, Value>,
    /// The services that the instance reaches through it.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::consul::null::empty"
    )]
    pub upstreams: Vec<Upstream>,
    /// How other datacenters are reached.
    pub mesh_gateway: MeshGateway,
    /// What may be reached without the mesh.
    pub expose: Expose,
    /// What other versions say besides.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Proxy {
    /// A proxy that stands before the service of that name.
    #[must_use]
    pub fn of(service: impl Into<String>) -> Self {
        Self {
            destination_service_name: service.into(),
            ..Self::default()
        }
    }

    /// Names the one instance that it stands before, and where that listens.
    #[must_use]
    pub fn with_instance(mut self, id: impl Into<String>, port: u16) -> Self {
        self.destination_service_id = id.into();
        self.local_service_port = port.into();
        self
    }

    /// Adds a service that the instance reaches through it.
    #[must_use]
    pub fn with_upstream(mut self, upstream: Upstream) -> Self {
        self.upstreams.push(upstream);
        self
    }

    /// Sets how other datacenters are reached.
    #[must_use]
    pub fn with_mesh_gateway(mut self, mode: MeshGatewayMode) -> Self {
        self.mesh_gateway.mode = mode;
        self
    }

    /// Sets what may be reached without the mesh.
    #[must_use]
    pub fn with_expose(mut self, expose: Expose) -> Self {
        self.expose = expose;
        self
    }

    /// Sets one of the proxy's own settings.
    #[must_use]
    pub fn with_config(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.config.insert(name.into(), value.into());
        self
    }
}

/// A service that is reached through a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Upstream {
    /// `service` or `prepared_query`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination_type: String,
    /// The namespace, in enterprise versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination_namespace: String,
    /// The service's or the query's name.
    pub destination_name: String,
    /// The datacenter, if not the proxy's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub datacenter: String,
    /// Where the proxy listens for it; default 127.0.0.1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub local_bind_address: String,
    /// The port where the proxy listens for it.
    #[serde(skip_serializing_if = "is_zero")]
    pub local_bind_port: i64,
    /// The proxy's settings for it.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "crate::consul::null::empty"
    )]
    pub config: BTreeMap<String, Value>,
    /// How another datacenter is reached.
    pub mesh_gateway: MeshGateway,
    /// What other versions say besides.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Upstream {
    /// The service `name`, at `port` of the proxy.
    pub fn service(name: impl Into<String>, port: u16) -> Self {
        Self {
            destination_type: "service".into(),
            destination_name: name.into(),
            local_bind_port: port.into(),
            ..Self::default()
        }
    }
}

words! {
    /// Through which gateways another datacenter is reached.
    #[derive(Default)]
    MeshGatewayMode {
        /// As the defaults of the service or of all proxies say.
        #[default]
        Unset = "",
        /// Through none.
        None = "none",
        /// Through one of the own datacenter.
        Local = "local",
        /// Through one of the other datacenter.
        Remote = "remote",
    }
}

/// How other datacenters are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct MeshGateway {
    /// Through which gateways.
    #[serde(skip_serializing_if = "is_unset")]
    pub mode: MeshGatewayMode,
}

impl MeshGateway {
    /// Through these gateways.
    #[must_use]
    pub fn new(mode: MeshGatewayMode) -> Self {
        Self { mode }
    }
}

/// What of an instance may be reached without the mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Expose {
    /// The paths of its HTTP and gRPC checks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub checks: bool,
    /// Further paths.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::consul::null::empty"
    )]
    pub paths: Vec<ExposedPath>,
}

/// A path that may be reached without the mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ExposedPath {
    /// The port where the proxy listens for it.
    #[serde(skip_serializing_if = "is_zero")]
    pub listener_port: i64,
    /// The path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The port of the instance.
    #[serde(skip_serializing_if = "is_zero")]
    pub local_path_port: i64,
    /// `http` or `http2`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Whether it came from a check.
    pub parsed_from_check: bool,
}

impl ExposedPath {
    /// A path, which the proxy takes on `listener_port` and the instance on `local_path_port`.
    #[must_use]
    pub fn new(path: impl Into<String>, listener_port: u16, local_path_port: u16) -> Self {
        Self {
            listener_port: listener_port.into(),
            path: path.into(),
            local_path_port: local_path_port.into(),
            ..Self::default()
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
pub(super) fn is_zero(port: &i64) -> bool {
    *port == 0
}

fn is_unset(mode: &MeshGatewayMode) -> bool {
    *mode == MeshGatewayMode::Unset
}
