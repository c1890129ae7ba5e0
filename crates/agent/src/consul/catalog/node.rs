//! Nodes: `/v1/catalog/nodes`, `/v1/catalog/node/…` and `/v1/catalog/node-services/…`.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_wire::consul::catalog::NodeRef;
use quorate_wire::consul::service::NodeServiceRef;
use serde::Serialize;

use super::{check, labels, named, reading};
use crate::consul::blocking;
use crate::consul::filter::{self, Filter, NODE, NODE_SERVICE};
use crate::consul::near;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::Topic;
use crate::engine::consul::{Node, Service, State, Table};
use crate::waiters::Watch;

/// `GET /v1/catalog/nodes`: all nodes by name, or those with all of the given labels.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    let permit = check(request)?;
    let filter = request.filter(&NODE)?;
    let near = request.near();
    let labels = labels(request);
    let datacenter = request.front.datacenter.clone();
    let watch = Watch::Topic(Topic::Table(Table::Nodes));
    let read = move |state: &State, permit: &Permit| {
        let found = state.nodes();
        let nodes = found.value.into_iter();
        let nodes = nodes.filter(|node| node.has_labels(&labels) && permit.node_read(&node.node));
        let mut shown: Vec<_> = nodes.map(|node| node.as_node_ref(&datacenter)).collect();
        filter::retain(filter.as_ref(), &mut shown);
        near::sort(state, near.as_deref(), &mut shown, |node| node.node);
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

/// A node and its services by id.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WholeNode<'a> {
    node: NodeRef<'a>,
    services: BTreeMap<&'a str, NodeServiceRef<'a>>,
}

/// `GET /v1/catalog/node/:node`: a node and its services, or `null`.
pub(super) fn one(request: Request<'_>) -> Result<Answer, Refused> {
    let (options, permit, name) = named(request, "Missing node name")?;
    let filter = request.filter(&NODE_SERVICE)?;
    let datacenter = request.front.datacenter.clone();
    let watch = watch(request, &name);
    let read = move |state: &State, permit: &Permit| {
        let found = state.find_node(&name);
        let node = found.value.filter(|node| permit.node_read(&node.node));
        let shown = node.map(|node| WholeNode {
            node: node.as_node_ref(&datacenter),
            services: services_of(state, node, permit, filter.as_ref())
                .map(|service| (service.id, service))
                .collect(),
        });
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

/// A node and the list of its services; both are missing when there is no such node.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NodeWithServices<'a> {
    node: Option<NodeRef<'a>>,
    services: Option<Vec<NodeServiceRef<'a>>>,
}

/// `GET /v1/catalog/node-services/:node`: a node and the list of its services.
pub(super) fn services(request: Request<'_>) -> Result<Answer, Refused> {
    let (options, permit, name) = named(request, "Missing node name")?;
    let filter = request.filter(&NODE_SERVICE)?;
    let datacenter = request.front.datacenter.clone();
    let watch = watch(request, &name);
    let read = move |state: &State, permit: &Permit| {
        let found = state.find_node(&name);
        let node = found.value.filter(|node| permit.node_read(&node.node));
        let shown = node.map(|node| {
            let services: Vec<_> = services_of(state, node, permit, filter.as_ref()).collect();
            // Go's list is null only when nothing was ever in it; one that a filter or rules emptied is not.
            let is_list = filter.is_some() || !state.node_services(&node.node).value.is_empty();
            NodeWithServices {
                node: Some(node.as_node_ref(&datacenter)),
                services: is_list.then_some(services),
            }
        });
        let shown = shown.unwrap_or_default();
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

/// The node that is there now is what is waited for, by whichever name it was found.
fn watch(request: Request<'_>, name: &str) -> Watch {
    let snapshot = request.front.snapshot();
    let found = snapshot.consul().find_node(name).value;
    let name = found.map_or(name, |node| &node.node);
    Watch::Topic(Topic::Node(name.to_lowercase().into()))
}

fn services_of<'a>(
    state: &'a State,
    node: &'a Arc<Node>,
    permit: &'a Permit,
    filter: Option<&'a Filter>,
) -> impl Iterator<Item = NodeServiceRef<'a>> {
    let services = state.node_services(&node.node).value.into_iter();
    let services = services.filter(|service| permit.service_read(&service.name));
    let shown = services.map(|service| Service::as_service_ref(service));
    shown.filter(move |service| filter.is_none_or(|filter| filter.keeps(service)))
}
