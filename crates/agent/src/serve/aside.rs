//! Connections that hyper has put down: those that are idle, and those whose request waits.
//!
//! hyper keeps two buffers of 8 KiB for as long as it has a connection, which is most of what a
//! blocking read costs. So while a request waits for a change, and until the next one arrives, the
//! connection stands here, with nothing but its stream and what it waits for.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::Response;
use http::header::{CONNECTION, HeaderName};
use hyper::ext::ReasonPhrase;
use tokio::io::AsyncWrite;

use super::guard::Guarded;
use super::progress::Progress;
use crate::consul::{Reply, Style};

/// The most that is read of what a client sends while its request waits. The rest stays in the
/// socket; it is also the most of a next request that is read before hyper reads on.
const MAX_AHEAD: usize = 1024;

/// A request that waits for a change.
pub(crate) struct Parked {
    reply: Pin<Box<dyn Future<Output = Reply> + Send>>,
    style: Style,
}

impl Parked {
    pub(crate) fn new(reply: Pin<Box<dyn Future<Output = Reply> + Send>>, style: Style) -> Self {
        Self { reply, style }
    }
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parked").finish_non_exhaustive()
    }
}

/// A connection that stands aside.
pub(super) struct Aside {
    io: Guarded,
    /// What the client has sent already of its next request.
    ahead: Vec<u8>,
    step: Step,
    /// The connection ends after the answer.
    closes: bool,
}

enum Step {
    Waiting(Parked),
    Writing(Bytes),
    Idle,
}

/// What comes next for the connection.
pub(super) enum Turn {
    /// Its end.
    Ended,
    /// A request, whose first bytes have arrived.
    Request,
}

impl Aside {
    /// A connection whose request waits, or without one; `ahead` was read beyond it.
    pub(super) fn new(io: Guarded, ahead: &[u8], parked: Option<Parked>) -> Self {
        Self {
            io,
            ahead: ahead.to_vec(),
            step: parked.map_or(Step::Idle, Step::Waiting),
            closes: false,
        }
    }

    /// Ends the connection after the request that it is at, if any.
    pub(super) fn close(&mut self) {
        self.closes = true;
    }

    /// The stream, which begins with what was read already.
    pub(super) fn into_io(mut self) -> Guarded {
        self.io.unread(self.ahead.into());
        self.io
    }

    /// Goes on until the client sends a request or the connection ends.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, progress: &Progress) -> Poll<Turn> {
        let Self {
            io,
            ahead,
            step,
            closes,
        } = self;
        loop {
            let next = match step {
                Step::Waiting(parked) => match parked.reply.as_mut().poll(cx) {
                    Poll::Ready(reply) => {
                        *closes |= reply.closes();
                        Step::Writing(encode(&reply.finish_whole(parked.style), *closes))
                    }
                    // A client that goes away ends its request.
                    Poll::Pending if has_gone(io, ahead, cx) => return Poll::Ready(Turn::Ended),
                    Poll::Pending => return Poll::Pending,
                },
                Step::Writing(bytes) => {
                    if ready!(poll_write_all(io, bytes, cx)).is_err() {
                        return Poll::Ready(Turn::Ended);
                    }
                    progress.answered();
                    Step::Idle
                }
                Step::Idle if *closes => return Poll::Ready(Turn::Ended),
                Step::Idle if !ahead.is_empty() => return Poll::Ready(Turn::Request),
                Step::Idle if has_gone(io, ahead, cx) => return Poll::Ready(Turn::Ended),
                Step::Idle if ahead.is_empty() => return Poll::Pending,
                Step::Idle => Step::Idle,
            };
            *step = next;
        }
    }
}

/// Reads what the client sends already, as far as there is room. Whether it has gone.
fn has_gone(io: &mut Guarded, ahead: &mut Vec<u8>, cx: &mut Context<'_>) -> bool {
    let mut space = [0; MAX_AHEAD];
    while ahead.len() < MAX_AHEAD {
        let room = &mut space[ahead.len()..];
        match io.poll_peer(cx, room) {
            Poll::Pending => return false,
            Poll::Ready(Ok(count)) if count > 0 => ahead.extend_from_slice(&room[..count]),
            Poll::Ready(_) => return true,
        }
    }
    false
}

fn poll_write_all(
    io: &mut Guarded,
    bytes: &mut Bytes,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !bytes.is_empty() {
        let count = ready!(Pin::new(&mut *io).poll_write(cx, bytes))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        bytes.advance(count);
    }
    Pin::new(io).poll_flush(cx)
}

/// An answer as hyper would send it.
fn encode(answer: &Response<Bytes>, closes: bool) -> Bytes {
    let body = answer.body();
    let mut bytes = BytesMut::with_capacity(256 + body.len());
    let status = answer.status();
    bytes.put_slice(b"HTTP/1.1 ");
    bytes.put_slice(status.as_str().as_bytes());
    bytes.put_u8(b' ');
    match answer.extensions().get::<ReasonPhrase>() {
        Some(reason) => bytes.put_slice(reason.as_bytes()),
        None => bytes.put_slice(status.canonical_reason().unwrap_or_default().as_bytes()),
    }
    bytes.put_slice(b"\r\n");
    for (name, value) in answer.headers() {
        put_title_case(&mut bytes, name);
        put_header(&mut bytes, value.as_bytes());
    }
    if closes && !answer.headers().contains_key(CONNECTION) {
        bytes.put_slice(b"Connection: close\r\n");
    }
    bytes.put_slice(b"Content-Length");
    put_header(&mut bytes, body.len().to_string().as_bytes());
    bytes.put_slice(b"Date");
    with_date(|date| put_header(&mut bytes, date.as_bytes()));
    bytes.put_slice(b"\r\n");
    bytes.put_slice(body);
    bytes.freeze()
}

fn put_header(bytes: &mut BytesMut, value: &[u8]) {
    bytes.put_slice(b": ");
    bytes.put_slice(value);
    bytes.put_slice(b"\r\n");
}

/// Writes a name as Go does: each word with a capital letter.
fn put_title_case(bytes: &mut BytesMut, name: &HeaderName) {
    let mut previous = b'-';
    for &byte in name.as_str().as_bytes() {
        let first = previous == b'-';
        bytes.put_u8(if first {
            byte.to_ascii_uppercase()
        } else {
            byte
        });
        previous = byte;
    }
}

/// Calls `use_date` with the time as a header, which is made once a second.
fn with_date(use_date: impl FnOnce(&str)) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    DATE.with_borrow_mut(|(of, date)| {
        if *of != second {
            *of = second;
            *date = httpdate::fmt_http_date(now);
        }
        use_date(date);
    });
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;

    #[test]
    fn an_answer_is_written_as_hyper_writes_it() {
        let mut answer = Response::new(Bytes::from_static(b"[]"));
        *answer.status_mut() = StatusCode::NOT_FOUND;
        let name = HeaderName::from_static("x-consul-knownleader");
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static("true"));
        let bytes = encode(&answer, true);
        let text = str::from_utf8(&bytes).unwrap();
        let (head, rest) = text.split_once("Date: ").unwrap();
        let expected = "HTTP/1.1 404 Not Found\r\nX-Consul-Knownleader: true\r\n\
                        Connection: close\r\nContent-Length: 2\r\n";
        assert_eq!(head, expected);
        assert!(rest.ends_with(" GMT\r\n\r\n[]"), "{rest}");
    }
}
