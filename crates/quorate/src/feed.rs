//! Following something, whatever it is.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::Result;
use crate::backend::BoxStream;

/// Follows something: what it is now, then whenever it changes.
///
/// An error is an item and not the end: what was told last goes on to be the best that is known,
/// and the next call waits a little and asks anew. It ends when the coordinator is closed. There is
/// no task behind it: it asks while somebody waits in [`next`](Self::next), or polls it as a
/// `Stream`, and dropping it is the end.
#[must_use = "it asks nothing unless it is awaited"]
pub struct Feed<T> {
    subject: String,
    items: BoxStream<'static, Result<T>>,
    closed: Pin<Box<dyn Future<Output = ()> + Send>>,
    ended: bool,
}

impl<T> Feed<T> {
    pub(crate) fn new(
        subject: impl Into<String>,
        items: BoxStream<'static, Result<T>>,
        closed: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self {
            subject: subject.into(),
            items,
            closed: Box::pin(closed),
            ended: false,
        }
    }

    /// What is next. `None` after the coordinator was closed.
    ///
    /// # Errors
    /// Why the server could not be asked just now; the feed goes on.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Stream for Feed<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended || this.closed.as_mut().poll(cx).is_ready() {
            this.ended = true;
            return Poll::Ready(None);
        }
        let next = this.items.as_mut().poll_next(cx);
        this.ended = matches!(next, Poll::Ready(None));
        next
    }
}

impl<T> fmt::Debug for Feed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Feed");
        shown
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
