//! Discovery chains: `/v1/discovery-chain/:service`.

use std::sync::Arc;

use http::Method;
use quorate_wire::consul::config_entry::MeshGatewayMode;
use quorate_wire::consul::discovery_chain::DiscoveryChainAnswer;
use quorate_wire::consul::{DiscoveryChainOverrides, GoDuration};
use serde_json::{Map, Value};

use super::blocking::{self, Reading};
use super::body::Body;
use super::cached::CacheStatus;
use super::catalog::finish;
use super::config_entry::weak::{Field, Shape, Weak};
use super::config_entry::{MESH_GATEWAY, malformed, read, value_of};
use super::options::Options;
use super::permit::{Permit, denied, require};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{ChainQuestion, State, Table};
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    "discovery-chain/",
    "OPTIONS,GET,POST",
    compile,
)];

const OVERRIDES: &[Field] = &[
    ("OverrideMeshGateway", Shape::Object(MESH_GATEWAY)),
    ("OverrideProtocol", Shape::Text),
    ("OverrideConnectTimeout", Shape::Duration),
];

/// Compiles the chain of a service; `POST` brings what a proxy has decided for itself.
fn compile(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let front = Arc::clone(request.front);
    let mut question = ChainQuestion {
        service: request.text_name(),
        ..ChainQuestion::default()
    };
    if question.service.is_empty() {
        return Err(Reply::bad_request("Bad request: Missing chain name").into());
    }
    let asked = request
        .params
        .text("compile-dc")
        .filter(|dc| !dc.is_empty());
    asked
        .unwrap_or(&front.datacenter)
        .clone_into(&mut question.datacenter);
    question.own_datacenter.clone_from(&front.datacenter);
    question.trust_domain = format!("{}.consul", front.node.id);
    let permitted = request.check_datacenter_of_read().and_then(|()| {
        let permit = request.permit_of_read()?;
        let allowed = require(permit.service_read(&question.service));
        allowed.map_err(|refused| refused.with_no_leader())?;
        Ok(permit)
    });
    let watch = [Watch::Topic(Topic::Table(Table::ConfigEntries))];
    let asked = request.question("discovery-chain");
    if *request.method == Method::GET {
        let cached = asked.map(|asked| front.cached.status(asked, b""));
        let shown = Shown { options, cached };
        let read = move |state: &State, permit: &Permit| shown.read(state, permit, &question);
        return Ok(blocking::answer_permitted(
            request, permitted?, options, watch, read,
        ));
    }
    Ok(Answer::later(async move {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        match overrides(&body) {
            Ok(overrides) => question.overrides = overrides,
            Err(refused) => return *refused,
        }
        let permit = match permitted {
            Ok(permit) => permit,
            Err(refused) => return *refused,
        };
        let cached = asked.map(|asked| front.cached.status(asked, &body));
        let shown = Shown { options, cached };
        let read = move |state: &State, permit: &Permit| shown.read(state, permit, &question);
        blocking::answer_later(&front, permit, options, watch, read).await
    }))
}

/// What the request says of the headers of its answer.
#[derive(Clone, Copy)]
struct Shown {
    options: Options,
    cached: Option<CacheStatus>,
}

impl Shown {
    fn read(self, state: &State, permit: &Permit, question: &ChainQuestion) -> Reading {
        if !permit.service_read(&question.service) {
            return Reading::without_headers(u64::MAX, denied().with_no_leader());
        }
        match state.discovery_chain(question) {
            Ok(found) => {
                let chain = found.value;
                let reply = Reply::object(&DiscoveryChainAnswer { chain });
                finish(found.index, reply, self.options, self.cached)
            }
            Err(error) => {
                let reply = Reply::server_error(error.to_string());
                Reading::new(1, reply.with_no_leader())
            }
        }
    }
}

fn overrides(body: &[u8]) -> Result<DiscoveryChainOverrides, Refused> {
    let given = match value_of(body).map_err(|problem| malformed(&problem))? {
        Value::Object(given) => given,
        Value::Null => Map::new(),
        other => {
            let kind = go_kind(&other);
            let text = format!(
                "json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
            );
            return Err(malformed(&text).into());
        }
    };
    let mut weak = Weak::default();
    let given = weak.object(given, OVERRIDES);
    weak.finish(false).map_err(|problem| malformed(&problem))?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let mode = given
        .get("OverrideMeshGateway")
        .and_then(|it| it["Mode"].as_str());
    let mode = MeshGatewayMode::from(mode.unwrap_or_default().to_owned());
    if let MeshGatewayMode::Other(_) = mode {
        return Err(Reply::bad_request("Invalid OverrideMeshGateway.Mode parameter").into());
    }
    let mut overrides = DiscoveryChainOverrides::new()
        .with_protocol(text("OverrideProtocol"))
        .with_mesh_gateway(mode);
    let timeout = text("OverrideConnectTimeout").parse::<GoDuration>().ok();
    let timeout = timeout.and_then(GoDuration::to_duration);
    overrides.connect_timeout = timeout.filter(|timeout| !timeout.is_zero());
    Ok(overrides)
}

fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Null | Value::Object(_) => "object",
    }
}
