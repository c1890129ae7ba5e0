//! The catalog: `/v1/catalog/…`.

mod node;
mod register;
mod service;

pub(super) use register::decode_weights;
pub(super) use service::{Tags, finish};

use std::collections::BTreeMap;

use super::blocking::Reading;
use super::options::Options;
use super::permit::Permit;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::consul::Instance;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("catalog/datacenters", |request, _| datacenters(request)),
    Endpoint::get("catalog/nodes", |request, _| node::list(request)),
    Endpoint::get("catalog/node/", |request, _| node::one(request)),
    Endpoint::get("catalog/node-services/", |request, _| {
        node::services(request)
    }),
    Endpoint::get("catalog/services", |request, _| service::list(request)),
    Endpoint::get("catalog/service/", |request, _| service::instances(request)),
    Endpoint::get("catalog/connect/", |request, _| service::connected(request)),
    Endpoint::get("catalog/gateway-services/", |request, _| {
        service::behind_gateway(request)
    }),
    Endpoint::put("catalog/register", register::register),
    Endpoint::put("catalog/deregister", register::deregister),
];

/// `GET /v1/catalog/datacenters`: the agent's own.
fn datacenters(request: Request<'_>) -> Result<Answer, Refused> {
    // Consul then answers the list as well, behind the error and with its status.
    Options::consistency(request.params, request.headers).map_err(Reply::bad_request)?;
    let reply = Reply::object(&[&request.front.datacenter]);
    Ok(match request.aging_cache_status("datacenters") {
        Some(status) => status.mark(reply).into(),
        None => reply.into(),
    })
}

/// The options and the permit of a read of the catalog or of health, and the name behind its path.
pub(super) fn named(
    request: Request<'_>,
    missing: &'static str,
) -> Result<(Options, Permit, String), Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let name = request.text_name();
    if name.is_empty() {
        return Err(Reply::bad_request(missing).into());
    }
    let permit = check(request)?;
    Ok((options, permit, name))
}

/// What is checked behind the options: the datacenter and the token.
pub(super) fn check(request: Request<'_>) -> Result<Permit, Refused> {
    request.check_datacenter_of_read()?;
    request.permit_of_read()
}

/// An answer with the header that the catalog and health have beside the index.
pub(super) fn reading(index: u64, reply: Reply, options: Options) -> Reading {
    let (name, value) = options.effective();
    Reading::new(index, reply.with(name, value))
}

/// The labels that nodes must have (`node-meta`). The last of those with one name counts.
pub(super) fn labels(request: Request<'_>) -> Vec<(String, String)> {
    let pairs = request.params.all("node-meta");
    let split = |pair: &str| {
        let (name, value) = pair.split_once(':').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    let labels: BTreeMap<_, _> = pairs.map(split).collect();
    labels.into_iter().collect()
}

/// Whether the permit shows an instance: its node and its service both.
pub(super) fn shows(permit: &Permit, instance: &Instance<'_>) -> bool {
    permit.sees_instance(&instance.node.node, &instance.service.name)
}
