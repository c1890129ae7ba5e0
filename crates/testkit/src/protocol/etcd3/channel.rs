//! One HTTP/2 connection, as the generated stubs want it: nothing between a case and the server.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
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

/// The largest answer that is read.
const MAX_ANSWER: usize = 256 << 20;

/// A connection. Clones are the same; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct Channel {
    requests: SendRequest<Body>,
    origin: Uri,
    _connection: Arc<Task<()>>,
}

macro_rules! stubs {
    ($($(#[$doc:meta])* $name:ident: $stub:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&self) -> $stub<Self> {
            let stub = $stub::with_origin(self.clone(), self.origin.clone());
            stub.max_decoding_message_size(MAX_ANSWER)
        })*
    };
}

impl Channel {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        let connection = spawn(async {
            // How it ends shows in the calls on it.
            drop(connection.await);
        });
        Ok(Self {
            requests,
            origin: format!("http://{address}").parse()?,
            _connection: Arc::new(connection),
        })
    }

    stubs! {
        /// The service KV.
        kv: KvClient;
        /// The service Watch.
        watch: WatchClient;
        /// The service Lease.
        lease: LeaseClient;
        /// The service Auth.
        auth: AuthClient;
        /// The service Cluster.
        cluster: ClusterClient;
        /// The service Maintenance.
        maintenance: MaintenanceClient;
        /// The service Lock.
        lock: LockClient;
        /// The service Election.
        election: ElectionClient;
    }

    /// A call of any service, with the bytes of its messages.
    pub(super) async fn send(
        &self,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<Response<Incoming>> {
        let request = Request::post(format!("{}{}", self.origin, path.trim_start_matches('/')))
            .header("content-type", kind)
            .header("te", "trailers")
            .body(Body::new(http_body_util::Full::from(body)))?;
        Ok(self.requests.clone().send_request(request).await?)
    }
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
