use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consul::nullable::{is_default, or_default};

/// Whether connections to other datacenters go through mesh gateways.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct MeshGateway {
    /// Through which.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: MeshGatewayMode,
}

impl From<MeshGatewayMode> for MeshGateway {
    fn from(mode: MeshGatewayMode) -> Self {
        Self { mode }
    }
}

/// Through which mesh gateways connections go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum MeshGatewayMode {
    /// Not said here: what stands above it counts.
    #[default]
    Default,
    /// Through none.
    None,
    /// Through those of the own datacenter.
    Local,
    /// Through those of the other datacenter.
    Remote,
    /// A mode that this version does not know.
    Other(String),
}

impl MeshGatewayMode {
    /// The word on the wire; empty for the default.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Default => "",
            Self::None => "none",
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Other(mode) => mode,
        }
    }
}

impl From<String> for MeshGatewayMode {
    fn from(mode: String) -> Self {
        match mode.as_str() {
            "" => Self::Default,
            "none" => Self::None,
            "local" => Self::Local,
            "remote" => Self::Remote,
            _ => Self::Other(mode),
        }
    }
}

impl From<MeshGatewayMode> for String {
    fn from(mode: MeshGatewayMode) -> Self {
        mode.as_str().to_owned()
    }
}

/// What proxies let through without a certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Expose {
    /// The paths of the service's HTTP and gRPC checks.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "or_default")]
    pub checks: bool,
    /// Further paths.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub paths: Vec<ExposePath>,
}

/// One path that proxies let through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ExposePath {
    /// The port that the proxy listens on for it.
    #[serde(skip_serializing_if = "is_default")]
    pub listener_port: i64,
    /// The path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The port of the service.
    #[serde(skip_serializing_if = "is_default")]
    pub local_path_port: i64,
    /// `http` or `http2`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Whether the server made it of a check.
    pub parsed_from_check: bool,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl ExposePath {
    /// A path, which the proxy takes on `listener_port` and the service on `local_path_port`.
    #[must_use]
    pub fn new(path: impl Into<String>, listener_port: u16, local_path_port: u16) -> Self {
        Self {
            path: path.into(),
            listener_port: listener_port.into(),
            local_path_port: local_path_port.into(),
            ..Self::default()
        }
    }
}
