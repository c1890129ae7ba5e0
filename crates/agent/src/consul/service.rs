//! The service that hyper calls for each request of a connection.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::CONNECTION;
use http::request::Parts;
use http::{Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use super::asked::Asked;
use super::body::Body;
use super::front::Front;
use super::reply::{Reply, Style};
use super::request::{Answer, answer};
use super::shared_reply::Shown;
use super::stream::ReplyBody;
use crate::serve::{Parked, Progress};

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
        let may_park = may_park(&parts, &incoming);
        let body = Body::begin(incoming, &self.progress);
        self.front.counts.request();
        let asked = Asked::note(&self.front, &parts);
        match answer(&self.front, &parts, body) {
            (Answer::Now(reply), style) => {
                if let Some(asked) = asked {
                    asked.answered(&reply);
                }
                Answering::Now(Some(finish(reply, style, &self.progress)))
            }
            // Whoever listens to the log hears of it when hyper gets the answer.
            (Answer::Parked(reply), style) if may_park && asked.is_none() => {
                self.progress.park(Parked::new(reply, style));
                Answering::Parked
            }
            (Answer::Later(reply), style) => {
                Answering::later(Awaited::Reply(reply), style, asked, &self.progress)
            }
            (Answer::Parked(shown), style) => {
                Answering::later(Awaited::Shown(shown), style, asked, &self.progress)
            }
        }
    }
}

/// An answer that is there, or one that takes time.
pub(crate) enum Answering {
    Now(Option<Response<ReplyBody>>),
    Later {
        reply: Awaited,
        style: Style,
        asked: Option<Box<Asked>>,
        progress: Arc<Progress>,
    },
    /// The connection's driver answers instead of hyper.
    Parked,
}

/// What an answer is waited for with.
pub(crate) enum Awaited {
    Reply(Pin<Box<dyn Future<Output = Reply> + Send>>),
    Shown(Pin<Box<dyn Future<Output = Shown> + Send>>),
}

impl Awaited {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        match self {
            Self::Reply(reply) => reply.as_mut().poll(cx),
            Self::Shown(shown) => shown.as_mut().poll(cx).map(Shown::into_reply),
        }
    }
}

impl Answering {
    fn later(
        reply: Awaited,
        style: Style,
        asked: Option<Box<Asked>>,
        progress: &Arc<Progress>,
    ) -> Self {
        Self::Later {
            reply,
            style,
            asked,
            progress: Arc::clone(progress),
        }
    }
}

impl Future for Answering {
    type Output = Result<Response<ReplyBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Parked => Poll::Pending,
            // hyper polls no future that has given its answer.
            Self::Now(response) => response
                .take()
                .map_or(Poll::Pending, |it| Poll::Ready(Ok(it))),
            Self::Later {
                reply,
                style,
                asked,
                progress,
            } => {
                let reply = ready!(reply.poll(cx));
                if let Some(asked) = asked.take() {
                    asked.answered(&reply);
                }
                Poll::Ready(Ok(finish(reply, *style, progress)))
            }
        }
    }
}

/// Whether the driver can answer in hyper's stead: the connection goes on after the answer, and
/// nothing of the request is left to read.
fn may_park(parts: &Parts, incoming: &Incoming) -> bool {
    parts.version == Version::HTTP_11
        && !parts.headers.contains_key(CONNECTION)
        && incoming.is_end_stream()
}

fn finish(reply: Reply, style: Style, progress: &Arc<Progress>) -> Response<ReplyBody> {
    if reply.closes() {
        progress.linger();
    }
    if reply.is_stream() {
        // It is answered when its body is dropped; until then nothing is waited for.
        progress.body_received();
    } else {
        progress.answered();
    }
    reply.finish(style, progress)
}
