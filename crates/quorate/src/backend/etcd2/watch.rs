//! Watches on etcd v2: its events one by one, and its state where the history is lost.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use quorate_etcd::v2::{self as native, Change};

use super::Etcd2Backend;
use super::changes::Changes;
use crate::backend::{BoxStream, WatchBackend};
use crate::{Result, WatchEvent, WatchOptions, WatchTarget};

impl WatchBackend for Etcd2Backend {
    /// `GET /v2/keys/KEY?wait=true&recursive=true&waitIndex=…`: of one key too, because its value
    /// may be in the directory of its name. The state is always read by agreement of the servers.
    fn watch(
        &self,
        target: &WatchTarget,
        options: &WatchOptions,
    ) -> Result<BoxStream<'static, Result<WatchEvent>>> {
        let mut native = native::WatchOptions::new().with_recursive();
        if let Some(poll) = options.poll.or(self.poll) {
            native = native.with_poll(poll);
        }
        let path = match target {
            WatchTarget::Key(key) => self.layout.path(key),
            WatchTarget::Prefix(prefix) => self.layout.directory(prefix),
        };
        Ok(Box::pin(Following {
            watch: self.client.keys().watch_with(&path, native),
            changes: Changes::new(self.layout.clone(), target.clone()),
            pending: VecDeque::new(),
            operation: format!("watch `{target}`"),
            backend: self.clone(),
        }))
    }
}

/// A watch of the client, and what its changes mean that was not told yet.
struct Following {
    watch: native::Watch,
    changes: Changes,
    pending: VecDeque<WatchEvent>,
    operation: String,
    backend: Etcd2Backend,
}

impl Stream for Following {
    type Item = Result<WatchEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.pending.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            match ready!(Pin::new(&mut this.watch).poll_next(cx)) {
                Some(Ok(Change::Listed { node, index, .. })) => {
                    this.pending = this.changes.listed(node, index).into();
                }
                Some(Ok(Change::Event(event))) => this.pending = this.changes.event(event).into(),
                // What this version does not know is no change of a key.
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let error = this.backend.error(error, this.operation.as_str());
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
