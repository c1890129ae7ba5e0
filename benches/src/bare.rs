//! A bare hyper server: it reads a request's body, and returns bytes that it was given. What an
//! HTTP server costs before it does anything.

use std::convert::Infallible;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The names and values of headers.
pub type Headers = &'static [(&'static str, &'static str)];

/// The headers that Consul's KV reads have.
pub const CONSUL: Headers = &[
    ("content-type", "application/json"),
    ("vary", "Accept-Encoding"),
    ("x-consul-index", "10"),
    ("x-consul-knownleader", "true"),
    ("x-consul-lastcontact", "0"),
];

/// The headers that reads of etcd's v2 API have.
pub const ETCD: Headers = &[
    (
        "access-control-allow-headers",
        "accept, content-type, authorization",
    ),
    (
        "access-control-allow-methods",
        "POST, GET, OPTIONS, PUT, DELETE",
    ),
    ("access-control-allow-origin", "*"),
    ("content-type", "application/json"),
    ("x-etcd-cluster-id", "cdf818194e3a8c32"),
    ("x-etcd-index", "10"),
    ("x-raft-index", "11"),
    ("x-raft-term", "2"),
];

/// Serves for ever on a free port of the loopback interface, which it prints. A GET is answered
/// with `body` and `headers`, anything else with `true`.
///
/// # Errors
/// When it can't listen.
pub async fn serve(body: Vec<u8>, headers: Headers) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("listen")?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let body = Bytes::from(body);
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, body.clone(), headers));
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Serves for ever as [`serve`] does, but a GET with an `index` waits until the next PUT: what a
/// blocking read costs a server that does nothing else.
///
/// # Errors
/// When it can't listen.
pub async fn serve_blocking(body: Vec<u8>, headers: Headers) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("listen")?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let written = Arc::new(Notify::new());
    let body = Bytes::from(body);
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (written, body) = (Arc::clone(&written), body.clone());
        connections.spawn(async move {
            let service = service_fn(move |request| {
                blocking_answer(request, Arc::clone(&written), body.clone(), headers)
            });
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn blocking_answer(
    request: Request<Incoming>,
    written: Arc<Notify>,
    body: Bytes,
    headers: Headers,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET {
        written.notify_waiters();
    } else if request
        .uri()
        .query()
        .is_some_and(|query| query.contains("index="))
    {
        written.notified().await;
    }
    answer(request, body, headers).await
}

async fn answer(
    request: Request<Incoming>,
    body: Bytes,
    headers: Headers,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET {
        let _ = request.into_body().collect().await;
        return Ok(Response::new(Full::new(Bytes::from_static(b"true"))));
    }
    let mut response = Response::new(Full::new(body));
    for &(name, value) in headers {
        let name = HeaderName::from_static(name);
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
