//! Watches on Consul: blocking queries, compared with what was there before.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use quorate_consul::{Blocking, KvEntry, QueryOptions};

use super::ConsulBackend;
use super::diff::Diff;
use super::kv::entry;
use crate::backend::{BoxStream, WatchBackend};
use crate::{Entry, Result, WatchEvent, WatchOptions, WatchTarget};

impl WatchBackend for ConsulBackend {
    /// `GET /v1/kv/:key` or `GET /v1/kv/:prefix?recurse`, blocking.
    fn watch(
        &self,
        target: &WatchTarget,
        options: &WatchOptions,
    ) -> Result<BoxStream<'static, Result<WatchEvent>>> {
        let query = self.watch_query(options);
        let kv = self.client.kv();
        Ok(match target {
            WatchTarget::Key(key) => self.follow(target, kv.watch_with(key.as_str(), query), one),
            WatchTarget::Prefix(prefix) => {
                self.follow(target, kv.watch_prefix_with(prefix.as_str(), query), many)
            }
        })
    }
}

impl ConsulBackend {
    fn watch_query(&self, options: &WatchOptions) -> QueryOptions {
        let query = self.query(options.consistency);
        match options.poll {
            Some(poll) => query.with_wait(poll),
            None => query,
        }
    }

    fn follow<T: Send + 'static>(
        &self,
        target: &WatchTarget,
        blocking: Blocking<T>,
        listing: fn(T) -> Vec<Entry>,
    ) -> BoxStream<'static, Result<WatchEvent>>
    where
        Blocking<T>: Stream<Item = Result<quorate_consul::Change<T>, quorate_consul::Error>>,
    {
        Box::pin(Following {
            blocking: Box::pin(blocking),
            listing,
            diff: Diff::default(),
            pending: VecDeque::new(),
            operation: format!("watch `{target}`"),
            backend: self.clone(),
        })
    }
}

fn one(found: Option<KvEntry>) -> Vec<Entry> {
    found.into_iter().map(entry).collect()
}

fn many(found: Vec<KvEntry>) -> Vec<Entry> {
    found.into_iter().map(entry).collect()
}

/// A blocking query, and the events of its answers that were not told yet.
struct Following<T> {
    blocking: Pin<Box<Blocking<T>>>,
    listing: fn(T) -> Vec<Entry>,
    diff: Diff,
    pending: VecDeque<WatchEvent>,
    operation: String,
    /// Keeps the agent that may be in this process.
    backend: ConsulBackend,
}

impl<T> Stream for Following<T>
where
    Blocking<T>: Stream<Item = Result<quorate_consul::Change<T>, quorate_consul::Error>>,
{
    type Item = Result<WatchEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.pending.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            match ready!(this.blocking.as_mut().poll_next(cx)) {
                Some(Ok(change)) => {
                    let listing = (this.listing)(change.value);
                    this.pending = this.diff.step(listing, change.index).into();
                }
                Some(Err(error)) => {
                    let error = this.backend.error(error, this.operation.as_str());
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
