//! Which service a request is for.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use quorate_etcd_proto::etcdserverpb::auth_server::AuthServer;
use quorate_etcd_proto::etcdserverpb::cluster_server::ClusterServer;
use quorate_etcd_proto::etcdserverpb::kv_server::KvServer;
use quorate_etcd_proto::etcdserverpb::lease_server::LeaseServer;
use quorate_etcd_proto::etcdserverpb::maintenance_server::MaintenanceServer;
use quorate_etcd_proto::etcdserverpb::watch_server::WatchServer;
use quorate_etcd_proto::tonic::Status;
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::v3electionpb::election_server::ElectionServer;
use quorate_etcd_proto::v3lockpb::lock_server::LockServer;
use quorate_net::task::Spawner;
use tower_service::Service;

use super::auth::Auth;
use super::cluster::Cluster;
use super::election::Election;
use super::front::Front;
use super::health;
use super::kv::Kv;
use super::lease::Lease;
use super::lock::Lock;
use super::maintenance::Maintenance;
use super::reflection;
use super::watch::Watch;

/// The largest message that is read: what may be carried out, and room for what is around it.
pub(super) const MAX_MESSAGE_BYTES: usize = 2 * 1024 * 1024;

/// The host and port that a client has used.
#[derive(Clone, Debug)]
pub(super) struct Asked(pub(super) String);

/// All services.
pub(crate) struct Routes {
    kv: KvServer<Kv>,
    watch: WatchServer<Watch>,
    lease: LeaseServer<Lease>,
    cluster: ClusterServer<Cluster>,
    maintenance: MaintenanceServer<Maintenance>,
    auth: AuthServer<Auth>,
    lock: LockServer<Lock>,
    election: ElectionServer<Election>,
    front: Arc<Front>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// A call on its way.
pub(super) struct Calling(Answering);

impl Future for Calling {
    type Output = Response<Body>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        let response = self.0.as_mut().poll(cx);
        response.map(|response| in_words_of_etcd(response.unwrap_or_else(|never| match never {})))
    }
}

/// Tells of a message that is too large as etcd does, and not as the library.
fn in_words_of_etcd(response: Response<Body>) -> Response<Body> {
    const OUT_OF_RANGE: &[u8] = b"11";
    let code = response.headers().get(Status::GRPC_STATUS);
    if code.is_none_or(|code| code.as_bytes() != OUT_OF_RANGE) {
        return response;
    }
    let status = Status::from_header_map(response.headers());
    match status.as_ref().and_then(|it| found_bytes(it.message())) {
        Some(bytes) => too_large(bytes).into_http(),
        None => response,
    }
}

/// What is answered to a message of so many bytes.
pub(super) fn too_large(bytes: impl fmt::Display) -> Status {
    let max = MAX_MESSAGE_BYTES;
    let text = format!("grpc: received message larger than max ({bytes} vs. {max})");
    Status::resource_exhausted(text)
}

/// How large a message is that the library has refused.
fn found_bytes(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Error, decoded message length too large: found ")?;
    Some(rest.split_once(' ')?.0)
}

impl Routes {
    pub(crate) fn new(shared: &Arc<Front>) -> Self {
        let front = || Arc::clone(shared);
        let max = MAX_MESSAGE_BYTES;
        Self {
            kv: KvServer::new(Kv(front())).max_decoding_message_size(max),
            watch: WatchServer::new(Watch(front())).max_decoding_message_size(max),
            lease: LeaseServer::new(Lease(front())).max_decoding_message_size(max),
            cluster: ClusterServer::new(Cluster(front())).max_decoding_message_size(max),
            maintenance: MaintenanceServer::new(Maintenance(front()))
                .max_decoding_message_size(max),
            auth: AuthServer::new(Auth(front())).max_decoding_message_size(max),
            lock: LockServer::new(Lock(front())).max_decoding_message_size(max),
            election: ElectionServer::new(Election(front())).max_decoding_message_size(max),
            front: front(),
        }
    }

    pub(super) fn front(&self) -> &Arc<Front> {
        &self.front
    }

    fn spawner(&self) -> Spawner {
        self.front.spawner.clone()
    }

    /// Answers a call that came as any request of HTTP/2 may.
    pub(super) fn answer_any(&self, request: Request<Body>) -> Calling {
        if is_grpc(request.headers()) {
            return self.answer(request);
        }
        let mut refused = Response::new(Body::empty());
        *refused.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Calling(ready(refused))
    }

    /// Answers a call of gRPC.
    pub(super) fn answer(&self, mut request: Request<Body>) -> Calling {
        if let Some(authority) = request.uri().authority() {
            let asked = Asked(authority.to_string());
            request.extensions_mut().insert(asked);
        }
        let path = request.uri().path();
        let (service, _) = path
            .trim_start_matches('/')
            .split_once('/')
            .unwrap_or_default();
        Calling(match service {
            "etcdserverpb.KV" => self.kv.clone().call(request),
            "etcdserverpb.Watch" => self.watch.clone().call(request),
            "etcdserverpb.Lease" => self.lease.clone().call(request),
            "etcdserverpb.Cluster" => self.cluster.clone().call(request),
            "etcdserverpb.Maintenance" => self.maintenance.clone().call(request),
            "etcdserverpb.Auth" => self.auth.clone().call(request),
            "v3lockpb.Lock" => self.lock.clone().call(request),
            "v3electionpb.Election" => self.election.clone().call(request),
            "grpc.health.v1.Health" => {
                let answer = health::answer(request, self.spawner());
                Box::pin(async { Ok(answer.await) })
            }
            reflection::V1 | reflection::V1_ALPHA => {
                let answer = reflection::answer(request, self.spawner());
                Box::pin(async { Ok(answer.await) })
            }
            unknown => {
                let status = Status::unimplemented(format!("unknown service {unknown}"));
                ready(status.into_http())
            }
        })
    }
}

fn ready(response: Response<Body>) -> Answering {
    Box::pin(std::future::ready(Ok(response)))
}

pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}
