//! Reading in turns.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::guard::Guarded;

/// What is read at a time, and a little more.
const RATION: usize = 16 * 1024;

/// A stream of which no more is read at a time than those who work on it can take. A client that
/// sends much at once would otherwise have all of it kept, frame by frame, and what that took is
/// kept by the connection for as long as it lasts.
pub(super) struct Rationed {
    io: Guarded,
    left: usize,
}

impl Rationed {
    pub(super) fn new(io: Guarded) -> Self {
        Self { io, left: RATION }
    }
}

impl AsyncRead for Rationed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            // The others have their turn, and then it goes on.
            self.left = RATION;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        let count = buffer.filled().len().saturating_sub(before);
        self.left = if read.is_pending() {
            RATION
        } else {
            self.left.saturating_sub(count)
        };
        read
    }
}

impl AsyncWrite for Rationed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::Arc;

    use bytes::Bytes;
    use quorate_net::transport::Stream;

    use super::super::super::progress::Progress;

    #[tokio::test]
    async fn after_a_ration_the_others_have_their_turn() {
        let (stream, _other) = tokio::io::duplex(1);
        let mut io = Guarded::new(Stream::from(stream), Arc::new(Progress::default()));
        io.unread(Bytes::from(vec![7; 3 * RATION]));
        let mut io = Rationed::new(io);
        let (mut read, mut turns) = (0, 0);
        while read < 3 * RATION {
            let mut space = [0; 4096];
            let mut buffer = ReadBuf::new(&mut space);
            poll_fn(|cx| {
                let polled = Pin::new(&mut io).poll_read(cx, &mut buffer);
                turns += usize::from(polled.is_pending());
                polled
            })
            .await
            .unwrap();
            read += buffer.filled().len();
        }
        assert_eq!(turns, 2);
    }
}
