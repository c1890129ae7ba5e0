//! One attempt: a connection, a request, the head of its response.

use std::error::Error;
use std::io;

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::connection::{Connection, Written};
use super::pool::Pool;
use super::request::{Plan, Replay};
use super::upload::Idle;
use crate::endpoint::EndpointId;
use crate::error::{Failure, NetErrorKind, Phase};
use crate::tls::is_rejection;
use crate::transport::Connector;

/// How far an attempt has come. It outlives the attempt, so that it can be read when a clock cut
/// the attempt off.
pub(super) struct Progress {
    pub(super) phase: Phase,
    /// The connection's counter, and its value before the request.
    sending: Option<(Written, u64)>,
    /// Whether an earlier try of the same attempt, on a connection that was stale, went out.
    sent_before: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Prepare,
            sending: None,
            sent_before: false,
        }
    }

    /// Whether any byte of the request was handed to a transport.
    pub(super) fn sent(&self) -> bool {
        let now = self
            .sending
            .as_ref()
            .is_some_and(|(written, before)| written.get() != *before);
        now || self.sent_before
    }

    fn begin(&mut self, connection: &Connection) {
        self.sent_before = self.sent();
        self.sending = Some((connection.written().clone(), connection.written().get()));
        self.phase = Phase::Response;
    }

    /// Where a connection broke that had this request.
    fn broken_in(&self) -> Phase {
        if self.sent() { self.phase } else { Phase::Send }
    }
}

/// Sends the request to `id` and waits for the head of the response.
///
/// An idle connection may have been closed by the server at any moment. That must not become the
/// caller's problem: what was not sent, or may be repeated, goes out again on a new connection.
pub(super) async fn exchange(
    pool: &Pool,
    connector: &Connector,
    plan: &mut Plan,
    id: EndpointId,
    now: Instant,
    progress: &mut Progress,
) -> Result<(Response<Incoming>, Connection), Failure> {
    let Some(host) = connector.host(id) else {
        let text = "the endpoint is not one of this client";
        return Err(Failure::new(Phase::Prepare, NetErrorKind::Request, text));
    };
    let reused = if plan.is_upload() {
        // Its body can be sent once, so no connection is tried that may turn out to be stale.
        None
    } else {
        idle(pool, id, now).await
    };
    let mut connection = match reused {
        Some(connection) => connection,
        None => connect(connector, id, &mut progress.phase).await?,
    };
    loop {
        progress.begin(&connection);
        let request = plan.for_host(host);
        if let Some(idle) = plan.idle() {
            idle.sends_on(connection.written());
        }
        let error = match connection.request(request).await {
            Ok(response) => {
                if let Some(idle) = plan.idle() {
                    idle.is_answered();
                }
                return Ok((response, connection));
            }
            Err(error) => error,
        };
        if plan.idle().is_some_and(Idle::has_failed) {
            let failure = Failure::new(Phase::Send, NetErrorKind::Request, error);
            return Err(failure.with_sent(progress.sent()));
        }
        let repeatable = !progress.sent() || plan.replay == Replay::Safe;
        if !connection.reused || !repeatable || !is_cut(&error) {
            return Err(failure(error, progress, connection.reused));
        }
        connection = connect(connector, id, &mut progress.phase)
            .await
            .map_err(|failure| failure.with_sent(progress.sent()))?;
    }
}

/// An idle connection that is not known to be dead.
async fn idle(pool: &Pool, id: EndpointId, now: Instant) -> Option<Connection> {
    while let Some(mut connection) = pool.take(id, now) {
        if connection.is_usable().await {
            return Some(connection);
        }
    }
    None
}

async fn connect(
    connector: &Connector,
    id: EndpointId,
    phase: &mut Phase,
) -> Result<Connection, Failure> {
    let stream = connector.connect(id, phase).await?;
    Connection::new(stream)
        .await
        .map_err(|error| Failure::new(Phase::Connect, NetErrorKind::Io, error))
}

/// Reads a body to its end.
pub(super) async fn collect(
    connection: &mut Connection,
    body: &mut Incoming,
    limit: u64,
    progress: &mut Progress,
) -> Result<Bytes, Failure> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    progress.phase = Phase::Body;
    let announced = body.size_hint().exact();
    if let Some(length) = announced
        && length > limit
    {
        return Err(too_large(length, limit));
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut total = 0_u64;
    while let Some(chunk) = next_chunk(connection, body, progress).await? {
        total = total.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if total > limit {
            return Err(too_large(total, limit));
        }
        if first.is_empty() {
            first = chunk;
        } else {
            if rest.is_empty() {
                // The announced length is within the limit, but memory is only taken as it comes
                // in: the server may announce what it never sends.
                let announced = announced.and_then(|length| usize::try_from(length).ok());
                let so_far = first.len() + chunk.len();
                rest.reserve(announced.unwrap_or(0).min(RESERVE_AT_ONCE).max(so_far));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
        }
        // Content-Length tells the end; there is no need to ask for another frame.
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

/// The most memory taken on the word of a `Content-Length`.
const RESERVE_AT_ONCE: usize = 1 << 20;

/// The next data of a body; `None` at its end. Trailers are passed over.
pub(super) async fn next_chunk(
    connection: &mut Connection,
    body: &mut Incoming,
    progress: &Progress,
) -> Result<Option<Bytes>, Failure> {
    loop {
        let frame = std::future::poll_fn(|cx| connection.poll_frame(body, cx)).await;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(failure(error, progress, true)),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data)),
                Ok(_) | Err(_) => {}
            },
        }
    }
}

fn too_large(length: u64, limit: u64) -> Failure {
    let text = format!("the body has {length} bytes or more, and the limit is {limit}");
    Failure::new(Phase::Body, NetErrorKind::TooLarge, text).with_sent(true)
}

/// Whether the connection ended, in contrast to an answer that makes no sense.
fn is_cut(error: &hyper::Error) -> bool {
    !error.is_parse() && !error.is_parse_too_large() && !error.is_user()
}

/// What an error on a connection means for the request.
fn failure(error: hyper::Error, progress: &Progress, reused: bool) -> Failure {
    if !reused && tls_error(&error).is_some_and(is_rejection) {
        return Failure::new(Phase::Tls, NetErrorKind::Tls, error);
    }
    let kind = if is_cut(&error) {
        NetErrorKind::Io
    } else {
        NetErrorKind::Protocol
    };
    Failure::new(progress.broken_in(), kind, error).with_sent(progress.sent())
}

/// The TLS error at the bottom of a chain.
fn tls_error(error: &hyper::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.get_ref()?.downcast_ref();
        }
        next = error.source();
    }
    None
}
