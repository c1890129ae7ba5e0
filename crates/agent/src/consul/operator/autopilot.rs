//! Autopilot: settings that are kept, and a server that is well as long as it answers.

use std::sync::Arc;

use bytes::Bytes;
use quorate_wire::consul::GoTime;
use quorate_wire::consul::operator::{AutopilotConfig, AutopilotHealth, ServerHealth};

use super::autopilot_decode::decode;
use crate::consul::body::Body;
use crate::consul::decode::{Json, text_of};
use crate::consul::front::{CONSUL_VERSION, unexpected};
use crate::consul::options::{parse_u64, parse_u64_error};
use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::consul::route::Endpoint;
use crate::consul::status::server_address;
use crate::engine::consul::{Command, Reply as Outcome, SetAutopilot};

/// The term of a cluster that elected a leader once.
const TERM: u64 = 2;

pub(in crate::consul) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        "operator/autopilot/configuration",
        "OPTIONS,GET,PUT",
        configuration,
    ),
    Endpoint::get("operator/autopilot/health", |request, _| health(request)),
];

fn configuration(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    if request.method == http::Method::GET {
        return read(request);
    }
    let allowed = || {
        request.check_datacenter()?;
        require(request.permit()?.operator_write())
    };
    let refusal = allowed().err();
    let cas = request.params.get("cas").map(str::to_owned);
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let body = match super::read(body).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        // In Consul's order: the body, the index, and what the servers would say.
        let set = match sent(&body, cas.as_deref()) {
            Ok(set) => set,
            Err(text) => return Reply::bad_request(format!("Bad request: {text}")),
        };
        if let Some(refused) = refusal {
            return *refused;
        }
        match front.submit(Command::SetAutopilot(Box::new(set))).await {
            Ok(Outcome::Applied(applied)) => Reply::flag(applied),
            Ok(_) => unexpected(),
            Err(refused) => *refused,
        }
    }))
}

/// `GET /v1/operator/autopilot/configuration`.
fn read(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    request.check_datacenter()?;
    require(request.permit()?.operator_read())?;
    let config = request.front.snapshot().consul().autopilot();
    Ok(Reply::object(&config).into())
}

/// The body and the `cas` of `PUT /v1/operator/autopilot/configuration`.
fn sent(body: &Bytes, cas: Option<&str>) -> Result<SetAutopilot, String> {
    let text = text_of(body);
    let config = text.and_then(|text| decode(Json::parse(&text)?));
    let config: AutopilotConfig =
        config.map_err(|error| format!("Error parsing autopilot config: {error}"))?;
    let index = |cas: &str| {
        let index = parse_u64(cas).ok_or_else(|| parse_u64_error(cas));
        index.map_err(|error| format!("Error parsing cas value: {error}"))
    };
    let cas = cas.map(index).transpose()?;
    Ok(SetAutopilot { config, cas })
}

/// `GET /v1/operator/autopilot/health`.
fn health(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    request.check_datacenter()?;
    require(request.permit()?.operator_read())?;
    let front = request.front;
    let mut server = ServerHealth::default();
    server.id.clone_from(&front.node.id);
    server.name.clone_from(&front.node.name);
    server.address = server_address(front);
    server.serf_status = "alive".to_owned();
    server.version = CONSUL_VERSION.to_owned();
    server.leader = true;
    server.last_term = TERM;
    server.last_index = front.snapshot().consul().indexes().last();
    server.healthy = true;
    server.voter = true;
    // To the second, as Consul tells it.
    server.stable_since = GoTime::from_unix(GoTime::from(front.started).unix_seconds(), 0);
    let mut health = AutopilotHealth::default();
    health.healthy = true;
    health.servers = vec![server];
    Ok(Reply::object(&health).into())
}
