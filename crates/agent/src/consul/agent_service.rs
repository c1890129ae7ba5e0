//! The agent's own services: `/v1/agent/services` and `/v1/agent/service/…`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use quorate_wire::consul::json;
use quorate_wire::consul::service::{Connect, Proxy, ServiceAddress, ServiceKind};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::agent_service_decode::SentService;
use super::blocking::jitter;
use super::body::Body;
use super::decode::text_of;
use super::filter::NODE_SERVICE;
use super::front::Front;
use super::options::{DEFAULT_WAIT, Options};
use super::permit::{Permit, denied};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::config::Compat;
use crate::engine::Topic;
use crate::engine::consul::{LocalChange, Service};
use crate::waiters::Watch;

/// The longest body that is read.
pub(super) const MAX_BODY_BYTES: usize = 512 * 1024;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("agent/services", |request, _| list(request)),
    Endpoint::get("agent/service/", |request, _| read(request)),
    Endpoint::put("agent/service/register", register),
    Endpoint::put("agent/service/deregister/", |request, _| {
        deregister(request)
    })
    .with_get_of_old(),
];

/// A service of the agent as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown<'a> {
    #[serde(skip_serializing_if = "ServiceKind::is_typical")]
    kind: ServiceKind,
    #[serde(rename = "ID")]
    id: &'a str,
    service: &'a str,
    tags: &'a [String],
    meta: BTreeMap<&'a str, &'a str>,
    port: i64,
    address: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tagged_addresses: &'a BTreeMap<String, ServiceAddress>,
    weights: Weights,
    enable_tag_override: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<&'a Proxy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<&'a Connect>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Weights {
    passing: i64,
    warning: i64,
}

pub(super) fn show(service: &Service) -> Shown<'_> {
    let meta = service.meta.iter().flatten();
    let kind = service.kind.clone();
    let is_mesh = matches!(
        kind,
        ServiceKind::ConnectProxy
            | ServiceKind::MeshGateway
            | ServiceKind::TerminatingGateway
            | ServiceKind::IngressGateway
    );
    Shown {
        kind,
        id: &service.id,
        service: &service.name,
        tags: &service.tags,
        meta: meta
            .map(|(name, it)| (name.as_str(), it.as_str()))
            .collect(),
        port: service.port,
        address: &service.address,
        tagged_addresses: &service.tagged_addresses,
        weights: Weights {
            passing: service.weights.passing,
            warning: service.weights.warning,
        },
        enable_tag_override: service.enable_tag_override,
        content_hash: None,
        proxy: is_mesh.then_some(&service.proxy),
        connect: service.connect.native.then_some(&service.connect),
    }
}

/// `GET /v1/agent/services`: all services by id. Servers of old list themselves too.
fn list(request: Request<'_>) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let permit = request.permit()?;
    let filter = request.local_filter(&NODE_SERVICE)?;
    let snapshot = request.front.snapshot();
    let state = snapshot.consul();
    let own = state.local_services().map(|it| &it.service);
    let mut services: BTreeMap<&str, Shown<'_>> =
        own.map(|it| (it.id.as_str(), show(it))).collect();
    let itself = state.node_services(&request.front.node.name).value;
    if request.front.compat == Compat::V0_7 {
        for service in itself.into_iter().filter(|it| it.id == "consul") {
            services.insert(&service.id, show(service));
        }
    }
    services.retain(|_, service| permit.service_read(service.service));
    if let Some(filter) = filter {
        services.retain(|_, service| filter.keeps(service));
    }
    Ok(Reply::object(&services).into())
}

/// `GET /v1/agent/service/:id`: one service, at once or when it is no longer the one that the
/// client knows.
fn read(request: Request<'_>) -> Result<Answer, Refused> {
    let (_, wait) = Options::blocking(request.params, DEFAULT_WAIT).map_err(Reply::bad_request)?;
    request.check_namespace()?;
    let permit = request.permit()?;
    let id = request.text_name();
    let front = Arc::clone(request.front);
    let known = request.params.text("hash").unwrap_or_default().to_owned();
    if known.is_empty() {
        return Ok(one(&front, &permit, &id).0.into());
    }
    let watch = Watch::Topic(Topic::LocalService(id.as_str().into()));
    let mut waiter = front.writer.waiters().register([watch]);
    let deadline = Instant::now() + wait + jitter(wait);
    Ok(Answer::later(async move {
        let mut over = false;
        loop {
            let (reply, hash) = match permit.renewed(&front, front.snapshot().consul()) {
                Ok(permit) => one(&front, &permit, &id),
                Err(refused) => return *refused,
            };
            if hash.as_deref() != Some(&*known) || over || front.stopping.has_begun() {
                return reply;
            }
            tokio::select! {
                () = waiter.changed() => {}
                () = sleep_until(deadline) => over = true,
            }
        }
    }))
}

/// A service and its digest; no digest and status 404 for one that is not there.
fn one(front: &Front, permit: &Permit, id: &str) -> (Reply, Option<String>) {
    let snapshot = front.snapshot();
    let Some(local) = snapshot.consul().local_service(id) else {
        let text = format!("unknown service ID: {id}");
        return (Reply::text(StatusCode::NOT_FOUND, text), None);
    };
    if !permit.service_read(&local.service.name) {
        return (denied(), None);
    }
    let mut shown = show(&local.service);
    let hash = digest(&json::encode(&shown).unwrap_or_default());
    shown.content_hash = Some(&hash);
    let mut reply = Reply::object(&shown);
    if let Ok(value) = HeaderValue::from_str(&hash) {
        reply = reply.with(HeaderName::from_static("x-consul-contenthash"), value);
    }
    (reply, Some(hash))
}

/// The 64 bits of FNV-1a, which stay the same from version to version.
fn digest(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:x}")
}

/// `PUT /v1/agent/service/register`.
fn register(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let replace = request.params.has("replace-existing-checks");
    let permit = request.permit();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let registration = async {
            let body = body.collect(MAX_BODY_BYTES).await;
            let body = body.map_err(|error| error.refuse(MAX_BODY_BYTES))?;
            let sent = text_of(&body).and_then(|text| SentService::read(&text, front.strict));
            let sent = sent.map_err(|error| error.refuse())?;
            sent.into_registration(&front.local, front.compat)
        };
        let mut registration = match registration.await {
            Ok(registration) => registration,
            Err(refused) => return *refused,
        };
        let snapshot = front.snapshot();
        let allowed =
            permit.and_then(|permit| permit.check_registration(snapshot.consul(), &registration));
        drop(snapshot);
        if let Err(refused) = allowed {
            return *refused;
        }
        registration.replace_checks = replace;
        submit(&front, LocalChange::RegisterService(Box::new(registration))).await
    }))
}

/// Changes the agent's own services and checks, and answers without a body.
pub(super) async fn submit(front: &Front, change: LocalChange) -> Reply {
    match front.submit_local(change).await {
        Ok(_) => Reply::empty(StatusCode::OK),
        Err(refused) => *refused,
    }
}

/// `PUT /v1/agent/service/deregister/:id`. One that is not there is gone already.
fn deregister(request: Request<'_>) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let id = request.text_name();
    if id.is_empty() {
        return Err(Reply::server_error("ServiceID missing").into());
    }
    let permit = request.permit()?;
    permit.check_service_change(request.front.snapshot().consul(), &id)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        submit(&front, LocalChange::DeregisterService(id)).await
    }))
}
