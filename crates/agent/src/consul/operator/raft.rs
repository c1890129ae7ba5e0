//! Raft: one server, which leads.

use quorate_wire::consul::operator::{RaftConfiguration, RaftServer};

use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::consul::route::Endpoint;
use crate::consul::status::server_address;
use crate::quote::quote;

/// The version of Raft's protocol that Consul 1.8.7 speaks.
const PROTOCOL_VERSION: &str = "3";

pub(in crate::consul) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("operator/raft/configuration", |request, _| {
        configuration(request)
    }),
    Endpoint::new("operator/raft/peer", "OPTIONS,DELETE", |request, _| {
        remove_peer(request)
    }),
];

/// `GET /v1/operator/raft/configuration`.
fn configuration(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    request.check_datacenter()?;
    require(request.permit()?.operator_read())?;
    let front = request.front;
    let mut server = RaftServer::default();
    server.id.clone_from(&front.node.id);
    server.node.clone_from(&front.node.name);
    server.address = server_address(front);
    server.leader = true;
    server.protocol_version = PROTOCOL_VERSION.to_owned();
    server.voter = true;
    let mut configuration = RaftConfiguration::default();
    configuration.servers = vec![server];
    Ok(Reply::object(&configuration).into())
}

/// `DELETE /v1/operator/raft/peer`: nobody but this server could be removed, and the last one that
/// votes stays.
fn remove_peer(request: Request<'_>) -> Result<Answer, Refused> {
    const NONE: &str = "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove";
    const BOTH: &str = "Bad request: Must specify only one of ?id or ?address";
    let params = request.params;
    let (field, name, own) = match (params.get("id"), params.get("address")) {
        (None, None) => return Err(Reply::bad_request(NONE).into()),
        (Some(_), Some(_)) => return Err(Reply::bad_request(BOTH).into()),
        (Some(id), None) => ("id", id, request.front.node.id.clone()),
        (None, Some(address)) => ("address", address, server_address(request.front)),
    };
    request.check_datacenter()?;
    require(request.permit()?.operator_write())?;
    let text = if name == own {
        "Need at least one voter in configuration: {[]}".to_owned()
    } else {
        format!(
            "{field} {} was not found in the Raft configuration",
            quote(name)
        )
    };
    Ok(Reply::server_error(text).into())
}
