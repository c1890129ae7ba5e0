//! The state of the cluster: `/v1/status/…`.

use super::front::{Front, SERVER_PORT};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("status/leader", |request, _| leader(request)),
    Endpoint::get("status/peers", |request, _| peers(request)),
];

/// `GET /v1/status/leader`: the agent leads itself.
fn leader(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    request.check_datacenter()?;
    Ok(Reply::object(&server_address(request.front)).into())
}

/// `GET /v1/status/peers`: the agent alone.
fn peers(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    request.check_datacenter()?;
    Ok(Reply::object(&[server_address(request.front)]).into())
}

/// How the agent names itself among servers.
pub(super) fn server_address(front: &Front) -> String {
    format!("{}:{SERVER_PORT}", front.node.address)
}
