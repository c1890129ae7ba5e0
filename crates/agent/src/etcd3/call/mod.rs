//! One call of a client over HTTP/2.
//!
//! What is asked most is answered by the connection's own task, from the message to the last
//! frame, so that the answers of many calls leave in one write. All else, and what may take long,
//! gets a task of its own; streams go through the services as tonic makes them.

mod ask;
mod body;
mod pipe;
mod reply;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Method, Request};
use quorate_etcd_proto::tonic::body::Body;

use super::front::Front;
use super::routes::{Routes, is_grpc};
use ask::{Ask, Kind};
use body::{Received, read_message};
use reply::{Respond, unless_reset};

/// What a task of its own is for.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a quick call is: nothing is left when it ends, or what turned out to take long.
pub(crate) type Quick = Pin<Box<dyn Future<Output = Option<Task>> + Send>>;

/// A call that has begun.
pub(crate) enum Call {
    /// For the connection to look after.
    Quick(Quick),
    /// For a task of its own.
    Task(Task),
}

impl Routes {
    /// Begins to answer a call.
    pub(crate) fn begin(
        self: &Arc<Self>,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) -> Call {
        let respond = Respond(respond);
        let quick = Kind::of(request.uri().path()).filter(|_| is_plain(&request));
        if let Some(kind) = quick {
            let front = Arc::clone(self.front());
            return Call::Quick(Box::pin(quickly(front, kind, request, respond)));
        }
        let answer = self.answer_any(request.map(|body| Body::new(Received(body))));
        Call::Task(Box::pin(pipe::call(answer, respond)))
    }
}

/// Whether nothing speaks against the usual way.
fn is_plain(request: &Request<RecvStream>) -> bool {
    let headers = request.headers();
    request.method() == Method::POST && is_grpc(headers) && !headers.contains_key("grpc-encoding")
}

async fn quickly(
    front: Arc<Front>,
    kind: Kind,
    request: Request<RecvStream>,
    respond: Respond,
) -> Option<Task> {
    let (head, mut body) = request.into_parts();
    let ask = match read_message(&mut body).await? {
        Ok(message) => kind.decode(message),
        Err(status) => Err(status),
    };
    drop(body);
    match ask {
        Err(status) => respond.refuse(status),
        Ok(ask) if ask.may_take_long() => {
            return Some(Box::pin(carry_out(front, ask, head.headers, respond)));
        }
        Ok(ask) => carry_out(front, ask, head.headers, respond).await,
    }
    None
}

async fn carry_out(front: Arc<Front>, ask: Ask, headers: HeaderMap, mut respond: Respond) {
    let work = ask.answer(front, headers);
    // Nobody waits for the answer to a call that was given up.
    match unless_reset(&mut respond, work).await {
        Some(Ok(message)) => respond.give(message),
        Some(Err(status)) => respond.refuse(status),
        None => {}
    }
}
