//! The stream of a connection, which tells how it goes, and closes without losing an answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use quorate_net::transport::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::Progress;

/// What is read away at most before a refused connection is closed.
const MAX_LINGER_BYTES: usize = 4 * 1024 * 1024;
/// How long that may take.
const MAX_LINGER: Duration = Duration::from_secs(1);

/// Up to this size, copying the head and the body of an answer together costs less than handing
/// the system two pieces: 5% of all the time that a small answer takes.
const MAX_JOINED_BYTES: usize = 1024;

/// The pieces as one, if they fit.
fn join<'a>(slices: &[IoSlice<'_>], space: &'a mut [u8; MAX_JOINED_BYTES]) -> Option<&'a [u8]> {
    let mut length = 0;
    for slice in slices {
        let end = length + slice.len();
        space.get_mut(length..end)?.copy_from_slice(slice);
        length = end;
    }
    Some(&space[..length])
}

/// A stream that reports to the connection's [`Progress`].
pub(super) struct Guarded {
    stream: Stream,
    progress: Arc<Progress>,
    /// What was read before and is to be read again, first.
    prefix: Bytes,
    closing: Option<Box<Closing>>,
}

/// A connection whose answer is out while the client may still be sending.
struct Closing {
    timer: Pin<Box<Sleep>>,
    left: usize,
    shut: bool,
}

impl Guarded {
    pub(super) fn new(stream: Stream, progress: Arc<Progress>) -> Self {
        Self {
            stream,
            progress,
            prefix: Bytes::new(),
            closing: None,
        }
    }

    /// Gives `bytes` to whoever reads next, before what the stream has.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        self.prefix = bytes;
    }

    /// Reads from the stream itself, which is no part of a request yet.
    pub(super) fn poll_peer(
        &mut self,
        cx: &mut Context<'_>,
        space: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn note_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Pending => self.progress.written(false),
            Poll::Ready(Ok(count)) if count > 0 => self.progress.written(true),
            Poll::Ready(_) => {}
        }
        result
    }

    /// Reads away what still comes: a socket that is closed with unread bytes resets the
    /// connection, and the client may never see the answer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closing = self.closing.get_or_insert_with(|| {
            Box::new(Closing {
                timer: Box::pin(sleep(MAX_LINGER)),
                left: MAX_LINGER_BYTES,
                shut: false,
            })
        });
        if !closing.shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            closing.shut = true;
        }
        let mut space = [0u8; 16 * 1024];
        while closing.left > 0 && closing.timer.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let count = buffer.filled().len();
            if count == 0 {
                break;
            }
            closing.left = closing.left.saturating_sub(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.prefix.is_empty() {
            let count = self.prefix.len().min(buffer.remaining());
            buffer.put_slice(&self.prefix.split_to(count));
            self.progress.received();
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.progress.received();
        }
        result
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut joined = [0; MAX_JOINED_BYTES];
        let result = match join(slices, &mut joined) {
            Some(bytes) => Pin::new(&mut self.stream).poll_write(cx, bytes),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
        };
        self.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.progress.lingers() {
            return self.poll_linger(cx);
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pieces_are_joined_and_large_ones_are_not() {
        let mut space = [0; MAX_JOINED_BYTES];
        let pieces = [
            IoSlice::new(b"head"),
            IoSlice::new(b""),
            IoSlice::new(b"body"),
        ];
        assert_eq!(join(&pieces, &mut space), Some(&b"headbody"[..]));
        let (fits, one) = ([b'x'; MAX_JOINED_BYTES], [b'x'; 1]);
        assert!(join(&[IoSlice::new(&fits)], &mut space).is_some());
        assert!(join(&[IoSlice::new(&fits), IoSlice::new(&one)], &mut space).is_none());
    }
}
