//! The agent's own checks: `/v1/agent/checks` and `/v1/agent/check/…`.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_wire::consul::health::HealthCheckRef;
use quorate_wire::consul::health::{CRITICAL, PASSING, WARNING};

use super::agent_check_decode::{SentCheck, is_status};
use super::agent_service::{MAX_BODY_BYTES, submit};
use super::body::Body;
use super::decode::{DecodeError, Json, Place, text_of};
use super::filter::HEALTH_CHECK;
use super::front::Front;
use super::object::Object;
use super::permit::Permit;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::consul::{Check, LocalChange, LocalCheck};
use crate::local::Settings;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("agent/checks", |request, _| list(request)),
    Endpoint::put("agent/check/register", register),
    Endpoint::put("agent/check/deregister/", |request, _| deregister(request)).with_get_of_old(),
    Endpoint::put("agent/check/pass/", |request, _| note(request, PASSING)).with_get_of_old(),
    Endpoint::put("agent/check/warn/", |request, _| note(request, WARNING)).with_get_of_old(),
    Endpoint::put("agent/check/fail/", |request, _| note(request, CRITICAL)).with_get_of_old(),
    Endpoint::put("agent/check/update/", update),
];

/// `GET /v1/agent/checks`: all checks by id.
fn list(request: Request<'_>) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let permit = request.permit()?;
    let filter = request.check_filter(&HEALTH_CHECK)?;
    let front = request.front;
    let snapshot = front.snapshot();
    let state = snapshot.consul();
    let checks = state.local_checks().map(|it| &it.check);
    let checks = checks.filter(|it| permit.check_read(state, &front.node.name, it));
    let mut checks: BTreeMap<&str, HealthCheckRef<'_>> = checks
        .map(|it| (it.check_id.as_str(), show(it, front)))
        .collect();
    if let Some(filter) = filter {
        checks.retain(|_, check| filter.keeps(check));
    }
    Ok(Reply::object(&checks).into())
}

fn show<'a>(check: &'a Check, front: &'a Front) -> HealthCheckRef<'a> {
    HealthCheckRef {
        node: &front.node.name,
        ..check.as_check_ref()
    }
}

/// `PUT /v1/agent/check/register`.
fn register(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let (front, permit) = (Arc::clone(request.front), request.permit());
    Ok(Answer::later(async move {
        let check = async {
            let body = body.collect(MAX_BODY_BYTES).await;
            let body = body.map_err(|error| error.refuse(MAX_BODY_BYTES))?;
            let sent = text_of(&body).and_then(|text| SentCheck::alone(&text, front.strict));
            let sent = sent.map_err(|error| error.refuse())?;
            into_local(sent, &front, permit)
        };
        match check.await {
            Ok(check) => submit(&front, LocalChange::RegisterCheck(Box::new(check))).await,
            Err(refused) => *refused,
        }
    }))
}

fn into_local(
    mut sent: SentCheck,
    front: &Front,
    permit: Result<Permit, Refused>,
) -> Result<LocalCheck, Refused> {
    if sent.name.is_empty() {
        return Err(Reply::bad_request("Missing check name").into());
    }
    if !sent.status.is_empty() && !is_status(&sent.status) {
        return Err(Reply::bad_request("Bad check status").into());
    }
    let valid = sent.validate(front.compat);
    valid.map_err(|text| Reply::bad_request(format!("Invalid check: {text}")))?;
    if sent.id.is_empty() {
        sent.id.clone_from(&sent.name);
    }
    let known = front.snapshot();
    permit?.check_check(known.consul(), &front.node.name, &sent.id, &sent.service_id)?;
    let service = &sent.service_id;
    // The engine says so too, but Consul looks at the service first.
    if service.is_empty() || known.consul().local_service(service).is_some() {
        refuse_programs(&sent, &front.local)?;
    }
    Ok(sent.into_local(&front.local))
}

/// Refuses checks that run programs unless that was allowed, and those within containers.
pub(super) fn refuse_programs(check: &SentCheck, settings: &Settings) -> Result<(), Refused> {
    const DISABLED: &str = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
    const DOCKER: &str = "Docker checks are not run by this agent";
    let text = if check.runs_a_program() && !settings.script_checks {
        DISABLED
    } else if check.is_docker() {
        DOCKER
    } else {
        return Ok(());
    };
    Err(Reply::server_error(text).into())
}

/// `PUT /v1/agent/check/deregister/:id`. One that is not there is gone already.
fn deregister(request: Request<'_>) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let id = request.text_name();
    if id.is_empty() {
        return Err(Reply::server_error("CheckID missing").into());
    }
    allow_change(request, &id)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        submit(&front, LocalChange::DeregisterCheck(id)).await
    }))
}

/// Refuses a change of a check to those who may not make it.
fn allow_change(request: Request<'_>, id: &str) -> Result<(), Refused> {
    let (permit, snapshot) = (request.permit()?, request.front.snapshot());
    permit.check_check_change(snapshot.consul(), &request.front.node.name, id)
}

/// `PUT /v1/agent/check/pass/:id` and its like: a status, and a remark as the output.
fn note(request: Request<'_>, status: &'static str) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let id = request.text_name();
    allow_change(request, &id)?;
    let report = LocalChange::Report {
        id,
        status: status.to_owned(),
        output: request.params.text("note").unwrap_or_default().to_owned(),
    };
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move { submit(&front, report).await }))
}

const UPDATE: Object = Object {
    place: Place {
        field: "",
        type_name: "agent.checkUpdate",
    },
    path: "checkUpdate.",
    fields: &["Status", "Output"],
    strict: true,
};

/// `PUT /v1/agent/check/update/:id`.
fn update(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let id = request.text_name();
    let allowed = allow_change(request, &id);
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let body = match body.collect(MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(error) => return *error.refuse(MAX_BODY_BYTES),
        };
        let (status, output) = match text_of(&body).and_then(|it| decode_update(&it, front.strict))
        {
            Ok(update) => update,
            Err(error) => return *error.refuse(),
        };
        if !is_status(&status) {
            return Reply::bad_request(format!("Invalid check status: '{status}'"));
        }
        if let Err(refused) = allowed {
            return *refused;
        }
        submit(&front, LocalChange::Report { id, status, output }).await
    }))
}

fn decode_update(body: &str, strict: bool) -> Result<(String, String), DecodeError> {
    let (mut status, mut output) = (String::new(), String::new());
    let object = Object { strict, ..UPDATE };
    object.each(Json::parse(body)?, |name, field| match name {
        "status" => field.text(&mut status),
        "output" => field.text(&mut output),
        _ => Ok(()),
    })?;
    Ok((status, output))
}
