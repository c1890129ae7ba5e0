//! What a service must be like to be registered, in Consul's words.

use std::collections::HashSet;

use quorate_wire::consul::service::{Connect, Expose, Proxy, ServiceKind, Upstream};
use serde_json::Value;

use crate::engine::consul::command::ServiceSpec;
use crate::engine::consul::refusal::Refusal;
use crate::quote::quote;

/// The highest port.
const MAX_PORT: i64 = 65_535;
/// Where a proxy listens for what its service reaches, unless it says.
const LOCAL: &str = "127.0.0.1";
/// What stands for any service.
const ANY: &str = "*";

/// Refuses a service that makes no sense.
pub(super) fn check_service(service: &ServiceSpec) -> Result<(), Refusal> {
    let problems = problems(service);
    if !problems.is_empty() {
        return Err(Refusal::InvalidService(problems));
    }
    if service.name.is_empty() && !service.id.is_empty() {
        return Err(Refusal::MissingServiceName);
    }
    match service.address.as_str() {
        "0.0.0.0" | "::" | "[::]" => Err(Refusal::AnyAddress),
        _ => Ok(()),
    }
}

/// Everything that is wrong with a service's part in the mesh.
fn problems(service: &ServiceSpec) -> Vec<String> {
    let sidecar = sidecar(service);
    let mut problems = mesh_problems(
        &service.kind,
        service.port,
        &service.proxy,
        &service.connect,
        sidecar.is_some(),
    );
    if let Some(sidecar) = sidecar {
        check_sidecar(sidecar, &mut problems);
    }
    problems
}

/// Everything that is wrong with a service of the mesh, in Consul's words, apart from its sidecar.
pub(crate) fn mesh_problems(
    kind: &ServiceKind,
    port: i64,
    proxy: &Proxy,
    connect: &Connect,
    has_sidecar: bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    match kind {
        ServiceKind::ConnectProxy => check_proxy(port, proxy, connect, &mut problems),
        kind if kind.is_gateway() => check_gateway(kind, port, proxy, has_sidecar, &mut problems),
        _ => {}
    }
    problems
}

fn check_proxy(port: i64, proxy: &Proxy, connect: &Connect, problems: &mut Vec<String>) {
    if proxy.destination_service_name.trim().is_empty() {
        let text = "Proxy.DestinationServiceName must be non-empty for Connect proxy services";
        problems.push(text.into());
    }
    if port == 0 {
        problems.push("Port must be set for a Connect proxy".into());
    }
    if connect.native {
        let text = "A Proxy cannot also be Connect Native, only typical services";
        problems.push(text.into());
    }
    check_upstreams(&proxy.upstreams, problems);
    check_expose(&proxy.expose, problems);
}

fn check_upstreams(upstreams: &[Upstream], problems: &mut Vec<String>) {
    let (mut keys, mut places) = (HashSet::new(), HashSet::new());
    for upstream in upstreams {
        if let Some(problem) = upstream_problem(upstream) {
            problems.push(problem);
            continue;
        }
        let key = format!(
            "[type={}, name={}, namespace={}, datacenter={}]",
            quote(&upstream.destination_type),
            quote(&upstream.destination_name),
            quote(&upstream.destination_namespace),
            quote(&upstream.datacenter)
        );
        if keys.contains(&key) {
            problems.push(format!("upstreams cannot contain duplicates of {key}"));
            continue;
        }
        keys.insert(key);
        let place = place(upstream);
        if places.contains(&place) {
            problems.push(format!(
                "upstreams cannot contain duplicates by local bind address and port; {} is specified twice",
                quote(&place)
            ));
            continue;
        }
        places.insert(place);
    }
}

fn upstream_problem(upstream: &Upstream) -> Option<String> {
    match upstream.destination_type.as_str() {
        "" | "service" | "prepared_query" => {}
        other => {
            return Some(format!(
                "unknown upstream destination type: {}",
                quote(other)
            ));
        }
    }
    let problem = match (upstream.destination_name.as_str(), upstream.local_bind_port) {
        ("", _) => "upstream destination name cannot be empty",
        (ANY, _) => "upstream destination name cannot be a wildcard",
        (_, 0) => "upstream local bind port cannot be zero",
        _ => return None,
    };
    Some(problem.into())
}

/// Where a proxy listens for an upstream, as Go joins address and port.
fn place(upstream: &Upstream) -> String {
    let port = upstream.local_bind_port;
    match upstream.local_bind_address.as_str() {
        "" => format!("{LOCAL}:{port}"),
        address if address.contains(':') => format!("[{address}]:{port}"),
        address => format!("{address}:{port}"),
    }
}

