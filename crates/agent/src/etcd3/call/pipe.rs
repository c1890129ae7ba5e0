//! Calls that go through the services as tonic makes them.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http::Response;
use http_body::{Body as _, Frame};
use quorate_etcd_proto::tonic::Status;
use quorate_etcd_proto::tonic::body::Body;

use super::reply::{Respond, unless_reset};

/// Waits for an answer, and hands it to the client frame by frame.
pub(super) async fn call(answer: impl Future<Output = Response<Body>>, mut respond: Respond) {
    let Some(answer) = unless_reset(&mut respond, answer).await else {
        return;
    };
    let (head, body) = answer.into_parts();
    let ends = body.is_end_stream();
    // An error says that the client has gone.
    if let Ok(out) = respond
        .0
        .send_response(Response::from_parts(head, ()), ends)
        && !ends
    {
        Pipe { body, out }.run().await;
    }
}

struct Pipe {
    body: Body,
    out: SendStream<Bytes>,
}

impl Pipe {
    async fn run(mut self) {
        while let Some(frame) = poll_fn(|cx| self.poll_frame(cx)).await {
            let Ok(frame) = frame else {
                return self.out.send_reset(Reason::INTERNAL_ERROR);
            };
            match frame.into_data() {
                Ok(data) => {
                    if !self.has_room(&data).await || self.out.send_data(data, false).is_err() {
                        return;
                    }
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.out.reserve_capacity(0);
                        let _ = self.out.send_trailers(trailers);
                        return;
                    }
                }
            }
        }
        let _ = self.out.send_data(Bytes::new(), true);
    }

    /// The next frame of the answer. A client that gives the call up ends it.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.out.poll_reset(cx).is_ready() {
            return Poll::Ready(Some(Err(Status::cancelled(""))));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    /// Waits until the client takes a byte of `data` at least; `false` when it never will.
    async fn has_room(&mut self, data: &Bytes) -> bool {
        if data.is_empty() {
            return true;
        }
        self.out.reserve_capacity(1);
        poll_fn(|cx| self.poll_room(cx)).await
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while self.out.capacity() == 0 {
            match ready!(self.out.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(false),
            }
        }
        Poll::Ready(true)
    }
}
