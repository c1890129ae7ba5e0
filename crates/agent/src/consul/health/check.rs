//! Checks: `/v1/health/node/…`, `/v1/health/checks/…` and `/v1/health/state/…`.

use std::sync::Arc;

use crate::consul::blocking::{self, Reading};
use crate::consul::catalog::{labels, named, reading};
use crate::consul::filter::{self, Filter, HEALTH_CHECK};
use crate::consul::near;
use crate::consul::options::Options;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::Topic;
use crate::engine::consul::{Check, Found, State, Table};
use crate::waiters::Watch;

/// The state that every check is in.
const ANY: &str = "any";

/// `GET /v1/health/node/:node`: the checks of a node; none for one that does not exist.
pub(super) fn of_node(request: Request<'_>) -> Result<Answer, Refused> {
    let (options, permit, node) = named(request, "Missing node name")?;
    let filter = request.filter(&HEALTH_CHECK)?;
    let watch = Watch::Topic(Topic::NodeChecks(node.to_lowercase().into()));
    let read = move |state: &State, permit: &Permit| {
        show(state.node_checks(&node), permit, filter.as_ref(), options)
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [watch],
        read,
    ))
}

/// `GET /v1/health/checks/:service`: the checks of the instances of a service.
pub(super) fn of_service(request: Request<'_>) -> Result<Answer, Refused> {
    let (options, permit, service) = named(request, "Missing service name")?;
    let filter = request.filter(&HEALTH_CHECK)?;
    let (labels, near) = (labels(request), request.near());
    let lower: Box<str> = service.to_lowercase().into();
    let mut watches = vec![Watch::Topic(Topic::ServiceChecks(lower.clone()))];
    if !labels.is_empty() {
        watches.push(Watch::Topic(Topic::ServiceHealth(lower)));
    }
    let read = move |state: &State, permit: &Permit| {
        let mut found = state.service_checks(&service, &labels);
        near::sort(state, near.as_deref(), &mut found.value, |it| &it.node);
        show(found, permit, filter.as_ref(), options)
    };
    Ok(blocking::answer_permitted(
        request, permit, options, watches, read,
    ))
}

/// `GET /v1/health/state/:state`: the checks in a state, or all with `any`.
pub(super) fn in_state(request: Request<'_>) -> Result<Answer, Refused> {
    let (options, permit, wanted) = named(request, "Missing check state")?;
    let filter = request.filter(&HEALTH_CHECK)?;
    let (labels, near) = (labels(request), request.near());
    let watch = Watch::Topic(match wanted.as_str() {
        ANY => Topic::Table(Table::Checks),
        state => Topic::ChecksInState(state.into()),
    });
    let read = move |state: &State, permit: &Permit| {
        let mut found = state.checks(&labels, |check| wanted == ANY || check.status == wanted);
        near::sort(state, near.as_deref(), &mut found.value, |it| &it.node);
        show(found, permit, filter.as_ref(), options)
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [watch],
        read,
    ))
}

fn show(
    found: Found<Vec<&Arc<Check>>>,
    permit: &Permit,
    filter: Option<&Filter>,
    options: Options,
) -> Reading {
    let checks = found.value.into_iter();
    let checks = checks.filter(|check| permit.sees_check(check));
    let mut shown: Vec<_> = checks.map(|check| check.as_check_ref()).collect();
    filter::retain(filter, &mut shown);
    reading(found.index, Reply::object(&shown), options)
}
