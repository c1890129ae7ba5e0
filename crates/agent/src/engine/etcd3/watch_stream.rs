use std::collections::BTreeMap;

use bytes::Bytes;

use super::event::EventKind;
use super::key_range::KeyRange;
use super::state::State;
use super::watch::{Seen, Watch, WatchEvent};

/// Asks for a watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchCreate {
    /// The first key; empty is the first key of all.
    pub key: Bytes,
    /// Where the keys end, as in [`KeyRange::new`].
    pub range_end: Bytes,
    /// The first revision to tell of; 0 is the next one.
    pub start_revision: i64,
    /// The id that the watch is to have in its stream; 0 leaves the choice.
    pub watch_id: i64,
    /// Tells now and then how far it is, when nothing happens.
    pub progress_notify: bool,
    /// What is not told.
    pub filters: Vec<EventKind>,
    /// Tells what keys were before.
    pub prev_kv: bool,
    /// Large answers may be split.
    pub fragment: bool,
}

/// An answer to a watcher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchResponse {
    /// The watch's id; -1 is none or all.
    pub watch_id: i64,
    /// The revision of the store; 0 where the watch is too late.
    pub revision: i64,
    /// The watch was asked for.
    pub created: bool,
    /// There is no such watch any more, or it never began.
    pub canceled: bool,
    /// The revision that was compacted before the watch could tell of it.
    pub compact_revision: i64,
    /// Why it did not begin.
    pub cancel_reason: String,
    /// More of the same revision follows.
    pub fragment: bool,
    /// What happened.
    pub events: Vec<WatchEvent>,
}

/// One watch of a stream.
#[derive(Clone, Debug)]
struct Watched {
    watch: Watch,
    /// It tells nothing any more: it was too late. Its id is taken until the client gives it up.
    over: bool,
    fragment: bool,
    progress_notify: bool,
    /// Something was told since [`WatchStream::notify`] was called last.
    told: bool,
}

/// The watches of one client's stream, by the rules of etcd: how they are numbered, and what is
/// answered when they begin, see something and end. It does no I/O and waits for nothing.
#[derive(Clone, Debug, Default)]
pub struct WatchStream {
    watches: BTreeMap<i64, Watched>,
    next_id: i64,
}

impl WatchStream {
    /// Begins a watch. The answer says with which id, or why not; the range that has to be looked
    /// at is `None` in that case. Whether it is too late is seen at the first look.
    pub fn create(
        &mut self,
        create: WatchCreate,
        state: &State,
    ) -> (WatchResponse, Option<KeyRange>) {
        let key = if create.key.is_empty() {
            Bytes::from_static(&[0])
        } else {
            create.key
        };
        let range = KeyRange::new(key, create.range_end);
        if range.is_empty() {
            return (refused(state, "mvcc: watcher range is empty"), None);
        }
        let Some(id) = self.choose_id(create.watch_id) else {
            let reason = "mvcc: duplicate watch ID provided on the WatchStream";
            return (refused(state, reason), None);
        };
        let since = match create.start_revision {
            0 => state.revision() + 1,
            since => since,
        };
        let watched = Watched {
            watch: Watch {
                range: range.clone(),
                since,
                no_puts: create.filters.contains(&EventKind::Put),
                no_deletes: create.filters.contains(&EventKind::Delete),
                prev_kv: create.prev_kv,
            },
            over: false,
            fragment: create.fragment,
            progress_notify: create.progress_notify,
            told: false,
        };
        self.watches.insert(id, watched);
        let response = WatchResponse {
            watch_id: id,
            revision: state.revision(),
            created: true,
            ..WatchResponse::default()
        };
        (response, Some(range))
    }

    /// The id that was asked for, or the next one that is free.
    fn choose_id(&mut self, asked: i64) -> Option<i64> {
        if asked != 0 {
            return (!self.watches.contains_key(&asked)).then_some(asked);
        }
        while self.watches.contains_key(&self.next_id) {
            self.next_id += 1;
        }
        let id = self.next_id;
        self.next_id += 1;
        Some(id)
    }

    /// Lets a watch look for what is new. Call it until it answers nothing: a watch that is far
    /// behind is told in parts, and never of a part of a revision.
    pub fn look(&mut self, id: i64, state: &State) -> Option<WatchResponse> {
        let watched = self.watches.get_mut(&id).filter(|watched| !watched.over)?;
        let response = match watched.watch.look(state) {
            Seen::Nothing => return None,
            Seen::Events(events) => WatchResponse {
                watch_id: id,
                revision: state.revision(),
                events,
                ..WatchResponse::default()
            },
            Seen::Compacted(compact_revision) => {
                watched.over = true;
                WatchResponse {
                    watch_id: id,
                    canceled: true,
                    compact_revision,
                    ..WatchResponse::default()
                }
            }
        };
        watched.told = true;
        Some(response)
    }

    /// Says that nothing happened to the keys of a watch before `revision`, so that it need not
    /// look there.
    pub fn skip_to(&mut self, id: i64, revision: i64) {
        if let Some(watched) = self.watches.get_mut(&id) {
            watched.watch.since = watched.watch.since.max(revision);
        }
    }

    /// Ends a watch; nothing is answered where there is none.
    pub fn cancel(&mut self, id: i64, state: &State) -> Option<WatchResponse> {
        self.watches.remove(&id)?;
        Some(WatchResponse {
            watch_id: id,
            revision: state.revision(),
            canceled: true,
            ..WatchResponse::default()
        })
    }

    /// How far all watches are: to be asked when each has looked at `state` until there was
    /// nothing. Nothing is answered where there is no watch.
    #[must_use]
    pub fn progress(&self, state: &State) -> Option<WatchResponse> {
        let any = self.watches.values().any(|watched| !watched.over);
        any.then(|| WatchResponse {
            watch_id: -1,
            revision: state.revision(),
            ..WatchResponse::default()
        })
    }

    /// How far a watch is that wants to be told, when nothing else was told since this was called
    /// last. To be asked after a look that found nothing.
    pub fn notify(&mut self, id: i64, state: &State) -> Option<WatchResponse> {
        let watched = self.watches.get_mut(&id)?;
        let told = std::mem::take(&mut watched.told);
        let behind = watched.watch.since <= state.revision();
        if watched.over || told || behind || !watched.progress_notify {
            return None;
        }
        Some(WatchResponse {
            watch_id: id,
            revision: state.revision(),
            ..WatchResponse::default()
        })
    }

    /// Whether the large answers of a watch may be split.
    #[must_use]
    pub fn may_fragment(&self, id: i64) -> bool {
        self.watches
            .get(&id)
            .is_some_and(|watched| watched.fragment)
    }

    /// The ids of all watches.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        self.watches.keys().copied()
    }
}

fn refused(state: &State, reason: &str) -> WatchResponse {
    WatchResponse {
        watch_id: -1,
        revision: state.revision(),
        created: true,
        canceled: true,
        cancel_reason: reason.to_owned(),
        ..WatchResponse::default()
    }
}
