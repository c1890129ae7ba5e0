//! Reads of the catalog: `/v1/catalog/…`.

use std::collections::BTreeMap;

use quorate_wire::consul::Node as ShownNode;
use serde::Serialize;

use super::blocking::{self, Reading};
use super::catalog_register::{deregister, register};
use super::filter::{self, NODE, NODE_SERVICE};
use super::near;
use super::options::Options;
use super::permit::Permit;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{Node, Service, State, Table};
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("catalog/datacenters", |request, _| datacenters(request)),
    Endpoint::get("catalog/nodes", |request, _| nodes(request)),
    Endpoint::get("catalog/node/", |request, _| node(request)),
    Endpoint::put("catalog/register", register),
    Endpoint::put("catalog/deregister", deregister),
];

/// `GET /v1/catalog/datacenters`: the agent's own.
fn datacenters(request: Request<'_>) -> Result<Answer, Refused> {
    // Consul then answers the list as well, behind the error and with its status.
    Options::consistency(request.params, request.headers).map_err(Reply::bad_request)?;
    Ok(Reply::object(&[&request.front.datacenter]).into())
}

/// `GET /v1/catalog/nodes`: all nodes by name, or those with all of the given labels.
fn nodes(request: Request<'_>) -> Result<Answer, Refused> {
    let options = check(request)?;
    let permit = request.permit_of_read()?;
    let filter = request.filter(&NODE)?;
    let near = request.near();
    let labels = labels(request);
    let datacenter = request.front.datacenter.clone();
    let watch = Watch::Topic(Topic::Table(Table::Nodes));
    let read = move |state: &State, permit: &Permit| {
        let found = state.nodes();
        let nodes = found.value.iter().filter(|node| has_labels(node, &labels));
        let nodes = nodes.filter(|node| permit.node_read(&node.node));
        let mut shown: Vec<_> = nodes.map(|node| show(node, &datacenter)).collect();
        filter::retain(filter.as_ref(), &mut shown);
        near::sort(state, near.as_deref(), &mut shown, |node| &node.node);
        reading(found.index, Reply::object(&shown), options)
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [watch],
        read,
    ))
}

/// `GET /v1/catalog/node/:node`: a node and its services, or `null`.
fn node(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let name = request.text_name();
    if name.is_empty() {
        return Err(Reply::bad_request("Missing node name").into());
    }
    let options = check_with(request, options)?;
    let permit = request.permit_of_read()?;
    let filter = request.filter(&NODE_SERVICE)?;
    let datacenter = request.front.datacenter.clone();
    let watch = Watch::Topic(Topic::Node(name.to_lowercase().into()));
    let read = move |state: &State, permit: &Permit| {
        let (index, mut shown) = show_whole(state, &name, &datacenter);
        shown.take_if(|shown| !permit.node_read(&shown.node.node));
        if let Some(shown) = &mut shown {
            let services = &mut shown.services;
            services.retain(|_, service| permit.service_read(&service.service));
        }
        if let (Some(shown), Some(filter)) = (&mut shown, &filter) {
            shown.services.retain(|_, service| filter.keeps(service));
        }
        reading(index, Reply::object(&shown), options)
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [watch],
        read,
    ))
}

/// The options of a read of the catalog or of health, which other servers could not answer better.
pub(super) fn check(request: Request<'_>) -> Result<Options, Refused> {
    let options = request.options()?;
    check_with(request, options)
}

/// The checks behind the options.
pub(super) fn check_with(request: Request<'_>, options: Options) -> Result<Options, Refused> {
    request.check_datacenter_of_read()?;
    Ok(options)
}

/// An answer with the header that the catalog and health have beside the index.
pub(super) fn reading(index: u64, reply: Reply, options: Options) -> Reading {
    let (name, value) = options.effective();
    Reading::new(index, reply.with(name, value))
}

/// The labels that nodes must have (`node-meta`).
pub(super) fn labels(request: Request<'_>) -> Vec<(String, String)> {
    let pairs = request.params.all("node-meta");
    let split = |pair: &str| {
        let (name, value) = pair.split_once(':').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    pairs.map(split).collect()
}

pub(super) fn has_labels(node: &Node, labels: &[(String, String)]) -> bool {
    let meta = node.meta.as_ref();
    let has = |(name, value): &(String, String)| {
        meta.and_then(|meta| meta.get(name))
            .is_some_and(|given| given == value)
    };
    labels.iter().all(has)
}

pub(super) fn show(node: &Node, datacenter: &str) -> ShownNode {
    let mut shown = ShownNode::default();
    shown.id.clone_from(&node.id);
    shown.node.clone_from(&node.node);
    shown.address.clone_from(&node.address);
    datacenter.clone_into(&mut shown.datacenter);
    shown.tagged_addresses.clone_from(&node.tagged_addresses);
    shown.meta.clone_from(&node.meta);
    shown.create_index = node.create_index;
    shown.modify_index = node.modify_index;
    shown
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WholeNode {
    node: ShownNode,
    services: BTreeMap<String, ShownService>,
}

/// A service as the catalog shows it. The empty objects are Consul's for what has no proxy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownService {
    #[serde(rename = "ID")]
    id: String,
    service: String,
    tags: Vec<String>,
    address: String,
    meta: Option<BTreeMap<String, String>>,
    port: i64,
    weights: ShownWeights,
    enable_tag_override: bool,
    proxy: ShownProxy,
    connect: Empty,
    create_index: u64,
    modify_index: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownWeights {
    passing: i64,
    warning: i64,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownProxy {
    mesh_gateway: Empty,
    expose: Empty,
}

#[derive(Default, Serialize)]
struct Empty {}

fn show_whole(state: &State, name: &str, datacenter: &str) -> (u64, Option<WholeNode>) {
    let found = state.node(name);
    let shown = found.value.map(|node| WholeNode {
        node: show(node, datacenter),
        services: {
            let services = state.node_services(name).value.into_iter();
            services
                .map(|service| (service.id.clone(), show_service(service)))
                .collect()
        },
    });
    (found.index, shown)
}

pub(super) fn show_service(service: &Service) -> ShownService {
    ShownService {
        id: service.id.clone(),
        service: service.name.clone(),
        tags: service.tags.clone(),
        address: service.address.clone(),
        meta: service.meta.clone(),
        port: service.port,
        weights: ShownWeights {
            passing: service.weights.passing,
            warning: service.weights.warning,
        },
        enable_tag_override: service.enable_tag_override,
        proxy: ShownProxy::default(),
        connect: Empty::default(),
        create_index: service.create_index,
        modify_index: service.modify_index,
    }
}
