//! A snapshot on its way.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::SnapshotInfo;
use crate::backend::SnapshotSource;
use crate::{Error, Result};

/// A snapshot on its way: its bytes, as they come. [`Snapshots::save`](super::Snapshots::save)
/// gives one.
///
/// Nothing is read ahead: whoever reads slowly slows the server down. It is verified on the way:
/// after the last piece comes either the end, and then it was whole, or an error.
#[must_use = "it reads nothing unless it is awaited"]
pub struct SnapshotStream {
    source: Pin<Box<dyn SnapshotSource>>,
    closed: Pin<Box<dyn Future<Output = ()> + Send>>,
    bytes: u64,
    ended: bool,
}

impl SnapshotStream {
    pub(super) fn new(
        source: Pin<Box<dyn SnapshotSource>>,
        closed: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self {
            source,
            closed: Box::pin(closed),
            bytes: 0,
            ended: false,
        }
    }

    /// How many bytes have come so far. How many there will be is not known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the snapshot says of itself, once all of it has come and was found sound; what is in
    /// it is not counted.
    #[must_use]
    pub fn info(&self) -> Option<SnapshotInfo> {
        let mut info = self.source.info()?;
        info.bytes = self.bytes;
        Some(info)
    }

    /// The next bytes, never none; `None` at the end.
    ///
    /// # Errors
    /// `Protocol` when what came is no whole snapshot, `Timeout` when nothing came for too long,
    /// `Closed`, else those of every read. It is the end too.
    ///
    /// # Cancel safety
    /// A call that is dropped loses nothing.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for SnapshotStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        if this.closed.as_mut().poll(cx).is_ready() {
            this.ended = true;
            return Poll::Ready(Some(Err(Error::closed("save a snapshot"))));
        }
        let next = this.source.as_mut().poll_next(cx);
        match &next {
            Poll::Ready(Some(Ok(piece))) => {
                this.bytes += u64::try_from(piece.len()).unwrap_or_default();
            }
            Poll::Ready(None | Some(Err(_))) => this.ended = true,
            Poll::Pending => {}
        }
        next
    }
}

impl fmt::Debug for SnapshotStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SnapshotStream");
        shown.field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
