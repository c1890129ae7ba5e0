//! The health of the agent's own services: `/v1/agent/health/service/…`.
//!
//! The status code says it, so that a load balancer needs no JSON.

use std::collections::BTreeMap;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use quorate_wire::consul::health::{CRITICAL, PASSING, WARNING};
use serde::Serialize;

use super::agent_service::{Shown, show};
use super::permit::require;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::consul::{Check, NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX, Service, State};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("agent/health/service/id/", |request, _| by_id(request)),
    Endpoint::get("agent/health/service/name/", |request, _| by_name(request)),
];

/// How well a service is, from well to ill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Passing,
    Warning,
    Critical,
    Maintenance,
}

impl Health {
    /// That of the worst check. A node's or a service's maintenance is worse than anything.
    fn of(checks: &[&Check]) -> Self {
        let each = checks.iter().map(|check| match check.status.as_str() {
            _ if is_maintenance(&check.check_id) => Self::Maintenance,
            PASSING => Self::Passing,
            WARNING => Self::Warning,
            _ => Self::Critical,
        });
        each.max().unwrap_or(Self::Passing)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Passing => PASSING,
            Self::Warning => WARNING,
            Self::Critical => CRITICAL,
            Self::Maintenance => "maintenance",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Passing => StatusCode::OK,
            Self::Warning => StatusCode::TOO_MANY_REQUESTS,
            Self::Critical | Self::Maintenance => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

fn is_maintenance(check_id: &str) -> bool {
    check_id == NODE_MAINTENANCE || check_id.starts_with(SERVICE_MAINTENANCE_PREFIX)
}

/// One service, its checks, and what they come to.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceHealth<'a> {
    aggregated_status: Health,
    service: Option<Shown<'a>>,
    checks: Option<Vec<ShownCheck<'a>>>,
}

/// A check in the form that Consul's client library has, which this endpoint alone answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownCheck<'a> {
    node: &'a str,
    #[serde(rename = "CheckID")]
    check_id: &'a str,
    name: &'a str,
    status: &'a str,
    notes: &'a str,
    output: &'a str,
    #[serde(rename = "ServiceID")]
    service_id: &'a str,
    service_name: &'a str,
    service_tags: Option<&'a [String]>,
    r#type: &'a str,
    definition: Definition,
    create_index: u64,
    modify_index: u64,
}

/// The form has a place for it, and nothing is ever there.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    interval: ZeroTime,
    timeout: ZeroTime,
    deregister_critical_service_after: ZeroTime,
    #[serde(rename = "HTTP")]
    http: &'static str,
    header: Option<BTreeMap<String, Vec<String>>>,
    method: &'static str,
    body: &'static str,
    #[serde(rename = "TLSSkipVerify")]
    tls_skip_verify: bool,
    #[serde(rename = "TCP")]
    tcp: &'static str,
}

/// No time, as Go writes it.
#[derive(Default, Serialize)]
enum ZeroTime {
    #[default]
    #[serde(rename = "0s")]
    Zero,
}

/// `GET /v1/agent/health/service/id/:id`.
fn by_id(request: Request<'_>) -> Result<Answer, Refused> {
    let id = request.text_name();
    if id.is_empty() {
        return Err(Reply::server_error("Bad request: Missing serviceID").into());
    }
    request.check_namespace()?;
    let permit = request.permit()?;
    let snapshot = request.front.snapshot();
    let state = snapshot.consul();
    let Some(local) = state.local_service(&id) else {
        let text = format!("ServiceId {id} not found");
        let reply = if wants_text(request) {
            Reply::object(&text)
        } else {
            Reply::object(&ServiceHealth {
                aggregated_status: Health::Critical,
                service: None,
                checks: None,
            })
        };
        return Ok(with_reason(reply, StatusCode::NOT_FOUND, &text).into());
    };
    require(permit.service_read(&local.service.name))?;
    let (health, shown) = health_of(state, &local.service, request);
    let reply = match wants_text(request) {
        true => plain(health.text()),
        false => Reply::object(&shown),
    };
    Ok(with_reason(reply, health.status(), health.text()).into())
}

/// `GET /v1/agent/health/service/name/:name`: every instance, and the code of the worst.
fn by_name(request: Request<'_>) -> Result<Answer, Refused> {
    let name = request.text_name();
    if name.is_empty() {
        return Err(Reply::server_error("Bad request: Missing service Name").into());
    }
    request.check_namespace()?;
    require(request.permit()?.service_read(&name))?;
    let snapshot = request.front.snapshot();
    let state = snapshot.consul();
    let named = state.local_services().filter(|it| it.service.name == name);
    let (all, shown): (Vec<_>, Vec<_>) = named
        .map(|it| health_of(state, &it.service, request))
        .unzip();
    let worst = all.into_iter().max();
    let (status, reason) = match worst {
        Some(worst) => (worst.status(), worst.text().to_owned()),
        None => (
            StatusCode::NOT_FOUND,
            format!("ServiceName {name} Not Found"),
        ),
    };
    let reply = match wants_text(request) {
        true => plain(&reason),
        false => Reply::object(&shown),
    };
    Ok(with_reason(reply, status, &reason).into())
}

/// A service with its own checks and those of the node.
fn health_of<'a>(
    state: &'a State,
    service: &'a Service,
    request: Request<'a>,
) -> (Health, ServiceHealth<'a>) {
    let checks = state.local_checks().map(|it| &it.check);
    let checks: Vec<_> = checks
        .filter(|check| check.service_id.is_empty() || check.service_id == service.id)
        .collect();
    let health = Health::of(&checks);
    let shown = ServiceHealth {
        aggregated_status: health,
        service: Some(show(service)),
        checks: Some(checks.iter().map(|it| show_check(it, request)).collect()),
    };
    (health, shown)
}

fn show_check<'a>(check: &'a Check, request: Request<'a>) -> ShownCheck<'a> {
    let tags = &check.service_tags;
    ShownCheck {
        node: &request.front.node.name,
        check_id: &check.check_id,
        name: &check.name,
        status: &check.status,
        notes: &check.notes,
        output: &check.output,
        service_id: &check.service_id,
        service_name: &check.service_name,
        service_tags: (!tags.is_empty()).then_some(tags.as_slice()),
        r#type: "",
        definition: Definition::default(),
        create_index: 0,
        modify_index: 0,
    }
}

fn wants_text(request: Request<'_>) -> bool {
    let accept = request.headers.get(ACCEPT).map(HeaderValue::as_bytes);
    request.params.text("format") == Some("text")
        || accept.is_some_and(|it| it.starts_with(b"text/plain"))
}

fn plain(text: &str) -> Reply {
    let kind = HeaderValue::from_static("text/plain");
    Reply::text(StatusCode::OK, text.to_owned()).with(CONTENT_TYPE, kind)
}

fn with_reason(reply: Reply, status: StatusCode, reason: &str) -> Reply {
    let reply = reply.with_status(status);
    match HeaderValue::from_str(reason) {
        Ok(reason) => reply.with(HeaderName::from_static("x-consul-reason"), reason),
        Err(_) => reply,
    }
}
