//! What a client sends in a call.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use h2::{Reason, RecvStream};
use http_body::Frame;
use quorate_etcd_proto::tonic::Status;

use super::super::routes::{MAX_MESSAGE_BYTES, too_large};

/// What stands before a message: whether it is compressed, and how long it is.
pub(super) const PREFIX_BYTES: usize = 5;

/// Reads the only message of a call, to the end of what the client sends. `None` when the client
/// is not there any more.
pub(super) async fn read_message(body: &mut RecvStream) -> Option<Result<Bytes, Status>> {
    let mut found = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(data) = poll_fn(|cx| body.poll_data(cx)).await {
        let data = data.ok()?;
        // An error says that the stream has ended, and so does the next read.
        let _ = body.flow_control().release_capacity(data.len());
        if found.is_empty() {
            found = data;
        } else if more.len() <= MAX_MESSAGE_BYTES {
            // Messages come in one piece, unless they are large.
            more.extend_from_slice(&data);
        }
        if let Some(Err(status)) = length(&found, &more) {
            return Some(Err(status));
        }
    }
    if !more.is_empty() {
        found = [found, more.freeze()].concat().into();
    }
    Some(unframed(found))
}

/// How long the message is, once that is known.
fn length(first: &[u8], rest: &[u8]) -> Option<Result<usize, Status>> {
    let mut head = first.chain(rest);
    if head.remaining() < PREFIX_BYTES {
        return None;
    }
    let flag = head.get_u8();
    let length = usize::try_from(head.get_u32()).unwrap_or(usize::MAX);
    Some(match flag {
        0 if length > MAX_MESSAGE_BYTES => Err(too_large(length)),
        0 => Ok(length),
        1 => Err(Status::internal(
            "protocol error: received message with compressed-flag but no grpc-encoding was specified",
        )),
        _ => Err(Status::internal(format!(
            "protocol error: received message with invalid compression flag: {flag} (valid flags are 0 and 1), while sending request"
        ))),
    })
}

/// The message in its frame.
fn unframed(mut frame: Bytes) -> Result<Bytes, Status> {
    if frame.is_empty() {
        return Err(Status::internal("Missing request message."));
    }
    let cut_short = || Status::internal("Unexpected EOF decoding stream.");
    let length = length(&frame, &[]).ok_or_else(cut_short)??;
    frame.advance(PREFIX_BYTES);
    if frame.len() < length {
        return Err(cut_short());
    }
    frame.truncate(length);
    Ok(frame)
}

/// What a client sends, for the services as tonic makes them.
pub(super) struct Received(pub(super) RecvStream);

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let body = &mut self.0;
        match ready!(body.poll_data(cx)) {
            Some(Ok(data)) => {
                // An error says that the stream has ended, and so does the next read.
                let _ = body.flow_control().release_capacity(data.len());
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            // A client that has all it wants says so in this way.
            Some(Err(error)) if is_no_error(&error) => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => {}
        }
        let trailers = ready!(body.poll_trailers(cx));
        Poll::Ready(trailers.map(|it| it.map(Frame::trailers)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

fn is_no_error(error: &h2::Error) -> bool {
    matches!(error.reason(), Some(Reason::NO_ERROR | Reason::CANCEL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_etcd_proto::tonic::Code;

    fn wrong(frame: &'static [u8]) -> (Code, String) {
        let status = unframed(Bytes::from_static(frame)).unwrap_err();
        (status.code(), status.message().to_owned())
    }

    #[test]
    fn a_message_is_what_stands_in_its_frame() {
        let frame = Bytes::from_static(b"\0\0\0\0\x02ab and no more");
        assert_eq!(unframed(frame).unwrap(), "ab");
        assert_eq!(unframed(Bytes::from_static(&[0; 5])).unwrap(), "");
    }

    #[test]
    fn a_message_that_is_missing_or_cut_short_is_refused() {
        let (code, text) = wrong(b"");
        assert_eq!(
            (code, &text[..]),
            (Code::Internal, "Missing request message.")
        );
        for frame in [&b"\0\0"[..], b"\0\0\0\0\x02a"] {
            let (code, text) = wrong(frame);
            assert_eq!(
                (code, &text[..]),
                (Code::Internal, "Unexpected EOF decoding stream.")
            );
        }
    }

    #[test]
    fn a_message_that_is_too_large_is_refused_at_its_first_bytes() {
        let found = length(&[0, 0], &[0x20, 0, 1]);
        let status = found.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        let text = "grpc: received message larger than max (2097153 vs. 2097152)";
        assert_eq!(status.message(), text);
        assert!(matches!(
            length(&[0, 0], &[0x20, 0, 0]),
            Some(Ok(2_097_152))
        ));
    }

    #[test]
    fn a_message_that_says_it_is_compressed_is_refused() {
        assert!(wrong(b"\x01\0\0\0\0").1.contains("compressed-flag"));
        assert!(
            wrong(b"\x07\0\0\0\0")
                .1
                .contains("invalid compression flag: 7")
        );
    }
}
