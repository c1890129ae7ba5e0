//! One HTTP/2 connection to one server, and gRPC calls on it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use http_body::Frame;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::tonic::client::Grpc;
use quorate_etcd_proto::tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use quorate_etcd_proto::tonic::metadata::MetadataMap;
use quorate_etcd_proto::tonic::{Request, Status, Streaming};
use quorate_net::error::Phase;
use quorate_net::task::Spawner;
use quorate_net::transport::Stream;
use tokio::sync::mpsc;
use tower_service::Service;

use super::KeepAlive;
use super::unary::Outgoing;

/// What one stream, and all of a connection, may have on the way before it is read.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// The token of a user, as it is sent.
pub(crate) type Token = HeaderValue;
/// The messages of an answer that is a stream, still encoded.
pub(crate) type Inbound = Streaming<Bytes>;

/// One connection. Clones are the same; it ends with the last of them and the last call on it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Outgoing>,
    origin: Uri,
}

/// What a call is sent with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) token: Option<Token>,
    /// Refuse rather than answer without a leader.
    pub(crate) needs_leader: bool,
}

impl Connection {
    /// Begins to speak HTTP/2 on `stream`. The task that drives it belongs to `tasks`.
    pub(crate) async fn open(
        stream: Stream,
        origin: Uri,
        tasks: Spawner,
        keep_alive: KeepAlive,
    ) -> Result<Self, hyper::Error> {
        let (sender, driver) = http2::Builder::new(Tasks(tasks.clone()))
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(keep_alive.every)
            .keep_alive_timeout(keep_alive.timeout)
            .keep_alive_while_idle(keep_alive.while_idle)
            .handshake(TokioIo::new(stream))
            .await?;
        tasks.spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
        Ok(Self { sender, origin })
    }

    /// Whether calls can be made on it, as far as is known.
    pub(crate) fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Where a method of a service is.
    pub(super) fn uri(&self, path: &'static str) -> Result<Uri, Status> {
        let mut parts = self.origin.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static(path));
        Uri::from_parts(parts).map_err(|error| Status::internal(error.to_string()))
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) fn dispatch(
        &self,
        request: http::Request<Outgoing>,
    ) -> impl Future<Output = Result<http::Response<Answer>, Broken>> + Send + use<> {
        let answer = self.sender.clone().try_send_request(request);
        async move {
            match answer.await {
                Ok(response) => Ok(response.map(Answer)),
                Err(mut error) => {
                    let unsent = error.take_message().is_some() || is_untouched(error.error());
                    Err(Broken::new(error.error(), Phase::Response, unsent))
                }
            }
        }
    }

    /// One message there, many back.
    pub(crate) async fn download(
        &self,
        path: &'static str,
        head: &Head,
        body: Bytes,
        limit: usize,
    ) -> Result<Inbound, Status> {
        let request = head.on(Request::new(body));
        let path = PathAndQuery::from_static(path);
        let mut grpc = self.grpc(limit);
        let answer = grpc.server_streaming(request, path, Plain).await?;
        Ok(answer.into_inner())
    }

    /// Many both ways. Servers answer the first message before anything comes of this, so it has to
    /// be in `outbox` already.
    pub(crate) async fn converse(
        &self,
        path: &'static str,
        head: &Head,
        outbox: mpsc::UnboundedReceiver<Bytes>,
        limit: usize,
    ) -> Result<Inbound, Status> {
        let request = head.on(Request::new(Outbox(outbox)));
        let path = PathAndQuery::from_static(path);
        let mut grpc = self.grpc(limit);
        let answer = grpc.streaming(request, path, Plain).await?;
        Ok(answer.into_inner())
    }

    fn grpc(&self, limit: usize) -> Grpc<Self> {
        Grpc::with_origin(self.clone(), self.origin.clone()).max_decoding_message_size(limit)
    }
}

impl Head {
    /// Puts it into the metadata of a request.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        if let Some(token) = &self.token {
            headers.insert(HeaderName::from_static("token"), token.clone());
        }
        if self.needs_leader {
            let name = HeaderName::from_static("hasleader");
            headers.insert(name, HeaderValue::from_static("true"));
        }
    }

    fn on<T>(&self, mut request: Request<T>) -> Request<T> {
        let mut headers = HeaderMap::new();
        self.write(&mut headers);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        request
    }
}

/// Starts the tasks that hyper asks for.
#[derive(Clone)]
struct Tasks(Spawner);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

/// Why a call has no status of a server.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Broken {
    /// Whether a server may have acted on it.
    pub(crate) sent: bool,
    pub(crate) phase: Phase,
    text: String,
}

impl Broken {
    fn new(error: &hyper::Error, phase: Phase, unsent: bool) -> Self {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self {
            sent: !unsent,
            phase,
            text,
        }
    }
}

impl Service<http::Request<Body>> for Connection {
    type Response = http::Response<Answer>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Broken>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let ready = self.sender.poll_ready(cx);
        ready.map_err(|error| Broken::new(&error, Phase::Send, true))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.dispatch(request.map(Outgoing::Stream)))
    }
}

/// Whether the server said that it did not look at the request: it refused the stream, or went away
/// and took no more of them. What it took before it went away fails in other ways.
fn is_untouched(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (refused || error.is_go_away());
        }
        source = cause.source();
    }
    false
}

/// The body of an answer, whose failures are told apart from those that a server tells.
#[derive(Debug)]
pub(crate) struct Answer(Incoming);

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let frame = Pin::new(&mut self.0).poll_frame(cx);
        frame.map_err(|error| Broken::new(&error, Phase::Body, false))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.size_hint()
    }
}

/// Messages that are encoded before they come here and decoded after they left: all calls share
/// one copy of this code.
#[derive(Clone, Copy, Debug)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.reserve(item.len());
        into.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// The messages of a conversation that are still to be sent.
struct Outbox(mpsc::UnboundedReceiver<Bytes>);

impl futures_core::Stream for Outbox {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(cx)
    }
}
