//! The requests of a stream, taken out of a body as they arrive.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use quorate_etcd_proto::tonic::Status;

use super::messages::frame;
use super::read;
use super::schema::{MessageId, Schema};
use super::splitter::Splitter;

/// A body of JSON values, as the body of a gRPC call.
pub(super) struct Requests<B> {
    incoming: B,
    input: MessageId,
    max_bytes: usize,
    buffer: BytesMut,
    splitter: Splitter,
    ended: bool,
}

impl<B> Requests<B> {
    /// Of values with at most `max_bytes` each.
    pub(super) fn new(incoming: B, input: MessageId, max_bytes: usize) -> Self {
        Self {
            incoming,
            input,
            max_bytes,
            buffer: BytesMut::new(),
            splitter: Splitter::default(),
            ended: false,
        }
    }

    fn read(&mut self, json: &[u8]) -> Result<Frame<Bytes>, Status> {
        let message = read::first(Schema::get(), self.input, json);
        if message.is_err() {
            self.ended = true;
        }
        let message = message.map_err(Status::invalid_argument)?;
        Ok(Frame::data(frame(&message)))
    }

    /// What is left when nothing more comes.
    fn rest(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        self.ended = true;
        let rest = self.buffer.split();
        let is_nothing = rest.iter().all(u8::is_ascii_whitespace);
        (!is_nothing).then(|| self.read(&rest))
    }
}

impl<B> Body for Requests<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            if let Some(end) = this.splitter.end(&this.buffer) {
                let json = this.buffer.split_to(end);
                return Poll::Ready(Some(this.read(&json)));
            }
            if this.buffer.len() > this.max_bytes {
                this.ended = true;
                let text = format!("request too large, max size: {} bytes", this.max_bytes);
                return Poll::Ready(Some(Err(Status::resource_exhausted(text))));
            }
            match ready!(Pin::new(&mut this.incoming).poll_frame(cx)) {
                None => return Poll::Ready(this.rest()),
                Some(Err(_)) => {
                    this.ended = true;
                    let text = "the request was cut off";
                    return Poll::Ready(Some(Err(Status::cancelled(text))));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        this.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn requests(text: &str, max_bytes: usize) -> Requests<Full<Bytes>> {
        let input = Schema::get().call("lease/keepalive").unwrap().input;
        Requests::new(Full::new(Bytes::from(text.to_owned())), input, max_bytes)
    }

    #[tokio::test]
    async fn each_value_is_a_message() {
        let body = requests("{\"ID\":1} {\"ID\":\"2\"}\n", 100);
        let all = body.collect().await.unwrap().to_bytes();
        assert_eq!(&all[..], [0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 2, 8, 2]);
        let nothing = requests(" \n", 100).collect().await.unwrap();
        assert!(nothing.to_bytes().is_empty());
    }

    #[tokio::test]
    async fn what_is_wrong_ends_the_requests() {
        for (text, wrong) in [
            ("{", "unexpected EOF"),
            ("x", "invalid character 'x' looking for beginning of value"),
            (
                "{\"ID\":1 2}{}",
                "invalid character '2' after object key:value pair",
            ),
            (
                "{\"ID\":true}{}",
                "proto: (line 1:7): invalid value for int64 field ID: true",
            ),
            (
                "{\"a\":\"0123456789\"",
                "request too large, max size: 10 bytes",
            ),
        ] {
            let mut body = requests(text, 10);
            let error = body.frame().await.unwrap().unwrap_err();
            assert_eq!(error.message(), wrong, "{text}");
            assert!(body.frame().await.is_none());
        }
    }
}
