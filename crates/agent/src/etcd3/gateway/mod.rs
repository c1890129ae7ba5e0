//! The JSON gateway: the gRPC services as `POST /v3/…`, for clients without gRPC.
//!
//! What comes as JSON is made protobuf, handed to the same services as the calls of gRPC clients,
//! and their answers are made JSON. Which message has which fields is read from the descriptors of
//! the services, so a field that a service has is one that the gateway has.
//!
//! A name of a field may be written as in the `.proto` file or in camel case; bytes are base64,
//! and numbers of 64 bits are texts in answers and may be in requests. What a request has beyond
//! the fields of its message is left out, as in etcd.

mod answer;
mod cursor;
mod error;
mod messages;
mod number;
mod paths;
mod read;
mod requests;
mod schema;
mod splitter;
mod write;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use quorate_etcd_proto::tonic::body::Body as GrpcBody;
use quorate_etcd_proto::tonic::{Code, Status};

use super::routes::{Asked, Routes};
use crate::consul::{Body, BodyError, ReplyBody};
use crate::etcd2::Reply;
use crate::serve::Progress;
use answer::Answers;
use requests::Requests;
use schema::{Call, Schema};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;

/// The longest request: what may be carried out in base64, and room for what is around it.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// An answer on its way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<ReplyBody>> + Send>>;

/// Whether a path is one of the gateway.
pub(crate) fn takes(path: &str) -> bool {
    below(path).is_some()
}

fn below(path: &str) -> Option<&str> {
    let path = path.strip_prefix("/v3")?;
    path.strip_prefix("beta").unwrap_or(path).strip_prefix('/')
}

/// Answers one request.
pub(crate) fn answer(
    routes: &Arc<Routes>,
    progress: &Arc<Progress>,
    request: Request<Incoming>,
) -> Answering {
    let (parts, incoming) = request.into_parts();
    let found = find(&parts);
    let call = match found {
        Ok(call) if call.streams_requests => {
            progress.begin(true);
            let requests = Requests::new(incoming, call.input, MAX_BODY_BYTES);
            let request = call_of(&parts, call, GrpcBody::new(requests));
            let (routes, progress) = (Arc::clone(routes), Arc::clone(progress));
            return Box::pin(async move { streamed(&routes, progress, call, request).await });
        }
        found => found,
    };
    let body = Body::begin(incoming, progress);
    let (routes, progress) = (Arc::clone(routes), Arc::clone(progress));
    Box::pin(async move {
        let call = match call {
            Ok(call) => call,
            Err(refused) => return whole(&progress, *refused),
        };
        let request = match read_one(body, call).await {
            Ok(message) => call_of(&parts, call, framed(&message)),
            Err(reply) => return whole(&progress, *reply),
        };
        if call.streams_answers {
            streamed(&routes, progress, call, request).await
        } else {
            whole(&progress, unary(&routes, call, request).await)
        }
    })
}

/// The call that a request is for.
fn find(parts: &Parts) -> Result<&'static Call, Box<Reply>> {
    if parts.method == Method::OPTIONS {
        return Err(Box::new(Reply::new(StatusCode::OK)));
    }
    let path = below(parts.uri.path()).unwrap_or_default();
    let call = Schema::get().call(path);
    let call = call.ok_or_else(|| Status::not_found("Not Found"));
    match call {
        Ok(call) if parts.method == Method::POST => Ok(call),
        Ok(_) => Err(Box::new(error::reply(&Status::unimplemented(
            "Method Not Allowed",
        )))),
        Err(status) => Err(Box::new(error::reply(&status))),
    }
}

fn whole(progress: &Progress, reply: Reply) -> Response<ReplyBody> {
    if reply.closes() {
        progress.linger();
    }
    progress.answered();
    reply.finish()
}

