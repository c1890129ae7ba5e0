//! Services: `/v1/catalog/services`, `/v1/catalog/service/…`, `/v1/catalog/connect/…` and
//! `/v1/catalog/gateway-services/…`.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_wire::consul::catalog::CatalogServiceRef;
use quorate_wire::consul::config_entry::ConfigKind;

use super::{check, labels, named, reading, shows};
use crate::consul::blocking::{self, Reading};
use crate::consul::cached::CacheStatus;
use crate::consul::filter::{self, CATALOG_SERVICE};
use crate::consul::near;
use crate::consul::options::Options;
use crate::consul::permit::{Permit, denied};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::Topic;
use crate::engine::consul::{Found, Instance, State, Table, config_entry};
use crate::waiters::Watch;

/// Labels that are none.
static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

/// The tags that an instance must have, all of them in any case of letters (`tag`).
#[derive(Debug)]
pub(in crate::consul) struct Tags(Vec<String>);

impl Tags {
    /// None: Consul does not select proxies by tags, and neither do we.
    pub(in crate::consul) fn none() -> Self {
        Self(Vec::new())
    }

    pub(in crate::consul) fn of(request: Request<'_>) -> Self {
        Self(request.params.all("tag").map(str::to_owned).collect())
    }

    pub(in crate::consul) fn keep(&self, instance: &Instance<'_>) -> bool {
        self.0.is_empty() || instance.service.has_tags(&self.0)
    }
}

/// `GET /v1/catalog/services`: every service with its tags, or those on nodes with all of the given
/// labels.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let permit = check(request)?;
    let labels = labels(request);
    let cached = request.cache_status("services");
    let watches = watches_of_all(request, &labels);
    let read = move |state: &State, permit: &Permit| {
        let found = state.services(&labels, |service| permit.service_read(&service.name));
        finish(found.index, Reply::object(&found.value), options, cached)
    };
    Ok(blocking::answer_permitted(
        request, permit, options, watches, read,
    ))
}

/// Any service; with labels, the services of the nodes that have them, and the nodes.
fn watches_of_all(request: Request<'_>, labels: &[(String, String)]) -> Vec<Watch> {
    if labels.is_empty() {
        return vec![Watch::Topic(Topic::Table(Table::Services))];
    }
    let snapshot = request.front.snapshot();
    let nodes = snapshot.consul().nodes().value.into_iter();
    let nodes = nodes.filter(|node| node.has_labels(labels));
    let topics = nodes.map(|node| Topic::Node(node.node.to_lowercase().into()));
    let topics = topics.chain([Topic::Table(Table::Nodes)]);
    topics.map(Watch::Topic).collect()
}

/// `GET /v1/catalog/service/:name`: the instances of a service.
pub(super) fn instances(request: Request<'_>) -> Result<Answer, Refused> {
    listing(
        request,
        Tags::of(request),
        "service",
        |state, name| state.instances(name),
        |state, name| {
            let exists = !state.instances(name).value.is_empty();
            let mut topics = vec![Topic::Service(name.into())];
            topics.extend((!exists).then_some(Topic::ServiceGone));
            topics
        },
    )
}

/// `GET /v1/catalog/connect/:name`: the instances that speak Connect for a service, whatever their
/// tags.
pub(super) fn connected(request: Request<'_>) -> Result<Answer, Refused> {
    listing(
        request,
        Tags::none(),
        "connect",
        |state, name| state.connected_instances(name),
        |state, name| {
            let gateways = state.terminating_gateways_of(name).into_iter();
            let gateways = gateways.map(|gateway| Topic::Service(gateway.into()));
            let kind = ConfigKind::TerminatingGateway;
            let own = [
                Topic::Connect(name.into()),
                config_entry::topic_of(kind.as_str(), None),
            ];
            own.into_iter().chain(gateways).collect()
        },
    )
}

type Find = for<'a> fn(&'a State, &str) -> Found<Vec<Instance<'a>>>;

