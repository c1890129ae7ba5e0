//! Running a prepared query.

use quorate_wire::consul::health::{CRITICAL, PASSING};
use quorate_wire::consul::prepared_query::{QueryDns, ServiceQuery};
use serde::Serialize;

use super::super::near;
use super::super::permit::Permit;
use super::super::reply::{Refused, Reply};
use super::super::request::{Answer, Request};
use super::instance::{self, Instance};
use super::{level, reading, unresolvable};
use crate::engine::consul::State;
use crate::identity::random;
use crate::quote::quote;

/// How deep into the sorted instances the node itself is searched for.
const OWN_WITHIN: usize = 10;

/// The answer of a query.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Found<'a, I: Serialize> {
    service: &'a str,
    nodes: Vec<I>,
    #[serde(rename = "DNS")]
    dns: &'a QueryDns,
    datacenter: &'a str,
    failovers: u32,
    index: u64,
    last_contact: u64,
    known_leader: bool,
    consistency_level: String,
}

/// `GET /v1/query/:name/execute`: the healthy instances that a query finds, in random order or by
/// their distance.
pub(super) fn execute(request: Request<'_>, name: &str) -> Result<Answer, Refused> {
    let (limit, connect) = parameters(request)?;
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let front = request.front;
    let snapshot = front.snapshot();
    let state = snapshot.consul();
    let query = state.resolve_prepared_query(name);
    let cached = request.params.has("cached");
    let query = query.map_err(|unresolved| unresolvable(&unresolved, cached))?;
    // A query with a token of its own sees what that may see.
    let permit = request.permit_of(query.token.expose());
    let permit = permit.map_err(|refused| Box::new(refused.with_no_leader()))?;
    let mut instances = search(state, &query.service, connect, &permit);
    shuffle(&mut instances);
    let near = source(request, state, &query.service.near);
    sort(state, near.as_deref(), &mut instances);
    if let Some(limit) = limit {
        instances.truncate(limit);
    }
    let nodes = instances.iter();
    let found = Found {
        service: &query.service.service,
        nodes: nodes
            .map(|instance| instance.show(&front.datacenter))
            .collect(),
        dns: &query.dns,
        datacenter: &front.datacenter,
        // There is no other datacenter to ask.
        failovers: 0,
        index: 0,
        last_contact: 0,
        known_leader: true,
        consistency_level: level(options),
    };
    let reply = reading(1, Reply::object(&found), options).reply;
    Ok(match request.aging_cache_status("execute") {
        Some(status) => status.mark(reply).into(),
        None => reply.into(),
    })
}

/// `limit` and `connect`; without a limit, or with one below 1, all are answered.
fn parameters(request: Request<'_>) -> Result<(Option<usize>, bool), Refused> {
    let limit = match request.params.text("limit") {
        None => None,
        Some(text) => {
            let limit = parse_limit(text).map_err(|problem| {
                let text = quote(text);
                Reply::server_error(format!(
                    "Bad limit: strconv.Atoi: parsing {text}: {problem}"
                ))
            })?;
            usize::try_from(limit).ok().filter(|limit| *limit > 0)
        }
    };
    let connect = match request.params.text("connect") {
        None => false,
        Some(text) => crate::go_number::parse_bool(text).ok_or_else(|| {
            let text = quote(text);
            Reply::server_error(format!(
                "Error parsing 'connect' value: strconv.ParseBool: parsing {text}: invalid syntax"
            ))
        })?,
    };
    Ok((limit, connect))
}

fn parse_limit(text: &str) -> Result<i64, &'static str> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("invalid syntax");
    }
    text.parse().map_err(|_| "value out of range")
}

fn search<'a>(
    state: &'a State,
    wanted: &ServiceQuery,
    connect: bool,
    permit: &Permit,
) -> Vec<Instance<'a>> {
    let mut found = match wanted.connect || connect {
        true => instance::of_mesh(state, &wanted.service),
        false => instance::of(state, &wanted.service),
    };
    found.retain(|instance| {
        is_healthy(instance, wanted)
            && has_meta(instance, wanted)
            && has_tags(instance, wanted)
            && (!permit.is_restricted() || is_visible(instance, permit))
    });
    found
}

fn is_visible(instance: &Instance<'_>, permit: &Permit) -> bool {
    permit.service_read(&instance.service.name) && permit.node_read(&instance.node.node)
}

fn is_healthy(instance: &Instance<'_>, wanted: &ServiceQuery) -> bool {
    let ignored = wanted.ignore_check_ids.as_deref().unwrap_or_default();
    let mut counted = instance
        .checks
        .iter()
        .filter(|check| !ignored.contains(&check.check_id));
    counted
        .all(|check| check.status != CRITICAL && (!wanted.only_passing || check.status == PASSING))
}

fn has_meta(instance: &Instance<'_>, wanted: &ServiceQuery) -> bool {
    let pairs = [
        (&wanted.node_meta, &instance.node.meta),
        (&wanted.service_meta, &instance.service.meta),
    ];
    pairs.into_iter().all(|(wanted, given)| {
        let given = given.as_ref();
        let mut wanted = wanted.iter().flatten();
        wanted.all(|(key, value)| given.and_then(|given| given.get(key)) == Some(value))
    })
}

/// Tags are compared in any case of letters.
fn has_tags(instance: &Instance<'_>, wanted: &ServiceQuery) -> bool {
    let given: Vec<_> = instance
        .service
        .tags
        .iter()
        .map(|tag| tag.to_lowercase())
        .collect();
    let mut wanted = wanted.tags.iter().flatten().map(|tag| tag.to_lowercase());
    wanted.all(|tag| match tag.strip_prefix('!') {
        Some(tag) => !given.iter().any(|it| it == tag),
        None => given.contains(&tag),
    })
}

fn shuffle<T>(things: &mut [T]) {
    for last in (1..things.len()).rev() {
        let choices = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        let other = usize::try_from(random() % choices).unwrap_or(0);
        things.swap(last, other);
    }
}

/// The node that distances are measured from: of the request, or else of the query.
fn source(request: Request<'_>, state: &State, stored: &str) -> Option<String> {
    let near = request.params.text("near").unwrap_or(stored);
    match near {
        "" => None,
        "_agent" => Some(request.front.node.name.clone()),
        "_ip" => {
            let address = client_address(request);
            let nodes = state.nodes().value.into_iter();
            let mut at = nodes.filter(|node| node.address == address);
            at.next().map(|node| node.node.clone())
        }
        name => Some(name.to_owned()),
    }
}

/// Where the client is, as a proxy in front says; otherwise it is on this machine, which is where
/// the agent listens.
fn client_address(request: Request<'_>) -> String {
    let forwarded = request.headers.get("x-forwarded-for");
    let forwarded = forwarded.and_then(|value| value.to_str().ok());
    let first = forwarded.and_then(|value| value.split(',').next());
    first.map_or_else(|| "127.0.0.1".to_owned(), |it| it.trim().to_owned())
}

/// Sorts by distance, with the node itself in front.
fn sort(state: &State, near: Option<&str>, instances: &mut [Instance<'_>]) {
    near::sort(state, near, instances, |instance| &instance.node.node);
    let Some(near) = near else {
        return;
    };
    let mut nearest = instances.iter().take(OWN_WITHIN);
    let own = nearest.position(|instance| instance.node.node.eq_ignore_ascii_case(near));
    if let Some(own) = own {
        instances.swap(0, own);
    }
}
