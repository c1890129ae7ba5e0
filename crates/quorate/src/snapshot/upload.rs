//! A snapshot that is read while it is restored.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::io::{AsyncRead, ReadBuf};

/// What is read at once.
const PIECE: usize = 64 * 1024;

/// The pieces of a reader, with word of how much was read so far.
pub(super) struct Pieces<R, P> {
    reader: Pin<Box<R>>,
    space: BytesMut,
    read: u64,
    progress: P,
}

impl<R, P> Pieces<R, P> {
    pub(super) fn new(reader: R, progress: P) -> Self {
        Self {
            reader: Box::pin(reader),
            space: BytesMut::new(),
            read: 0,
            progress,
        }
    }
}

impl<R: AsyncRead, P: FnMut(u64) + Unpin> Stream for Pieces<R, P> {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.space.resize(PIECE, 0);
        let mut buffer = ReadBuf::new(&mut this.space);
        if let Err(error) = ready!(this.reader.as_mut().poll_read(cx, &mut buffer)) {
            return Poll::Ready(Some(Err(error)));
        }
        let count = buffer.filled().len();
        if count == 0 {
            return Poll::Ready(None);
        }
        this.read += u64::try_from(count).unwrap_or_default();
        (this.progress)(this.read);
        Poll::Ready(Some(Ok(this.space.split_to(count).freeze())))
    }
}