/// Lists instances, each with its node in one object. `topics` are what the name in lower case is
/// waited for by.
fn listing(
    request: Request<'_>,
    tags: Tags,
    kind: &'static str,
    find: Find,
    topics: fn(&State, &str) -> Vec<Topic>,
) -> Result<Answer, Refused> {
    let (options, permit, name) = named(request, "Missing service name")?;
    let filter = request.filter(&CATALOG_SERVICE)?;
    let cached = request.cache_status(kind);
    let (labels, near) = (labels(request), request.near());
    let front = Arc::clone(request.front);
    let watches = match options.index {
        0 => Vec::new(),
        _ => topics(front.snapshot().consul(), &name.to_lowercase()),
    };
    let read = move |state: &State, permit: &Permit| {
        if kind != "service"
            && let Some(reading) = permit.check_proxied(&name)
        {
            return reading;
        }
        let Found { mut value, index } = find(state, &name);
        value.retain(|it| tags.keep(it) && it.node.has_labels(&labels) && shows(permit, it));
        near::sort(state, near.as_deref(), &mut value, |it| &it.node.node);
        let shown = value.iter().map(|it| show(it, &front.datacenter));
        let mut shown: Vec<_> = shown.collect();
        filter::retain(filter.as_ref(), &mut shown);
        finish(index, Reply::object(&shown), options, cached)
    };
    let watches = watches.into_iter().map(Watch::Topic);
    Ok(blocking::answer_permitted(
        request, permit, options, watches, read,
    ))
}

fn show<'a>(instance: &Instance<'a>, datacenter: &'a str) -> CatalogServiceRef<'a> {
    let Instance { node, service, .. } = instance;
    CatalogServiceRef {
        id: &node.id,
        node: &node.node,
        address: &node.address,
        datacenter,
        tagged_addresses: node.tagged_addresses.as_ref(),
        node_meta: node.meta.as_ref(),
        service_kind: &service.kind,
        service_id: &service.id,
        service_name: &service.name,
        service_tags: &service.tags,
        service_address: &service.address,
        service_tagged_addresses: &service.tagged_addresses,
        service_weights: service.weights.into(),
        service_meta: service.meta.as_ref().unwrap_or(&NO_LABELS),
        service_port: service.port,
        service_enable_tag_override: service.enable_tag_override,
        service_proxy: &service.proxy,
        service_connect: &service.connect,
        create_index: service.create_index,
        modify_index: service.modify_index,
    }
}

/// `GET /v1/catalog/gateway-services/:gateway`: the services behind a gateway, or `null`.
pub(super) fn behind_gateway(request: Request<'_>) -> Result<Answer, Refused> {
    let (options, permit, name) = named(request, "Missing gateway name")?;
    let watches = [
        config_entry::topic_of(ConfigKind::IngressGateway.as_str(), None),
        config_entry::topic_of(ConfigKind::TerminatingGateway.as_str(), None),
        Topic::Table(Table::Services),
        Topic::Table(Table::ConfigEntries),
    ];
    let read = move |state: &State, permit: &Permit| {
        if !permit.service_read(&name) {
            return Reading::without_headers(u64::MAX, denied().with_no_leader());
        }
        let mut found = state.gateway_services(&name);
        found
            .value
            .retain(|it| permit.service_read(&it.service.name));
        // Where access rules are on the list is filtered, and then it is there.
        let there = permit.is_restricted() || !found.value.is_empty();
        let shown = there.then_some(found.value);
        reading(found.index, Reply::object(&shown), options)
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        watches.map(Watch::Topic),
        read,
    ))
}

/// A reading with the headers of the cache where there is one.
pub(in crate::consul) fn finish(
    index: u64,
    reply: Reply,
    options: Options,
    cached: Option<CacheStatus>,
) -> blocking::Reading {
    let reply = match cached {
        Some(status) => status.mark(reply),
        None => reply,
    };
    reading(index, reply, options)
}
