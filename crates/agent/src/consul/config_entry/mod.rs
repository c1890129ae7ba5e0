//! Configuration entries: `/v1/config/…`.

mod decode;
mod fields;
pub(super) mod weak;

use std::sync::Arc;

use http::{Method, StatusCode};
use quorate_wire::consul::{ConfigEntry, ConfigKind};

use super::blocking::{self, Reading};
use super::body::Body;
use super::front::{Front, unexpected};
use super::options::{parse_u64, parse_u64_error};
use super::permit::{Permit, denied, require};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::config_entry::topic_of;
use crate::engine::consul::{Command, Reply as Outcome, State, Table};
use crate::quote::quote;
use crate::waiters::Watch;
pub(super) use decode::value_of;
use decode::{Refusal, decode};
pub(super) use fields::MESH_GATEWAY;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::put("config", set),
    Endpoint::new("config/", "OPTIONS,GET,DELETE", |request, _| named(request)),
];

/// The longest body that is read.
pub(super) const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// `PUT /v1/config`: whether it was set. The datacenter does not matter: entries belong to all.
fn set(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let permit = request.permit();
    let front = Arc::clone(request.front);
    let cas = request.params.text("cas").filter(|cas| !cas.is_empty());
    let cas = cas.map(|text| parse_u64(text).ok_or_else(|| parse_u64_error(text)));
    Ok(Answer::later(async move {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        let entry = match decode(&body, front.strict) {
            Ok(entry) => entry,
            Err(Refusal::Malformed(problem)) => return malformed(&problem),
            Err(Refusal::Invalid(problem)) => return Reply::server_error(problem),
        };
        match cas.transpose() {
            Ok(cas) => submit(&front, entry, cas, permit).await,
            Err(problem) => Reply::server_error(problem),
        }
    }))
}

/// A whole body, or why it can't be taken.
pub(super) async fn read(body: Body) -> Result<bytes::Bytes, Refused> {
    body.read(MAX_BODY_BYTES, malformed).await
}

pub(super) fn malformed(problem: &str) -> Reply {
    Reply::bad_request(format!("Bad request: Request decoding failed: {problem}"))
}

async fn submit(
    front: &Front,
    entry: ConfigEntry,
    cas: Option<u64>,
    permit: Result<Permit, Refused>,
) -> Reply {
    let may = |permit: Permit| {
        may_write(&permit, &entry.kind(), entry.name()) && reads_others(&permit, &entry)
    };
    match permit.map(may) {
        Ok(true) => {}
        Ok(false) => return denied(),
        Err(refused) => return *refused,
    }
    let command = Command::SetConfigEntry(Box::new(entry), cas);
    match front.submit(command).await {
        Ok(Outcome::Applied(done)) => Reply::flag(done),
        Ok(_) => unexpected(),
        Err(refused) => *refused,
    }
}

/// `/v1/config/:kind/:name`, `/v1/config/:kind` and `/v1/config/`.
fn named(request: Request<'_>) -> Result<Answer, Refused> {
    let path = request.text_name();
    if *request.method == Method::DELETE {
        return delete(request, &path);
    }
    let options = request.options()?;
    request.check_namespace()?;
    request.check_datacenter()?;
    let (kind, name) = match path.split_once('/') {
        Some((kind, name)) => (kind.to_owned(), Some(name.to_owned())),
        None => (path, None),
    };
    let is_all = kind.is_empty() && name.is_none();
    if !is_all && is_unknown(&kind) {
        return Err(Reply::server_error(unknown(&kind)).into());
    }
    let topic = match is_all {
        true => Topic::Table(Table::ConfigEntries),
        false => topic_of(&kind, name.as_deref()),
    };
    let permit = request.permit()?;
    if let Some(name) = &name {
        require(may_read(&permit, &ConfigKind::from(kind.as_str()), name))?;
    }
    let watch = [Watch::Topic(topic)];
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        watch,
        move |state, permit| match &name {
            Some(name) => one(state, &kind, name),
            None => list(state, &kind, permit),
        },
    ))
}

fn one(state: &State, kind: &str, name: &str) -> Reading {
    let found = state.config_entry(kind, name);
    let reply = match found.value {
        Some(entry) => Reply::object(&**entry),
        None => Reply::text(
            StatusCode::NOT_FOUND,
            format!(
                "Config entry not found for {} / {}",
                quote(kind),
                quote(name)
            ),
        ),
    };
    Reading::new(found.index, reply)
}

fn list(state: &State, kind: &str, permit: &Permit) -> Reading {
    let mut found = state.config_entries(kind);
    if permit.is_restricted() {
        let entries = &mut found.value;
        entries.retain(|entry| may_read(permit, &entry.kind(), entry.name()));
    }
    Reading::new(found.index, Reply::object(&found.value))
}

/// `DELETE /v1/config/:kind/:name`: `{}`, also for an entry that does not exist.
fn delete(request: Request<'_>, path: &str) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let Some((kind, name)) = path.split_once('/') else {
        const TEXT: &str = "Must provide both a kind and name to delete";
        return Err(Reply::text(StatusCode::NOT_FOUND, TEXT).into());
    };
    if is_unknown(kind) {
        return Err(Reply::bad_request(unknown(kind)).into());
    }
    let permit = request.permit()?;
    require(may_write(&permit, &ConfigKind::from(kind), name))?;
    let command = Command::DeleteConfigEntry {
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        match front.submit(command).await {
            Ok(_) => Reply::json("{}"),
            Err(refused) => *refused,
        }
    }))
}

/// Everybody may know what all proxies have in common.
fn may_read(permit: &Permit, kind: &ConfigKind, name: &str) -> bool {
    *kind == ConfigKind::ProxyDefaults || permit.service_read(name)
}

fn may_write(permit: &Permit, kind: &ConfigKind, name: &str) -> bool {
    match kind {
        ConfigKind::ProxyDefaults | ConfigKind::IngressGateway | ConfigKind::TerminatingGateway => {
            permit.operator_write()
        }
        _ => permit.service_write(name),
    }
}

/// Who sends requests on to other services must be able to find these.
fn reads_others(permit: &Permit, entry: &ConfigEntry) -> bool {
    let reads = |service: &str| service.is_empty() || permit.service_read(service);
    match entry {
        ConfigEntry::ServiceRouter(router) => {
            let mut routes = router.routes.iter();
            routes.all(|route| {
                route
                    .destination
                    .as_ref()
                    .is_none_or(|it| reads(&it.service))
            })
        }
        ConfigEntry::ServiceSplitter(splitter) => {
            splitter.splits.iter().all(|split| reads(&split.service))
        }
        ConfigEntry::ServiceResolver(resolver) => {
            let redirect = resolver.redirect.as_ref();
            redirect.is_none_or(|it| reads(&it.service))
                && resolver.failover.values().all(|it| reads(&it.service))
        }
        _ => true,
    }
}

fn is_unknown(kind: &str) -> bool {
    matches!(ConfigKind::from(kind), ConfigKind::Other(_))
}

fn unknown(kind: &str) -> String {
    format!("invalid config entry kind: {kind}")
}
