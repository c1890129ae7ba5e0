//! What services of the mesh need, and what they may not have.

use std::collections::BTreeSet;

use quorate_wire::consul::service::{Proxy, ServiceKind, Upstream};

use crate::engine::consul::Service;
use crate::quote::quote;

/// Says all that is wrong with a service of its kind, as Consul lists it.
pub(super) fn validate(service: &Service, has_sidecar: bool) -> Result<(), String> {
    let mut problems = match &service.kind {
        ServiceKind::ConnectProxy => of_proxy(service),
        kind @ (ServiceKind::MeshGateway
        | ServiceKind::TerminatingGateway
        | ServiceKind::IngressGateway) => of_gateway(service, kind, has_sidecar),
        _ => Vec::new(),
    };
    if service.kind == ServiceKind::ConnectProxy && service.connect.native {
        problems.push("A Proxy cannot also be Connect Native, only typical services".into());
    }
    list(&problems)
}

/// The list in the form of Consul; fine when it is empty.
pub(super) fn list(problems: &[String]) -> Result<(), String> {
    let count = match problems.len() {
        0 => return Ok(()),
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    let points: Vec<_> = problems.iter().map(|it| format!("\t* {it}\n")).collect();
    Err(format!("{count} occurred:\n{}\n", points.concat()))
}

fn of_proxy(service: &Service) -> Vec<String> {
    let mut problems = Vec::new();
    let proxy = &service.proxy;
    if proxy.destination_service_name.trim().is_empty() {
        let text = "Proxy.DestinationServiceName must be non-empty for Connect proxy services";
        problems.push(text.into());
    }
    if service.port == 0 {
        problems.push("Port must be set for a Connect proxy".into());
    }
    let mut bound = BTreeSet::new();
    for upstream in &proxy.upstreams {
        let problem = upstream_problem(upstream).or_else(|| {
            let address = match upstream.local_bind_address.as_str() {
                "" => "127.0.0.1",
                address => address,
            };
            let address = format!("{address}:{}", upstream.local_bind_port);
            let text = format!(
                "upstreams cannot contain duplicates by local bind address and port; {} is specified twice",
                quote(&address)
            );
            (!bound.insert(address)).then_some(text)
        });
        problems.extend(problem);
    }
    problems.extend(expose_problems(proxy));
    problems
}

fn upstream_problem(upstream: &Upstream) -> Option<String> {
    let known = matches!(
        upstream.destination_type.as_str(),
        "service" | "prepared_query"
    );
    if !known {
        let kind = quote(&upstream.destination_type);
        return Some(format!("unknown upstream destination type: {kind}"));
    }
    if upstream.destination_name.is_empty() {
        return Some("upstream destination name cannot be empty".into());
    }
    (upstream.local_bind_port == 0).then(|| "upstream local bind port cannot be zero".into())
}

fn expose_problems(proxy: &Proxy) -> Vec<String> {
    let mut problems = Vec::new();
    for exposed in &proxy.expose.paths {
        let (path, protocol) = (&exposed.path, exposed.protocol.as_str());
        if path.is_empty() {
            problems.push("expose.paths: empty path exposed".into());
        }
        if exposed.listener_port == 0 {
            problems.push("expose.paths: invalid listener port: 0".into());
        }
        if !matches!(protocol, "" | "http" | "http2") {
            problems.push(format!(
                "protocol '{protocol}' not supported for path: {path}, must be in: [http http2]"
            ));
        }
    }
    problems
}

fn of_gateway(service: &Service, kind: &ServiceKind, has_sidecar: bool) -> Vec<String> {
    let kind = kind.as_str();
    let proxy = &service.proxy;
    let mut problems = Vec::new();
    if service.port == 0 && service.kind != ServiceKind::IngressGateway {
        problems.push(format!("Port must be non-zero for a {kind}"));
    }
    if has_sidecar {
        problems.push(format!("A {kind} cannot have a sidecar service defined"));
    }
    for (name, is_set) in [
        (
            "DestinationServiceName",
            !proxy.destination_service_name.is_empty(),
        ),
        (
            "DestinationServiceID",
            !proxy.destination_service_id.is_empty(),
        ),
        (
            "LocalServiceAddress",
            !proxy.local_service_address.is_empty(),
        ),
        ("LocalServicePort", proxy.local_service_port != 0),
        ("Upstreams", !proxy.upstreams.is_empty()),
    ] {
        if is_set {
            problems.push(format!(
                "The Proxy.{name} configuration is invalid for a {kind}"
            ));
        }
    }
    problems
}
