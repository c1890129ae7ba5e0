//! The answers of a call, as JSON.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::Response;
use quorate_etcd_proto::tonic::Status;
use quorate_etcd_proto::tonic::body::Body;

use super::error;
use super::messages::Messages;
use super::schema::{MessageId, Schema};
use super::write::write;
use crate::consul::{ReplyBody, Source, Streamed};
use crate::serve::Progress;

/// The answers of a call.
pub(super) struct Answers {
    messages: Messages,
    output: MessageId,
}

impl Answers {
    pub(super) fn new(response: Response<Body>, output: MessageId) -> Self {
        Self {
            messages: Messages::new(response),
            output,
        }
    }

    /// The next answer; nothing at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<u8>, Status>> {
        poll_fn(|cx| self.poll_json(cx)).await
    }

    fn poll_json(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Status>>> {
        let message = ready!(self.messages.poll_next(cx));
        Poll::Ready(message.map(|message| {
            let json = write(Schema::get(), self.output, &message?);
            let json = json.map_err(|error| Status::internal(error.to_string()))?;
            Ok(json.into_bytes())
        }))
    }

    /// All answers, of which the first is there already, line by line.
    pub(super) fn into_body(self, first: &[u8], progress: Arc<Progress>) -> ReplyBody {
        let lines = Lines {
            first: Some(result(first)),
            answers: self,
            over: false,
        };
        let source = Source::new(lines).endless();
        ReplyBody::Stream(Box::new(Streamed::new(source, false, progress)))
    }
}

/// The line of an answer.
fn result(json: &[u8]) -> Bytes {
    [b"{\"result\":", json, b"}\n"].concat().into()
}

/// Answers line by line.
struct Lines {
    first: Option<Bytes>,
    answers: Answers,
    over: bool,
}

impl Stream for Lines {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.over {
            return Poll::Ready(None);
        }
        let line = match ready!(self.answers.poll_json(cx)) {
            Some(Ok(json)) => result(&json),
            Some(Err(status)) => {
                self.over = true;
                let mut line = error::line(&status);
                line.push(b'\n');
                line.into()
            }
            None => {
                self.over = true;
                return Poll::Ready(None);
            }
        };
        Poll::Ready(Some(Ok(line)))
    }
}
