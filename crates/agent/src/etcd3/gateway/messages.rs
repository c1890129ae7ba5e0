//! Messages as gRPC frames them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body::Body as _;
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::tonic::{Code, Status};

/// What is before each message: whether it is compressed, and its length.
const HEAD_BYTES: usize = 5;

/// A message with what is before it.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(HEAD_BYTES + message.len());
    framed.put_u8(0);
    // No message is longer than what is read of a request.
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// The messages of an answer.
pub(super) struct Messages {
    body: Body,
    buffer: BytesMut,
    /// How it ends, once that is known.
    end: Option<Status>,
}

impl Messages {
    pub(super) fn new(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            body,
            buffer: BytesMut::new(),
            end: Status::from_header_map(&parts.headers),
        }
    }

    /// The next message; nothing at the end, if the answer ends well.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        loop {
            if let Some(message) = self.take() {
                return Poll::Ready(Some(Ok(message)));
            }
            if let Some(end) = self.end.take() {
                let good = end.code() == Code::Ok;
                self.end = Some(Status::ok(""));
                return Poll::Ready((!good).then_some(Err(end)));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => self.end = Some(end_of(&HeaderMap::new())),
                Some(Err(status)) => self.end = Some(status),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffer.put(data),
                    Err(frame) => {
                        let trailers = frame.into_trailers().unwrap_or_default();
                        self.end = Some(end_of(&trailers));
                    }
                },
            }
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let mut head = self.buffer.get(1..HEAD_BYTES)?;
        let length = usize::try_from(head.get_u32()).ok()?;
        let whole = HEAD_BYTES.checked_add(length)?;
        if self.buffer.len() < whole {
            return None;
        }
        let mut message = self.buffer.split_to(whole);
        message.advance(HEAD_BYTES);
        Some(message.freeze())
    }
}

fn end_of(trailers: &HeaderMap) -> Status {
    let cut = || Status::unavailable("the answer was cut off");
    Status::from_header_map(trailers).unwrap_or_else(cut)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn messages_come_one_by_one_and_then_how_it_ends() {
        let both = [frame(b"one"), frame(b"")].concat();
        let body = Body::new(Full::new(Bytes::from(both)));
        let mut messages = Messages::new(Response::new(body));
        let mut next = async || poll_fn(|cx| messages.poll_next(cx)).await;
        assert_eq!(next().await.unwrap().unwrap(), "one");
        assert_eq!(next().await.unwrap().unwrap(), "");
        let cut = next().await.unwrap().unwrap_err();
        assert_eq!(cut.code(), Code::Unavailable);
        assert!(next().await.is_none());
    }

    #[tokio::test]
    async fn an_answer_without_messages_ends_as_its_head_says() {
        let refused = Status::not_found("gone").into_http::<Body>();
        let mut messages = Messages::new(refused);
        let end = poll_fn(|cx| messages.poll_next(cx)).await;
        let end = end.unwrap().unwrap_err();
        assert_eq!((end.code(), end.message()), (Code::NotFound, "gone"));
    }
}
