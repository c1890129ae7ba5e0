//! Connections that hyper has put down: those that are idle, and those whose request waits.
//!
//! hyper keeps two buffers of 8 KiB for as long as it has a connection, which is most of what a
//! blocking read costs. So while a request waits for a change, and until the next one arrives, the
//! connection stands here, with nothing but its stream and what it waits for.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::Response;
use tokio::io::AsyncWrite;

use super::encode::encode_chunked;
use super::feed::{Fed, Feed, Pieces};
use super::guard::Guarded;
use super::progress::Progress;
use crate::consul::{Shown, Style};

/// The most that is read of what a client sends while its request waits. The rest stays in the
/// socket; it is also the most of a next request that is read before hyper reads on.
const MAX_AHEAD: usize = 1024;

/// A request that waits for a change.
pub(crate) struct Parked(Waiting);

enum Waiting {
    /// Its answer is sent when all of it is there.
    Reply(Pin<Box<dyn Future<Output = Shown> + Send>>, Style),
    /// Its answer is begun at once.
    Feed(Feed),
}

impl Parked {
    /// Sends the answer when it is there.
    pub(crate) fn new(reply: Pin<Box<dyn Future<Output = Shown> + Send>>, style: Style) -> Self {
        Self(Waiting::Reply(reply, style))
    }

    /// Sends the head now, and each piece as it comes.
    pub(crate) fn feed(head: &Response<()>, pieces: Box<dyn Pieces>) -> Self {
        Self(Waiting::Feed(Feed::new(encode_chunked(head), pieces)))
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
    Waiting(Waiting),
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
            step: parked.map_or(Step::Idle, |parked| Step::Waiting(parked.0)),
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
                Step::Waiting(Waiting::Feed(feed)) => match feed.poll(io, cx) {
                    Fed::Blocked => return Poll::Pending,
                    Fed::Hungry if has_gone(io, ahead, cx) => return Poll::Ready(Turn::Ended),
                    Fed::Hungry => return Poll::Pending,
                    Fed::Failed => return Poll::Ready(Turn::Ended),
                    Fed::Ended => {
                        progress.answered();
                        Step::Idle
                    }
                },
                Step::Waiting(Waiting::Reply(reply, style)) => match reply.as_mut().poll(cx) {
                    Poll::Ready(shown) => {
                        *closes |= shown.closes();
                        Step::Writing(shown.encode(*style, *closes))
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

pub(super) fn poll_write_all(
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
