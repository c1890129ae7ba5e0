//! Health checks: `/v1/health/…`.

use quorate_wire::consul::HealthCheck;
use quorate_wire::consul::health::Definition;
use serde_json::Value;

use super::blocking;
use super::catalog::{check_with, has_labels, labels, reading};
use super::filter::{self, HEALTH_CHECK};
use super::near;
use super::permit::Permit;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{Check, State, Table};
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("health/node/", |request, _| of_node(request)),
    Endpoint::get("health/state/", |request, _| in_state(request)),
];

/// `GET /v1/health/node/:node`: the checks of a node; none for one that does not exist.
fn of_node(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let node = request.text_name();
    if node.is_empty() {
        return Err(Reply::bad_request("Missing node name").into());
    }
    let options = check_with(request, options)?;
    let permit = request.permit_of_read()?;
    let filter = request.filter(&HEALTH_CHECK)?;
    let watch = Watch::Topic(Topic::NodeChecks(node.to_lowercase().into()));
    let read = move |state: &State, permit: &Permit| {
        let found = state.node_checks(&node);
        let checks = found.value.into_iter();
        let checks = checks.filter(|check| permit.sees_check(check));
        let mut shown: Vec<_> = checks.map(|check| show(check)).collect();
        filter::retain(filter.as_ref(), &mut shown);
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

/// `GET /v1/health/state/:state`: the checks in a state, or all with `any`.
fn in_state(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let wanted = request.text_name();
    if wanted.is_empty() {
        return Err(Reply::bad_request("Missing check state").into());
    }
    let options = check_with(request, options)?;
    let permit = request.permit_of_read()?;
    let filter = request.filter(&HEALTH_CHECK)?;
    let near = request.near();
    let labels = labels(request);
    let watch = Watch::Topic(Topic::Table(Table::Checks));
    let read = move |state: &State, permit: &Permit| {
        let mut shown = checks_in_state(state, permit, &wanted, &labels);
        filter::retain(filter.as_ref(), &mut shown);
        near::sort(state, near.as_deref(), &mut shown, |check| &check.node);
        reading(
            state.table_index(Table::Checks),
            Reply::object(&shown),
            options,
        )
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [watch],
        read,
    ))
}

fn checks_in_state(
    state: &State,
    permit: &Permit,
    wanted: &str,
    labels: &[(String, String)],
) -> Vec<HealthCheck> {
    let nodes = state.nodes().value.into_iter();
    let nodes = nodes.filter(|node| has_labels(node, labels));
    let checks = nodes.flat_map(|node| state.node_checks(&node.node).value);
    let checks = checks.filter(|check| permit.sees_check(check));
    let checks = checks.filter(|check| wanted == "any" || check.status == wanted);
    checks.map(|check| show(check)).collect()
}

pub(super) fn show(check: &Check) -> HealthCheck {
    let mut shown = HealthCheck::default();
    shown.node.clone_from(&check.node);
    shown.check_id.clone_from(&check.check_id);
    shown.name.clone_from(&check.name);
    shown.status = check.status.as_str().into();
    shown.notes.clone_from(&check.notes);
    shown.output.clone_from(&check.output);
    shown.service_id.clone_from(&check.service_id);
    shown.service_name.clone_from(&check.service_name);
    shown.service_tags.clone_from(&check.service_tags);
    shown.r#type.clone_from(&check.check_type);
    if let Value::Object(definition) = &check.definition {
        shown.definition = Definition(definition.clone());
    }
    shown.create_index = check.create_index;
    shown.modify_index = check.modify_index;
    shown
}
