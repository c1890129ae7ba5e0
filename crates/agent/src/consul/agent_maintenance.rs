//! Maintenance of the node and of services: `/v1/agent/maintenance`.

use std::sync::Arc;

use super::agent_service::submit;
use super::permit::require;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::consul::LocalChange;
use crate::quote::quote;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::put("agent/maintenance", |request, _| of_node(request)),
    Endpoint::put("agent/service/maintenance/", |request, _| {
        of_service(request)
    }),
];

/// `PUT /v1/agent/maintenance`: of the node.
fn of_node(request: Request<'_>) -> Result<Answer, Refused> {
    maintain(request, None)
}

/// `PUT /v1/agent/service/maintenance/:id`.
fn of_service(request: Request<'_>) -> Result<Answer, Refused> {
    let id = request.text_name();
    if id.is_empty() {
        return Err(Reply::bad_request("Missing service ID").into());
    }
    maintain(request, Some(id))
}

fn maintain(request: Request<'_>, service_id: Option<String>) -> Result<Answer, Refused> {
    let enable = match request.params.get("enable") {
        None => return Err(Reply::bad_request("Missing value for enable").into()),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
        Some(other) => {
            let text = format!("Invalid value for enable: {}", quote(other));
            return Err(Reply::bad_request(text).into());
        }
    };
    if service_id.is_some() {
        request.check_namespace()?;
    }
    let (permit, snapshot) = (request.permit()?, request.front.snapshot());
    match &service_id {
        Some(id) => permit.check_service_change(snapshot.consul(), id)?,
        None => require(permit.node_write(&request.front.node.name))?,
    }
    let reason = request.params.text("reason").unwrap_or_default().to_owned();
    let change = LocalChange::Maintenance {
        service_id,
        enable,
        reason,
    };
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move { submit(&front, change).await }))
}
