//! Records between the connection and whoever reads a stream.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::end::LinkEnd;

/// What is taken out of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A record, as it came.
    Record(Bytes),
    /// So many records came here while the queue was full, and are lost.
    Missed(u64),
    /// The connection ended; nothing comes any more.
    End(Arc<LinkEnd>),
}

/// How many records may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// Records that wait to be read, bounded in number and bytes. Whoever puts them in never waits: what
/// finds no room is counted, and the count stands in its place.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    news: Notify,
    limits: QueueLimits,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Taken>,
    bytes: usize,
    end: Option<Arc<LinkEnd>>,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            state: Mutex::default(),
            news: Notify::new(),
            limits,
        }
    }

    /// Puts a record in, or counts it as missed.
    pub(crate) fn put(&self, record: Bytes) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let full = state.waiting.len() >= self.limits.records
            || state.bytes.saturating_add(record.len()) > self.limits.bytes;
        match state.waiting.back_mut() {
            Some(Taken::Missed(missed)) if full => *missed += 1,
            _ if full => state.waiting.push_back(Taken::Missed(1)),
            _ => {
                state.bytes += record.len();
                state.waiting.push_back(Taken::Record(record));
            }
        }
        drop(state);
        self.news.notify_one();
    }

    /// Says that nothing comes any more. What waits can still be read.
    pub(crate) fn end(&self, end: Arc<LinkEnd>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.end.get_or_insert(end);
        drop(state);
        self.news.notify_one();
    }

    /// The next of what waits, as soon as there is something. One reader at a time.
    ///
    /// Cancel safe: nothing is taken unless it is returned.
    pub(crate) async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.try_take() {
                return taken;
            }
            self.news.notified().await;
        }
    }

    fn try_take(&self) -> Option<Taken> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.waiting.pop_front() {
            Some(taken) => {
                if let Taken::Record(record) = &taken {
                    state.bytes -= record.len();
                }
                Some(taken)
            }
            None => state.end.clone().map(Taken::End),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(records: usize, bytes: usize) -> Queue {
        Queue::new(QueueLimits { records, bytes })
    }

    #[tokio::test]
    async fn what_finds_no_room_is_counted_where_it_would_have_been() {
        let queue = queue(2, 100);
        for name in ["a", "b", "c", "d"] {
            queue.put(Bytes::from(name));
        }
        assert_eq!(queue.take().await, Taken::Record("a".into()));
        assert_eq!(queue.take().await, Taken::Record("b".into()));
        queue.put("e".into());
        assert_eq!(queue.take().await, Taken::Missed(2));
        assert_eq!(queue.take().await, Taken::Record("e".into()));
    }

    #[tokio::test]
    async fn bytes_count_too() {
        let queue = queue(100, 10);
        queue.put(Bytes::from_static(&[0; 8]));
        queue.put(Bytes::from_static(&[0; 3]));
        assert!(matches!(queue.take().await, Taken::Record(_)));
        assert_eq!(queue.take().await, Taken::Missed(1));
        queue.put(Bytes::from_static(&[0; 3]));
        assert!(matches!(queue.take().await, Taken::Record(_)));
    }

    #[tokio::test]
    async fn the_end_comes_last_and_stays() {
        let queue = Arc::new(queue(10, 100));
        let reader = Arc::clone(&queue);
        let first = quorate_net::task::spawn(async move { reader.take().await });
        queue.put("a".into());
        assert_eq!(first.await, Ok(Taken::Record("a".into())));
        queue.put("b".into());
        queue.end(Arc::new(LinkEnd::Closed));
        assert_eq!(queue.take().await, Taken::Record("b".into()));
        for _ in 0..2 {
            assert_eq!(queue.take().await, Taken::End(Arc::new(LinkEnd::Closed)));
        }
    }
}
