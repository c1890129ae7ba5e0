//! What a client is answered.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use h2::server::SendResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};
use quorate_etcd_proto::tonic::Status;

/// The place of one call's answer.
pub(super) struct Respond(pub(super) SendResponse<Bytes>);

impl Respond {
    /// Answers with a message and says that all is well.
    pub(super) fn give(mut self, message: Bytes) {
        const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
        const OK: HeaderValue = HeaderValue::from_static("0");
        let mut head = Response::new(());
        head.headers_mut().insert(CONTENT_TYPE, GRPC);
        let mut trailers = HeaderMap::with_capacity(1);
        trailers.insert(Status::GRPC_STATUS, OK);
        // An error says that the client has gone. What does not fit into its window waits there.
        if let Ok(mut body) = self.0.send_response(head, false)
            && body.send_data(message, false).is_ok()
        {
            let _ = body.send_trailers(trailers);
        }
    }

    /// Answers that it was not done, and why.
    pub(super) fn refuse(mut self, status: Status) {
        let _ = self.0.send_response(status.into_http(), true);
    }
}

/// Does `work`, unless the client gives the call up.
pub(super) async fn unless_reset<T>(
    respond: &mut Respond,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => respond.0.poll_reset(cx).map(|_| None),
    })
    .await
}
