//! Watches on etcd v3: its events one by one, and its state where the history is lost.

use quorate_etcd::v3::{self as native, Change, Event, EventKind, KeyValue};

use super::layout::Layout;
use super::{Etcd3Backend, unsigned};
use crate::backend::native::Native as _;
use crate::backend::unfolded::unfolded;
use crate::backend::{BoxStream, WatchBackend};
use crate::{Result, Revision, WatchEvent, WatchOptions, WatchTarget};

impl WatchBackend for Etcd3Backend {
    /// `Watch.Watch`, after `KV.Range`: the state is always read by agreement of the servers, and
    /// nothing is polled.
    fn watch(
        &self,
        target: &WatchTarget,
        _: &WatchOptions,
    ) -> Result<BoxStream<'static, Result<WatchEvent>>> {
        let options = native::WatchOptions::new().with_list();
        let range = self.layout.watched(target);
        let following = Following {
            watch: self.client.kv().watch_with(range, options),
            pending: Vec::new(),
            operation: format!("watch `{target}`"),
            backend: self.clone(),
        };
        Ok(unfolded(following, |mut following| {
            Box::pin(async move {
                let next = following.next().await;
                (following, Some(next))
            })
        }))
    }
}

/// A watch of the client, and what its changes mean that was not told yet, the last first.
struct Following {
    watch: native::Watch,
    pending: Vec<WatchEvent>,
    operation: String,
    backend: Etcd3Backend,
}

impl Following {
    async fn next(&mut self) -> Result<WatchEvent> {
        loop {
            if let Some(event) = self.pending.pop() {
                return Ok(event);
            }
            let layout = &self.backend.layout;
            self.pending = match self.watch.next().await {
                Ok(Change::Listed { revision, kvs, .. }) => listed(layout, revision, kvs),
                Ok(Change::Events { events, .. }) => happened(layout, events),
                // How the connections are is no change of a key.
                Ok(_) => continue,
                Err(error) => return Err(self.backend.error(error, self.operation.clone())),
            };
            self.pending.reverse();
        }
    }
}

/// All that is there.
fn listed(layout: &Layout, revision: i64, kvs: Vec<KeyValue>) -> Vec<WatchEvent> {
    let entries = kvs.into_iter().filter_map(|kv| layout.entry(kv));
    let mut events = vec![WatchEvent::Init];
    events.extend(entries.map(WatchEvent::Put));
    let revision = Revision(unsigned(revision).max(1));
    events.push(WatchEvent::InitDone { revision });
    events
}

/// What happened: of one revision in the order of the keys, as everywhere.
fn happened(layout: &Layout, mut events: Vec<Event>) -> Vec<WatchEvent> {
    events.sort_by(|a, b| (a.revision(), &a.kv.key).cmp(&(b.revision(), &b.kv.key)));
    let told = events.into_iter().filter_map(|event| {
        if event.kind != EventKind::Deleted {
            return layout.entry(event.kv).map(WatchEvent::Put);
        }
        let (key, revision) = (layout.name(&event.kv.key)?, event.revision());
        let revision = Revision(unsigned(revision));
        Some(WatchEvent::Delete { key, revision })
    });
    told.collect()
}
