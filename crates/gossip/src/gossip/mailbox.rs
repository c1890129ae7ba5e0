//! What waits for a reader: bounded, and it says where something is missing.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use crate::engine::QueryItem;
use crate::event::Event;

/// So many events stand here no more: the reader was too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were missed")]
pub struct Missed(
    /// How many.
    pub u64,
);

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<Result<T, Missed>>,
    room: usize,
    closed: bool,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Shared<T>(Mutex<State<T>>);

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that is filled. Dropping it ends the other one, when that is empty.
#[derive(Debug)]
pub(super) struct Sender<T>(Arc<Shared<T>>);

/// The end that is read.
#[derive(Debug)]
struct Receiver<T>(Arc<Shared<T>>);

fn mailbox<T>(room: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        waiting: VecDeque::new(),
        room,
        closed: false,
        waker: None,
    };
    let shared = Arc::new(Shared(Mutex::new(state)));
    (Sender(shared.clone()), Receiver(shared))
}

impl<T> Sender<T> {
    /// Adds an item, or counts it as missed. `false` when nobody reads any more.
    pub(super) fn push(&self, item: T) -> bool {
        let mut state = self.0.lock();
        if state.waiting.len() < state.room {
            state.waiting.push_back(Ok(item));
        } else if let Some(Err(Missed(count))) = state.waiting.back_mut() {
            *count += 1;
        } else {
            state.waiting.push_back(Err(Missed(1)));
        }
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        !state.closed
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Receiver<T> {
    fn poll(&self, cx: &Context<'_>) -> Poll<Option<Result<T, Missed>>> {
        let mut state = self.0.lock();
        if let Some(item) = state.waiting.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
    }
}

/// What happens in the cluster, from when the stream was made. Ends when the member stops.
///
/// A reader that is slower than events come misses some, and gets [`Missed`] where they were.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is read"]
pub struct EventStream(Receiver<Event>);

impl EventStream {
    pub(super) fn new(room: usize) -> (Sender<Event>, Self) {
        let (sender, receiver) = mailbox(room);
        (sender, Self(receiver))
    }

    /// The next event; `None` when the member has stopped.
    ///
    /// # Errors
    ///
    /// [`Missed`] where events are missing; the stream goes on behind them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Event, Missed>> {
        std::future::poll_fn(|cx| self.0.poll(cx)).await
    }
}

impl Stream for EventStream {
    type Item = Result<Event, Missed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll(cx)
    }
}

/// What comes back from a query, until its time is over. Dropping it stops taking answers.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is read"]
pub struct QueryStream(Receiver<QueryItem>);

impl QueryStream {
    pub(super) fn new(room: usize) -> (Sender<QueryItem>, Self) {
        let (sender, receiver) = mailbox(room);
        (sender, Self(receiver))
    }

    /// The next acknowledgement or answer; `None` when the time of the query is over.
    ///
    /// # Errors
    ///
    /// [`Missed`] where some are missing.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<QueryItem, Missed>> {
        match std::future::poll_fn(|cx| self.0.poll(cx)).await {
            Some(Ok(QueryItem::Done)) => None,
            item => item,
        }
    }

    /// All answers by the name of who gave them, when `members` have answered or the time is over.
    pub async fn answers(mut self, members: usize) -> Vec<(String, bytes::Bytes)> {
        let mut answers = Vec::new();
        while answers.len() < members {
            match self.next().await {
                Some(Ok(QueryItem::Response { from, payload })) => answers.push((from, payload)),
                Some(_) => {}
                None => break,
            }
        }
        answers
    }
}

impl Stream for QueryStream {
    type Item = Result<QueryItem, Missed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.poll(cx) {
            Poll::Ready(Some(Ok(QueryItem::Done))) => Poll::Ready(None),
            polled => polled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_reader_is_told_where_something_is_missing() {
        let (sender, receiver) = mailbox(2);
        for number in 0..5 {
            assert!(sender.push(number));
        }
        let next = async || std::future::poll_fn(|cx| receiver.poll(cx)).await;
        assert_eq!(next().await, Some(Ok(0)));
        assert_eq!(next().await, Some(Ok(1)));
        sender.push(5);
        assert_eq!(next().await, Some(Err(Missed(3))));
        assert_eq!(next().await, Some(Ok(5)));
        drop(sender);
        assert_eq!(next().await, None);
    }

    #[test]
    fn who_fills_hears_that_nobody_reads() {
        let (sender, receiver) = mailbox(2);
        drop(receiver);
        assert!(!sender.push(1));
    }
}