/// The one message of a request. No body is an empty message.
async fn read_one(body: Body, call: &Call) -> Result<Vec<u8>, Box<Reply>> {
    let json = match body.collect(MAX_BODY_BYTES).await {
        Ok(json) => json,
        Err(BodyError::TooLarge) => {
            let text = format!("request body too large, max size: {MAX_BODY_BYTES} bytes");
            let status = Status::resource_exhausted(text);
            return Err(Box::new(error::reply(&status).closing()));
        }
        Err(BodyError::Broken) => {
            let status = Status::invalid_argument("unexpected EOF");
            return Err(Box::new(error::reply(&status).closing()));
        }
    };
    if json.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let message = read::first(Schema::get(), call.input, &json);
    message.map_err(|wrong| Box::new(error::reply(&Status::invalid_argument(wrong))))
}

/// A message as gRPC frames it.
fn framed(message: &[u8]) -> GrpcBody {
    GrpcBody::new(Full::new(messages::frame(message)))
}

/// A request as a client of gRPC would have sent it.
fn call_of(parts: &Parts, call: &Call, body: GrpcBody) -> Request<GrpcBody> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    // It is one of the descriptors' names.
    *request.uri_mut() = call.path.parse().unwrap_or_default();
    let host = parts.headers.get(http::header::HOST);
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        request.extensions_mut().insert(Asked(host.to_owned()));
    }
    *request.headers_mut() = metadata(&parts.headers);
    request
}

/// What a call is to know of a request's headers.
fn metadata(headers: &HeaderMap) -> HeaderMap {
    const PREFIX: &str = "grpc-metadata-";
    let mut metadata = HeaderMap::with_capacity(4);
    for (name, value) in headers {
        let of_call = name.as_str().strip_prefix(PREFIX);
        if let Some(Ok(name)) = of_call.map(str::parse::<HeaderName>) {
            metadata.append(name, value.clone());
        }
    }
    if let Some(token) = headers.get(http::header::AUTHORIZATION) {
        metadata.insert(http::header::AUTHORIZATION, token.clone());
    }
    let grpc = HeaderValue::from_static("application/grpc");
    metadata.insert(http::header::CONTENT_TYPE, grpc);
    metadata
}

async fn unary(routes: &Routes, call: &Call, request: Request<GrpcBody>) -> Reply {
    let mut answers = Answers::new(routes.answer(request).await, call.output);
    match answers.next().await {
        Some(Ok(json)) => Reply::encoded(StatusCode::OK, json).with_grpc_type(),
        Some(Err(status)) => error::reply(&status),
        None => error::reply(&Status::new(Code::Internal, "there was no answer")),
    }
}

/// Answers line by line. The head waits for the first line, as what is wrong until then is told by
/// the status.
async fn streamed(
    routes: &Routes,
    progress: Arc<Progress>,
    call: &Call,
    request: Request<GrpcBody>,
) -> Response<ReplyBody> {
    let mut answers = Answers::new(routes.answer(request).await, call.output);
    match answers.next().await {
        Some(Err(status)) => whole(&progress, error::stream_reply(&status)),
        None => whole(&progress, Reply::new(StatusCode::OK)),
        Some(Ok(first)) => {
            let (head, _) = Reply::head().with_grpc_type().split();
            head.map(|()| answers.into_body(&first, progress))
        }
    }
}

impl Reply {
    /// Says where the answer comes from.
    fn with_grpc_type(self) -> Self {
        const NAME: HeaderName = HeaderName::from_static("grpc-metadata-content-type");
        self.with(NAME, HeaderValue::from_static("application/grpc"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_has_two_prefixes() {
        assert_eq!(below("/v3/kv/range"), Some("kv/range"));
        assert_eq!(below("/v3beta/kv/range"), Some("kv/range"));
        for path in [
            "/v3",
            "/v3alpha/kv/range",
            "/v2/keys",
            "/v3x/kv",
            "/version",
        ] {
            assert!(!takes(path), "{path}");
        }
    }

    #[test]
    fn a_call_knows_the_token_and_what_is_meant_for_it() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "secret"),
            ("grpc-metadata-token", "other"),
            ("user-agent", "curl"),
            ("content-type", "text/plain"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let metadata = metadata(&headers);
        assert_eq!(metadata.len(), 3);
        assert_eq!(metadata["authorization"], "secret");
        assert_eq!(metadata["token"], "other");
        assert_eq!(metadata["content-type"], "application/grpc");
    }
}
