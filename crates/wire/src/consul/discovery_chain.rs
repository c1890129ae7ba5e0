//! Discovery chains, which say where requests for a service end up: `/v1/discovery-chain/…`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config_entry::{MeshGateway, MeshGatewayMode, ResolverSubset, ServiceRoute};
use super::nullable::{duration, is_default, or_default};

/// The answer of the endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DiscoveryChainAnswer {
    /// The chain.
    pub chain: DiscoveryChain,
}

/// Where requests for a service end up, compiled of the configuration entries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct DiscoveryChain {
    /// The service.
    pub service_name: String,
    /// Its namespace: `default`.
    pub namespace: String,
    /// The datacenter that it was compiled for.
    pub datacenter: String,
    /// Names the overrides that changed something; empty when none did.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub customization_hash: String,
    /// How it speaks.
    pub protocol: String,
    /// The node that requests begin at.
    pub start_node: String,
    /// The nodes by name.
    #[serde(deserialize_with = "or_default")]
    pub nodes: BTreeMap<String, ChainNode>,
    /// The targets by id.
    #[serde(deserialize_with = "or_default")]
    pub targets: BTreeMap<String, ChainTarget>,
}

/// One step of a chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ChainNode {
    /// `router`, `splitter` or `resolver`.
    #[serde(rename = "Type")]
    pub node_type: String,
    /// The name without the type.
    pub name: String,
    /// A router's routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<ChainRoute>,
    /// A splitter's parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<ChainSplit>,
    /// What a resolver resolves to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolver: Option<ChainResolver>,
}

/// One route of a router.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ChainRoute {
    /// The route as it was configured.
    pub definition: ServiceRoute,
    /// The node that follows.
    pub next_node: String,
}

/// One part of a splitter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ChainSplit {
    /// Per cent of the requests.
    #[serde(serialize_with = "super::config_entry::write_weight")]
    pub weight: f32,
    /// The node that follows.
    pub next_node: String,
}

/// What a resolver resolves to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ChainResolver {
    /// How long connecting may take.
    #[serde(with = "duration")]
    pub connect_timeout: Option<Duration>,
    /// Whether nothing was configured.
    #[serde(skip_serializing_if = "is_default")]
    pub default: bool,
    /// The target.
    pub target: String,
    /// Where to turn when no instance is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<ChainFailover>,
}

/// Where to turn when no instance is healthy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ChainFailover {
    /// The targets, in order.
    #[serde(deserialize_with = "or_default")]
    pub targets: Vec<String>,
}

/// The instances of a service that are meant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ChainTarget {
    /// Its id: subset, service, namespace and datacenter.
    #[serde(rename = "ID")]
    pub id: String,
    /// The service.
    pub service: String,
    /// The subset; empty for all instances.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_subset: String,
    /// The namespace: `default`.
    pub namespace: String,
    /// The datacenter.
    pub datacenter: String,
    /// Through which gateways it is reached.
    pub mesh_gateway: MeshGateway,
    /// What the subset is.
    pub subset: ResolverSubset,
    /// Whether it is outside of the mesh.
    #[serde(skip_serializing_if = "is_default")]
    pub external: bool,
    /// The name that TLS asks for.
    #[serde(rename = "SNI")]
    pub sni: String,
    /// The name of its cluster in proxies.
    pub name: String,
}

/// The body of `POST /v1/discovery-chain/:service`: what a proxy has decided for itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct DiscoveryChainOverrides {
    /// Speaks this protocol.
    #[serde(rename = "OverrideProtocol", skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Takes this long to connect at most.
    #[serde(
        rename = "OverrideConnectTimeout",
        with = "duration",
        skip_serializing_if = "Option::is_none"
    )]
    pub connect_timeout: Option<Duration>,
    /// Reaches other datacenters through these gateways.
    #[serde(rename = "OverrideMeshGateway", skip_serializing_if = "is_default")]
    pub mesh_gateway: MeshGateway,
}

impl DiscoveryChainOverrides {
    /// Overrides nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Speaks this protocol.
    #[must_use]
    pub fn with_protocol(mut self, protocol: impl Into<String>) -> Self {
        self.protocol = protocol.into();
        self
    }

    /// Takes this long to connect at most.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Reaches other datacenters through these gateways.
    #[must_use]
    pub fn with_mesh_gateway(mut self, mode: MeshGatewayMode) -> Self {
        self.mesh_gateway = mode.into();
        self
    }
}
