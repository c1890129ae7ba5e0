use std::sync::Arc;

use super::event::{Event, Revision};
use super::key_range::KeyRange;
use super::key_value::KeyValue;
use super::state::State;

/// How many revisions a watcher is told of at a time at most.
const BATCH_REVISIONS: usize = 1000;
/// When so many bytes are to be told, no other revision is begun.
const BATCH_BYTES: usize = 1024 * 1024;

/// What a watcher waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The keys, which need not exist.
    pub range: KeyRange,
    /// The first revision that it has not looked at.
    pub since: i64,
    /// Not told: writes.
    pub no_puts: bool,
    /// Not told: removals.
    pub no_deletes: bool,
    /// Tells what the key was before, as long as that is not compacted.
    pub prev_kv: bool,
}

/// A change as a watcher sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEvent {
    /// The change.
    pub event: Event,
    /// What the key was before.
    pub prev: Option<Arc<KeyValue>>,
}

impl WatchEvent {
    /// How many bytes it takes on the wire at most.
    pub(super) fn bytes(&self) -> usize {
        16 + self.event.kv.bytes() + self.prev.as_ref().map_or(0, |prev| prev.bytes())
    }
}

/// What a watcher finds when it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The next changes, all of each revision; the watch goes on behind them.
    Events(Vec<WatchEvent>),
    /// Nothing yet.
    Nothing,
    /// It looked too late: this revision is compacted, and so is what it has not seen.
    Compacted(i64),
}

impl Watch {
    /// Looks for the next changes, and moves on behind them.
    pub fn look(&mut self, state: &State) -> Seen {
        if self.since < state.compacted {
            return Seen::Compacted(state.compacted);
        }
        if self.since > state.revision {
            return Seen::Nothing;
        }
        let mut batch = Batch::default();
        if self.range.is_single() {
            let changes = state.history.of_key(&self.range.key, self.since);
            for (Revision { main, .. }, event) in changes {
                if batch.is_full_before(main) {
                    break;
                }
                self.take(event, state, &mut batch);
            }
        } else {
            for (revision, events) in state.history.since(self.since) {
                if batch.is_full_before(revision) {
                    break;
                }
                for event in events.iter().filter(|it| self.range.contains(&it.kv.key)) {
                    self.take(event, state, &mut batch);
                }
            }
        }
        self.since = batch.stopped.unwrap_or(state.revision + 1);
        if batch.events.is_empty() {
            Seen::Nothing
        } else {
            Seen::Events(batch.events)
        }
    }

    fn take(&self, event: &Event, state: &State, batch: &mut Batch) {
        let unwanted = if event.is_put() {
            self.no_puts
        } else {
            self.no_deletes
        };
        if unwanted {
            return;
        }
        let prev = self.prev_kv.then(|| state.before(event)).flatten();
        batch.add(WatchEvent {
            event: event.clone(),
            prev,
        });
    }
}

impl State {
    /// What a key was before it was changed. As in etcd, a key that is made anew in the transaction
    /// that removes it was nothing.
    fn before(&self, event: &Event) -> Option<Arc<KeyValue>> {
        let revision = event.kv.mod_revision - 1;
        let is_made = event.is_put() && event.kv.create_revision > revision;
        if is_made || revision < self.compacted {
            return None;
        }
        self.history.key_at(&event.kv.key, revision).cloned()
    }
}

/// Changes that are told together.
#[derive(Debug, Default)]
struct Batch {
    events: Vec<WatchEvent>,
    bytes: usize,
    revisions: usize,
    /// The revision of the last one.
    last: i64,
    /// The revision that is left for the next time.
    stopped: Option<i64>,
}

impl Batch {
    fn add(&mut self, event: WatchEvent) {
        let revision = event.event.kv.mod_revision;
        self.revisions += usize::from(revision != self.last);
        self.last = revision;
        self.bytes += event.bytes();
        self.events.push(event);
    }

    /// Whether nothing of `revision` is to be added. A revision is never split.
    fn is_full_before(&mut self, revision: i64) -> bool {
        let full = self.revisions >= BATCH_REVISIONS || self.bytes >= BATCH_BYTES;
        let stops = full && revision != self.last;
        if stops {
            self.stopped = Some(revision);
        }
        stops
    }
}
