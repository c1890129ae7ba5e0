//! The service that hyper calls for each request of a connection.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONNECTION;
use http::request::Parts;
use http::{Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use super::front::Front;
use super::keys::{Events, Watching};
use super::reply::Reply;
use super::request::{Answer, Outcome, answer};
use crate::consul::{Body, ReplyBody, Source, Streamed};
use crate::serve::{Parked, Pieces as _, Progress};

/// Answers the requests of one connection.
pub(crate) struct Service {
    front: Arc<Front>,
    progress: Arc<Progress>,
}

impl Service {
    pub(crate) fn new(front: Arc<Front>, progress: Arc<Progress>) -> Self {
        Self { front, progress }
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: http::Request<Incoming>) -> Answering {
        let (parts, incoming) = request.into_parts();
        let sending = Sending {
            may_park: may_park(&parts, &incoming),
            progress: self.progress.clone(),
        };
        let body = Body::begin(incoming, &self.progress);
        match answer(&self.front, parts, body) {
            Answer::Now(outcome) => Answering(sending.send(outcome)),
            Answer::Later(outcome) => Answering(State::Later(outcome, sending)),
        }
    }
}

/// Whether the connection's driver can answer in hyper's stead: the connection goes on after the
/// answer, and nothing of the request is left to read.
fn may_park(parts: &Parts, incoming: &Incoming) -> bool {
    let goes_on = match parts.headers.get(CONNECTION) {
        None => true,
        Some(value) => value.as_bytes().eq_ignore_ascii_case(b"keep-alive"),
    };
    parts.version == Version::HTTP_11 && goes_on && incoming.is_end_stream()
}

/// How an answer leaves.
struct Sending {
    may_park: bool,
    progress: Arc<Progress>,
}

impl Sending {
    fn send(&self, outcome: Outcome) -> State {
        match outcome {
            Outcome::Reply(reply) => State::Now(Some(self.whole(reply))),
            Outcome::Watch(watching) if self.may_park => {
                let (head, events) = watching.begin();
                self.progress.park(Parked::feed(&head, Box::new(events)));
                State::Parked
            }
            Outcome::Watch(watching) => State::Now(Some(self.stream(watching))),
        }
    }

    fn whole(&self, reply: Reply) -> Response<ReplyBody> {
        if reply.closes() {
            self.progress.linger();
        }
        self.progress.answered();
        reply.finish()
    }

    fn stream(&self, watching: Box<Watching>) -> Response<ReplyBody> {
        // It is answered when its body is dropped; until then nothing is waited for.
        self.progress.body_received();
        let (head, events) = watching.begin();
        let source = Source::new(Rest {
            events,
            over: false,
        })
        .endless();
        let streamed = Streamed::new(source, false, self.progress.clone());
        head.map(|()| ReplyBody::Stream(Box::new(streamed)))
    }
}

/// The pieces of an answer for hyper.
struct Rest {
    events: Events,
    over: bool,
}

impl Stream for Rest {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let piece = ready!(self.events.poll_piece(cx));
        self.over = piece.as_ref().is_none_or(|piece| piece.last);
        Poll::Ready(piece.map(|piece| Ok(piece.bytes)))
    }
}

/// An answer that is there, or one that takes time.
pub(crate) struct Answering(State);

enum State {
    Now(Option<Response<ReplyBody>>),
    Later(Pin<Box<dyn Future<Output = Outcome> + Send>>, Sending),
    /// The connection's driver answers instead of hyper.
    Parked,
}

impl Future for Answering {
    type Output = Result<Response<ReplyBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match &mut self.0 {
                State::Parked => return Poll::Pending,
                // hyper polls no future that has given its answer.
                State::Now(response) => {
                    let response = response.take();
                    return response.map_or(Poll::Pending, |it| Poll::Ready(Ok(it)));
                }
                State::Later(outcome, sending) => {
                    let outcome = ready!(outcome.as_mut().poll(cx));
                    sending.send(outcome)
                }
            };
            self.0 = next;
        }
    }
}