fn check_expose(expose: &Expose, problems: &mut Vec<String>) {
    let (mut paths, mut ports) = (HashSet::new(), HashSet::new());
    for exposed in &expose.paths {
        if exposed.path.is_empty() {
            problems.push("expose.paths: empty path exposed".into());
        }
        if !paths.insert(&exposed.path) {
            problems.push("expose.paths: duplicate paths exposed".into());
        }
        let port = exposed.listener_port;
        if !ports.insert(port) {
            problems.push("expose.paths: duplicate listener ports exposed".into());
        }
        if !(1..=MAX_PORT).contains(&port) {
            problems.push(format!("expose.paths: invalid listener port: {port}"));
        }
        let protocol = exposed.protocol.to_lowercase();
        if !matches!(protocol.as_str(), "" | "http" | "http2") {
            problems.push(format!(
                "protocol '{protocol}' not supported for path: {}, must be in: [http2 http]",
                exposed.path
            ));
        }
    }
}

fn check_gateway(
    kind: &ServiceKind,
    port: i64,
    proxy: &Proxy,
    has_sidecar: bool,
    problems: &mut Vec<String>,
) {
    if port == 0 && *kind != ServiceKind::IngressGateway {
        problems.push(format!("Port must be non-zero for a {kind}"));
    }
    if has_sidecar {
        let text = format!("A {kind} cannot have a sidecar service defined");
        problems.push(text);
    }
    for (given, field) in given_by(proxy) {
        if given {
            problems.push(format!(
                "The Proxy.{field} configuration is invalid for a {kind}"
            ));
        }
    }
}

/// The fields that only the proxy of one service has, and whether they are set.
fn given_by(proxy: &Proxy) -> [(bool, &'static str); 5] {
    [
        (
            !proxy.destination_service_name.is_empty(),
            "DestinationServiceName",
        ),
        (
            !proxy.destination_service_id.is_empty(),
            "DestinationServiceID",
        ),
        (
            !proxy.local_service_address.is_empty(),
            "LocalServiceAddress",
        ),
        (proxy.local_service_port != 0, "LocalServicePort"),
        (!proxy.upstreams.is_empty(), "Upstreams"),
    ]
}

fn sidecar(service: &ServiceSpec) -> Option<&Value> {
    let sidecar = service.connect.other.get("SidecarService")?;
    Some(sidecar).filter(|sidecar| !sidecar.is_null())
}

fn check_sidecar(sidecar: &Value, problems: &mut Vec<String>) {
    let id = sidecar.get("ID").and_then(Value::as_str);
    if id.is_some_and(|id| !id.is_empty()) {
        let text = "A SidecarService cannot specify an ID as this is managed by the agent";
        problems.push(text.into());
    }
    let nested = sidecar.pointer("/Connect/SidecarService");
    if nested.is_some_and(|nested| !nested.is_null()) {
        problems.push("A SidecarService cannot have a nested SidecarService".into());
    }
}

#[cfg(test)]
mod tests {
    use quorate_wire::consul::service::ExposedPath;

    use super::*;

    fn proxy() -> ServiceSpec {
        ServiceSpec {
            kind: ServiceKind::ConnectProxy,
            name: "p".into(),
            port: 1,
            proxy: Box::new(Proxy::of("web")),
            ..ServiceSpec::default()
        }
    }

    // What Consul 1.8.7 said of the same upstreams.
    #[test]
    fn upstreams_are_told_apart_by_name_and_by_place() {
        let mut service = proxy();
        let mut query = Upstream::service("a", 2);
        query.destination_type = "prepared_query".into();
        service.proxy.upstreams = vec![
            Upstream::default(),
            Upstream::service("*", 1),
            Upstream::service("a", 0),
            Upstream::service("a", 1),
            Upstream::service("a", 2),
            Upstream::service("b", 1),
            query,
        ];
        assert_eq!(
            problems(&service),
            [
                "upstream destination name cannot be empty",
                "upstream destination name cannot be a wildcard",
                "upstream local bind port cannot be zero",
                "upstreams cannot contain duplicates of [type=\"service\", name=\"a\", namespace=\"\", datacenter=\"\"]",
                "upstreams cannot contain duplicates by local bind address and port; \"127.0.0.1:1\" is specified twice",
            ]
        );
    }

    #[test]
    fn exposed_paths_have_a_path_and_a_port_each() {
        let mut service = proxy();
        let mut odd = ExposedPath::new("/a", 1, 1);
        odd.protocol = "ZZ".into();
        let paths = [ExposedPath::default(), ExposedPath::new("/a", 1, 1), odd];
        service.proxy.expose.paths = paths.into();
        assert_eq!(
            problems(&service),
            [
                "expose.paths: empty path exposed",
                "expose.paths: invalid listener port: 0",
                "expose.paths: duplicate paths exposed",
                "expose.paths: duplicate listener ports exposed",
                "protocol 'zz' not supported for path: /a, must be in: [http2 http]",
            ]
        );
    }
}
