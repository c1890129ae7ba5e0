//! A stream of the client in the words of this layer.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::backend::BoxStream;

/// `stream` with `change` made to each item.
pub(super) fn mapped<S, T>(
    stream: S,
    change: impl FnMut(S::Item) -> T + Send + Unpin + 'static,
) -> BoxStream<'static, T>
where
    S: Stream + Send + 'static,
    T: 'static,
{
    let stream = Box::pin(stream);
    Box::pin(Mapped { stream, change })
}

struct Mapped<S, F> {
    stream: Pin<Box<S>>,
    change: F,
}

impl<S: Stream, T, F: FnMut(S::Item) -> T + Unpin> Stream for Mapped<S, F> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        let next = this.stream.as_mut().poll_next(cx);
        next.map(|item| item.map(&mut this.change))
    }
}
