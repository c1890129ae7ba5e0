//! A connection that speaks HTTP/2, as the generated clients want it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use quorate_agent::Agent;
use quorate_etcd_proto::etcdserverpb::auth_client::AuthClient;
use quorate_etcd_proto::etcdserverpb::cluster_client::ClusterClient;
use quorate_etcd_proto::etcdserverpb::kv_client::KvClient;
use quorate_etcd_proto::etcdserverpb::lease_client::LeaseClient;
use quorate_etcd_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use quorate_etcd_proto::etcdserverpb::watch_client::WatchClient;
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::v3electionpb::election_client::ElectionClient;
use quorate_etcd_proto::v3lockpb::lock_client::LockClient;
use quorate_net::task::{Task, spawn};
use tokio::net::TcpStream;
use tower_service::Service;

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    requests: SendRequest<Body>,
    origin: Uri,
    _connection: Arc<Task<()>>,
}

impl Channel {
    pub(crate) async fn of(agent: &Agent) -> Self {
        let address = address(agent);
        let stream = TcpStream::connect(&address).await.unwrap();
        let (requests, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        let connection = spawn(async {
            // It ends with the agent, or with the test.
            let _ = connection.await;
        });
        Self {
            requests,
            origin: format!("http://{address}").parse().unwrap(),
            _connection: Arc::new(connection),
        }
    }

    pub(crate) fn kv(&self) -> KvClient<Self> {
        KvClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn watch(&self) -> WatchClient<Self> {
        WatchClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn lease(&self) -> LeaseClient<Self> {
        LeaseClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn auth(&self) -> AuthClient<Self> {
        AuthClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn cluster(&self) -> ClusterClient<Self> {
        ClusterClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn maintenance(&self) -> MaintenanceClient<Self> {
        MaintenanceClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn lock(&self) -> LockClient<Self> {
        LockClient::with_origin(self.clone(), self.origin.clone())
    }

    pub(crate) fn election(&self) -> ElectionClient<Self> {
        ElectionClient::with_origin(self.clone(), self.origin.clone())
    }

    /// Sends something that need not be gRPC.
    pub(crate) async fn send(&self, path: &str, kind: &str) -> Response<Incoming> {
        let request = Request::post(format!("{}{}", self.origin, &path[1..]))
            .header("content-type", kind)
            .body(Body::empty());
        let mut requests = self.requests.clone();
        requests.send_request(request.unwrap()).await.unwrap()
    }

    /// Sends the bytes of a message, with what is around it.
    pub(crate) async fn send_bytes(&self, path: &str, bytes: Vec<u8>) -> Response<Incoming> {
        let request = Request::post(format!("{}{}", self.origin, &path[1..]))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(http_body_util::Full::from(bytes)));
        let mut requests = self.requests.clone();
        requests.send_request(request.unwrap()).await.unwrap()
    }
}

/// Where the agent serves etcd's API.
pub(crate) fn address(agent: &Agent) -> String {
    let url = agent.etcd_url().unwrap();
    url.trim_start_matches("http://").to_owned()
}

type Answering = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.requests.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        Box::pin(self.requests.send_request(request))
    }
}
