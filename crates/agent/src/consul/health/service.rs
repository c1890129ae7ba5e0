//! Instances with their health: `/v1/health/service/…`, `/v1/health/connect/…` and
//! `/v1/health/ingress/…`.

use std::sync::Arc;

use quorate_wire::consul::config_entry::ConfigKind;
use quorate_wire::consul::health::{PASSING, ServiceEntryRef};
use serde::{Serialize, Serializer};

use crate::consul::blocking::{self, Reading};
use crate::consul::cached::CacheStatus;
use crate::consul::catalog::{Tags, finish, labels, named, shows};
use crate::consul::filter::{Filter, SERVICE_ENTRY};
use crate::consul::front::Front;
use crate::consul::near;
use crate::consul::options::Options;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::Topic;
use crate::engine::consul::{Check, Found, Instance, State, config_entry};
use crate::go_number::parse_bool;
use crate::waiters::Watch;

/// `GET /v1/health/service/:name`: the instances of a service, with all checks that concern them.
pub(super) fn instances(request: Request<'_>) -> Result<Answer, Refused> {
    listing(
        request,
        Tags::of(request),
        "health-service",
        |state, name| state.instances_with_health(name),
        |state, name| {
            let exists = !state.instances(name).value.is_empty();
            let mut topics = vec![Topic::ServiceHealth(name.into())];
            topics.extend((!exists).then_some(Topic::ServiceGone));
            topics
        },
    )
}

/// `GET /v1/health/connect/:name`: the instances that speak Connect for a service.
pub(super) fn connected(request: Request<'_>) -> Result<Answer, Refused> {
    listing(
        request,
        Tags::none(),
        "health-connect",
        |state, name| state.connected_instances_with_health(name),
        |state, name| {
            let gateways = state.terminating_gateways_of(name).into_iter();
            let gateways = gateways.map(|gateway| Topic::ServiceHealth(gateway.into()));
            let kind = ConfigKind::TerminatingGateway;
            let own = [
                Topic::ConnectHealth(name.into()),
                config_entry::topic_of(kind.as_str(), None),
            ];
            own.into_iter().chain(gateways).collect()
        },
    )
}

/// `GET /v1/health/ingress/:name`: the ingress gateways that lead to a service.
pub(super) fn ingress(request: Request<'_>) -> Result<Answer, Refused> {
    listing(
        request,
        Tags::none(),
        "health-ingress",
        |state, name| state.ingress_instances_with_health(name),
        |state, name| {
            let gateways = state.ingress_gateways_of(name).into_iter();
            let gateways = gateways.map(|gateway| Topic::ServiceHealth(gateway.into()));
            let own = config_entry::topic_of(ConfigKind::IngressGateway.as_str(), None);
            [own].into_iter().chain(gateways).collect()
        },
    )
}

type Find = for<'a> fn(&'a State, &str) -> Found<Vec<Instance<'a>>>;

/// What a listing keeps, and how it shows it.
struct Listing {
    name: String,
    /// Whether it is of what stands before the service.
    proxied: bool,
    find: Find,
    tags: Tags,
    labels: Vec<(String, String)>,
    near: Option<String>,
    passing: bool,
    filter: Option<Filter>,
    cached: Option<CacheStatus>,
    options: Options,
    front: Arc<Front>,
}

fn listing(
    request: Request<'_>,
    tags: Tags,
    kind: &'static str,
    find: Find,
    topics: fn(&State, &str) -> Vec<Topic>,
) -> Result<Answer, Refused> {
    let (options, permit, name) = named(request, "Missing service name")?;
    let filter = request.filter(&SERVICE_ENTRY)?;
    let passing = passing(request)?;
    let front = Arc::clone(request.front);
    let watches = match options.index {
        0 => Vec::new(),
        _ => topics(front.snapshot().consul(), &name.to_lowercase()),
    };
    let listing = Listing {
        name,
        proxied: kind != "health-service",
        find,
        tags,
        labels: labels(request),
        near: request.near(),
        passing,
        filter,
        cached: request.cache_status(kind),
        options,
        front,
    };
    let watches = watches.into_iter().map(Watch::Topic);
    let read = move |state: &State, permit: &Permit| listing.read(state, permit);
    Ok(blocking::answer_permitted(
        request, permit, options, watches, read,
    ))
}

/// Whether only instances are wanted that pass all checks: a flag, or a word as Go reads it.
fn passing(request: Request<'_>) -> Result<bool, Refused> {
    match request.params.get("passing") {
        None => Ok(false),
        Some("") => Ok(true),
        Some(word) => {
            parse_bool(word).ok_or_else(|| Reply::bad_request("Invalid value for ?passing").into())
        }
    }
}

impl Listing {
    fn read(&self, state: &State, permit: &Permit) -> Reading {
        if self.proxied
            && let Some(reading) = permit.check_proxied(&self.name)
        {
            return reading;
        }
        let Found { mut value, index } = (self.find)(state, &self.name);
        value.retain(|it| {
            self.tags.keep(it) && it.node.has_labels(&self.labels) && shows(permit, it)
        });
        near::sort(state, self.near.as_deref(), &mut value, |it| &it.node.node);
        let entries = Entries {
            listing: self,
            state,
            instances: &value,
        };
        finish(index, Reply::object(&entries), self.options, self.cached)
    }
}

/// The entries as they are written: nothing of them is copied.
struct Entries<'a> {
    listing: &'a Listing,
    state: &'a State,
    instances: &'a [Instance<'a>],
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            listing,
            state,
            instances,
        } = self;
        let entries = instances.iter().map(|instance| {
            let (node, own) = state.instance_checks(*instance);
            ServiceEntryRef {
                node: instance.node.as_node_ref(&listing.front.datacenter),
                service: instance.service.as_service_ref(),
                checks: Checks { node, own },
            }
        });
        let filter = listing.filter.as_ref();
        let kept = entries.filter(|entry| filter.is_none_or(|filter| filter.keeps(entry)));
        if !listing.passing {
            return serializer.collect_seq(kept);
        }
        let mut kept: Vec<_> = kept.collect();
        let mut at = 0;
        while let Some(entry) = kept.get(at) {
            // Consul moves the last one to where it takes one out.
            match entry.checks.all_pass() {
                true => at += 1,
                false => drop(kept.swap_remove(at)),
            }
        }
        serializer.collect_seq(kept)
    }
}

/// The checks that concern an instance: those of its node, then its own.
struct Checks<'a> {
    node: &'a [Arc<Check>],
    own: &'a [Arc<Check>],
}

impl Checks<'_> {
    fn iter(&self) -> impl Iterator<Item = &Arc<Check>> {
        self.node.iter().chain(self.own)
    }

    fn all_pass(&self) -> bool {
        self.iter().all(|check| check.status == PASSING)
    }
}

impl Serialize for Checks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|check| check.as_check_ref()))
    }
}
