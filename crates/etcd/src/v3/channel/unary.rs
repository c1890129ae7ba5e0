//! One message there and one back, without the machinery of streams.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue, TE};
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body::{Body as _, Frame};
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::tonic::{Code, Status};

use super::connection::{Answer, Broken, Connection, Head};

/// The byte and the length before each message.
pub(crate) const PREFIX: usize = 5;

/// What is sent.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// One message with its prefix; `None` when it was taken.
    Whole(Option<Bytes>),
    /// Whatever a stream makes.
    Stream(Body),
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.get_mut() {
            Self::Whole(message) => Poll::Ready(message.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(message) => message.is_none(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }
}

impl Connection {
    /// One message there, with its prefix, and one back, without it.
    pub(crate) async fn unary(
        &self,
        path: &'static str,
        head: &Head,
        framed: Bytes,
        limit: usize,
    ) -> Result<Bytes, Status> {
        let request = self.request(path, head, framed)?;
        let response = self.dispatch(request).await.map_err(status_of)?;
        let (parts, body) = response.into_parts();
        if let Some(status) = Status::from_header_map(&parts.headers) {
            return match status.code() {
                Code::Ok => Err(Status::internal("no message came")),
                _ => Err(status),
            };
        }
        let (message, trailers) = collect(body, limit).await?;
        match trailers.as_ref().and_then(Status::from_header_map) {
            Some(status) if status.code() == Code::Ok => {
                message.ok_or_else(|| Status::internal("no message came"))
            }
            Some(status) => Err(status),
            None => Err(without_status(parts.status)),
        }
    }

    fn request(
        &self,
        path: &'static str,
        head: &Head,
        framed: Bytes,
    ) -> Result<Request<Outgoing>, Status> {
        let mut request = Request::new(Outgoing::Whole(Some(framed)));
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uri(path)?;
        let headers = request.headers_mut();
        headers.reserve(4);
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        head.write(headers);
        Ok(request)
    }
}

/// The message of an answer, and what comes after it.
async fn collect(
    mut body: Answer,
    limit: usize,
) -> Result<(Option<Bytes>, Option<HeaderMap>), Status> {
    let mut reading = Reading::new(limit);
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let Some(frame) = frame else {
            return Ok((reading.finish()?, None));
        };
        match frame.map_err(status_of)?.into_data() {
            Ok(data) => reading.take(data)?,
            Err(frame) => {
                // A refusal may cut a message short: its status counts then.
                let message = reading.finish();
                return match frame.into_trailers() {
                    Ok(trailers) if is_refusal(&trailers) => Ok((None, Some(trailers))),
                    Ok(trailers) => Ok((message?, Some(trailers))),
                    Err(_) => Ok((message?, None)),
                };
            }
        }
    }
}

fn is_refusal(trailers: &HeaderMap) -> bool {
    Status::from_header_map(trailers).is_some_and(|status| status.code() != Code::Ok)
}

/// What came of a message so far. One that comes in one piece is not copied.
struct Reading {
    limit: usize,
    first: Bytes,
    more: BytesMut,
}

impl Reading {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            first: Bytes::new(),
            more: BytesMut::new(),
        }
    }

    fn take(&mut self, data: Bytes) -> Result<(), Status> {
        if self.first.is_empty() && self.more.is_empty() {
            self.first = data;
        } else {
            if self.more.is_empty() {
                self.more.extend_from_slice(&self.first);
                self.first = Bytes::new();
            }
            self.more.extend_from_slice(&data);
        }
        let come = self.first.len().max(self.more.len());
        match self.length()? {
            Some(length) if come > PREFIX + length => {
                Err(Status::internal("more than one message came"))
            }
            _ => Ok(()),
        }
    }

    /// The length of the message, if that has come.
    fn length(&self) -> Result<Option<usize>, Status> {
        let come = if self.more.is_empty() {
            &self.first[..]
        } else {
            &self.more[..]
        };
        let Some((prefix, _)) = come.split_at_checked(PREFIX) else {
            return Ok(None);
        };
        if prefix[0] != 0 {
            return Err(Status::internal("the answer is compressed, or no gRPC"));
        }
        let length = usize::try_from((&prefix[1..]).get_u32()).unwrap_or(usize::MAX);
        if length > self.limit {
            let why = format!(
                "{}: found {length} bytes of {}",
                super::TOO_LONG,
                self.limit
            );
            return Err(Status::out_of_range(why));
        }
        Ok(Some(length))
    }

    /// The message; `None` if nothing came.
    fn finish(self) -> Result<Option<Bytes>, Status> {
        let length = self.length()?;
        let mut come = if self.more.is_empty() {
            self.first
        } else {
            self.more.freeze()
        };
        match length {
            Some(length) if come.len() == PREFIX + length => {
                come.advance(PREFIX);
                Ok(Some(come))
            }
            None if come.is_empty() => Ok(None),
            _ => Err(Status::internal("the message ended before its end")),
        }
    }
}

fn status_of(broken: Broken) -> Status {
    Status::from_error(Box::new(broken))
}

/// What an answer means that has no status of gRPC: somebody on the way gave it.
fn without_status(status: StatusCode) -> Status {
    let code = match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    Status::new(
        code,
        format!("HTTP status {status} without a status of gRPC"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&'static [u8]]) -> Result<Option<Bytes>, Code> {
        let mut reading = Reading::new(10);
        for piece in pieces {
            let piece = Bytes::from_static(piece);
            reading.take(piece).map_err(|status| status.code())?;
        }
        reading.finish().map_err(|status| status.code())
    }

    #[test]
    fn a_message_may_come_in_any_pieces() {
        let whole = Ok(Some(Bytes::from_static(b"abc")));
        assert_eq!(read(&[b"\0\0\0\0\x03abc"]), whole);
        assert_eq!(read(&[b"\0\0", b"\0\0\x03a", b"bc"]), whole);
        assert_eq!(read(&[b"\0\0\0\0\0"]), Ok(Some(Bytes::new())));
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        assert_eq!(read(&[b"\0\0\0\0\x03ab"]), Err(Code::Internal));
        assert_eq!(read(&[b"\0\0\0\0\x03abcd"]), Err(Code::Internal));
        assert_eq!(read(&[b"\x01\0\0\0\x03abc"]), Err(Code::Internal));
        assert_eq!(read(&[b"\0\0\0\0\x0b"]), Err(Code::OutOfRange), "too long");
        assert_eq!(read(&[b"\0\0\0"]), Err(Code::Internal));
    }
}
