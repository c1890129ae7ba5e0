//! A proxy as the catalog and health write it: their upstreams show more of what is empty than an
//! agent's.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Expose, ExposedPath, MeshGateway, Proxy, Upstream};

/// Writes a proxy of the catalog.
pub(crate) fn serialize<S: Serializer>(proxy: &&Proxy, serializer: S) -> Result<S::Ok, S::Error> {
    let shown = Shown {
        destination_service_name: &proxy.destination_service_name,
        destination_service_id: &proxy.destination_service_id,
        local_service_address: &proxy.local_service_address,
        local_service_port: proxy.local_service_port,
        config: &proxy.config,
        upstreams: Upstreams(&proxy.upstreams),
        mesh_gateway: &proxy.mesh_gateway,
        expose: ShownExpose::new(&proxy.expose),
        other: &proxy.other,
    };
    shown.serialize(serializer)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    destination_service_name: &'a str,
    #[serde(rename = "DestinationServiceID", skip_serializing_if = "str::is_empty")]
    destination_service_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    local_service_address: &'a str,
    #[serde(skip_serializing_if = "super::proxy::is_zero")]
    local_service_port: i64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    config: &'a BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Upstreams::is_empty")]
    upstreams: Upstreams<'a>,
    mesh_gateway: &'a MeshGateway,
    expose: ShownExpose<'a>,
    #[serde(flatten)]
    other: &'a Map<String, Value>,
}

struct Upstreams<'a>(&'a [Upstream]);

impl Upstreams<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Upstreams<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ShownUpstream::new))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownUpstream<'a> {
    destination_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    destination_namespace: &'a str,
    destination_name: &'a str,
    datacenter: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    local_bind_address: &'a str,
    local_bind_port: i64,
    config: Option<&'a BTreeMap<String, Value>>,
    mesh_gateway: &'a MeshGateway,
    #[serde(flatten)]
    other: &'a Map<String, Value>,
}

impl<'a> ShownUpstream<'a> {
    fn new(upstream: &'a Upstream) -> Self {
        Self {
            destination_type: &upstream.destination_type,
            destination_namespace: &upstream.destination_namespace,
            destination_name: &upstream.destination_name,
            datacenter: &upstream.datacenter,
            local_bind_address: &upstream.local_bind_address,
            local_bind_port: upstream.local_bind_port,
            config: Some(&upstream.config).filter(|config| !config.is_empty()),
            mesh_gateway: &upstream.mesh_gateway,
            other: &upstream.other,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownExpose<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    checks: bool,
    #[serde(skip_serializing_if = "Paths::is_empty")]
    paths: Paths<'a>,
}

impl<'a> ShownExpose<'a> {
    fn new(expose: &'a Expose) -> Self {
        Self {
            checks: expose.checks,
            paths: Paths(&expose.paths),
        }
    }
}

struct Paths<'a>(&'a [ExposedPath]);

impl Paths<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Paths<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|path| ShownPath {
            listener_port: path.listener_port,
            path: &path.path,
            local_path_port: path.local_path_port,
            protocol: &path.protocol,
            parsed_from_check: path.parsed_from_check,
        }))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownPath<'a> {
    #[serde(skip_serializing_if = "super::proxy::is_zero")]
    listener_port: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
    #[serde(skip_serializing_if = "super::proxy::is_zero")]
    local_path_port: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    protocol: &'a str,
    parsed_from_check: bool,
}

#[cfg(test)]
mod tests {
    use crate::consul::service::{NodeService, Proxy};

    #[test]
    fn upstreams_show_what_is_empty() {
        let json = r#"{"DestinationServiceName":"web","Upstreams":[{"DestinationType":"","DestinationName":"a","Datacenter":"","LocalBindPort":5,"Config":null,"MeshGateway":{},"LocalBindSocketPath":"/s"}],"MeshGateway":{"Mode":"odd"},"Expose":{"Paths":[{"Path":"/","ParsedFromCheck":false}]},"Mode":"transparent"}"#;
        let proxy: Proxy = serde_json::from_str(json).unwrap();
        let service = NodeService::new("p").with_proxy(proxy);
        let written = serde_json::to_string(&service).unwrap();
        assert!(written.contains(json), "{written}");
    }
}
