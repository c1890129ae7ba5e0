use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use rpds::RedBlackTreeMapSync;

use super::event::{Event, Revision};
use super::key_value::KeyValue;

/// Every change of every key since the last compaction, and what each key was then.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The changes by key, and of one key in order.
    versions: RedBlackTreeMapSync<(Bytes, Revision), Event>,
    /// The changes by revision, so many revisions together that the newest ones are quick to add.
    log: RedBlackTreeMapSync<i64, Arc<Chunk>>,
    /// About how many bytes the changes have together.
    bytes: usize,
}

/// How many revisions are kept together.
const SPAN: i64 = 64;

/// Some revisions in order, and what each has changed. There is at least one.
type Chunk = Vec<(i64, Arc<[Event]>)>;

/// The last place of a revision.
fn end_of(main: i64) -> Revision {
    Revision {
        main,
        sub: u32::MAX,
    }
}

impl History {
    /// Adds a change.
    pub(super) fn add(&mut self, at: Revision, event: Event) {
        self.bytes += event.kv.bytes();
        self.versions.insert_mut((event.kv.key.clone(), at), event);
    }

    /// Says that `events` are all changes of `revision`, the newest one.
    pub(super) fn seal(&mut self, revision: i64, events: Arc<[Event]>) {
        let number = revision.div_euclid(SPAN);
        let sealed = (revision, events);
        match self.log.get_mut(&number) {
            Some(chunk) => Arc::make_mut(chunk).push(sealed),
            None => self.log.insert_mut(number, Arc::new(vec![sealed])),
        }
    }

    /// The last change of `key` up to and including `revision`.
    pub(super) fn last_of(&self, key: &Bytes, revision: i64) -> Option<&Event> {
        let from = (key.clone(), Revision::default());
        let to = (key.clone(), end_of(revision));
        let mut versions = self.versions.range(from..=to);
        versions.next_back().map(|(_, event)| event)
    }

    /// What `key` was at `revision`.
    pub(super) fn key_at(&self, key: &Bytes, revision: i64) -> Option<&Arc<KeyValue>> {
        let event = self.last_of(key, revision)?;
        event.is_put().then_some(&event.kv)
    }

    /// The first key that ever was from `start` on, which is a key or what is just behind one.
    pub(super) fn first_key(&self, start: Bound<&Bytes>) -> Option<&Bytes> {
        let start = match start {
            Bound::Included(key) => Bound::Included((key.clone(), Revision::default())),
            Bound::Excluded(key) => Bound::Excluded((key.clone(), end_of(i64::MAX))),
            Bound::Unbounded => Bound::Unbounded,
        };
        let mut versions = self.versions.range((start, Bound::Unbounded));
        versions.next().map(|((key, _), _)| key)
    }

    /// The changes of one key from revision `since` on, with their places.
    pub(super) fn of_key(
        &self,
        key: &Bytes,
        since: i64,
    ) -> impl Iterator<Item = (Revision, &Event)> {
        let from = Revision {
            main: since,
            sub: 0,
        };
        let range = (key.clone(), from)..=(key.clone(), end_of(i64::MAX));
        let versions = self.versions.range(range);
        versions.map(|((_, at), event)| (*at, event))
    }

    /// All changes from revision `since` on, revision by revision.
    pub(super) fn since(&self, since: i64) -> impl Iterator<Item = (i64, &Arc<[Event]>)> {
        let chunks = self.log.range(since.div_euclid(SPAN)..);
        let log = chunks.flat_map(|(_, chunk)| chunk.iter());
        let log = log.skip_while(move |(revision, _)| *revision < since);
        log.map(|(revision, events)| (*revision, events))
    }

    /// The oldest revision of which all changes are known.
    pub(super) fn oldest(&self) -> Option<(i64, &Arc<[Event]>)> {
        let (_, chunk) = self.log.first()?;
        let (revision, events) = chunk.first()?;
        Some((*revision, events))
    }

    /// Forgets what `revision` changed as a whole; the changes themselves stay.
    pub(super) fn unseal(&mut self, revision: i64) {
        let number = revision.div_euclid(SPAN);
        if let Some(chunk) = self.log.get_mut(&number) {
            let chunk = Arc::make_mut(chunk);
            chunk.retain(|(sealed, _)| *sealed != revision);
            if chunk.is_empty() {
                self.log.remove_mut(&number);
            }
        }
    }

    /// Forgets the changes of `key` before `at`, and says which.
    pub(super) fn drop_older(&mut self, key: &Bytes, at: Revision) -> Vec<Revision> {
        let range = (key.clone(), Revision::default())..(key.clone(), at);
        let older: Vec<_> = self
            .versions
            .range(range)
            .map(|(key, _)| key.clone())
            .collect();
        for (key, at) in &older {
            self.drop_one(key, *at);
        }
        older.into_iter().map(|(_, at)| at).collect()
    }

    /// Forgets one change of `key`.
    pub(super) fn drop_one(&mut self, key: &Bytes, at: Revision) {
        let version = (key.clone(), at);
        if let Some(event) = self.versions.get(&version) {
            self.bytes -= event.kv.bytes();
        }
        self.versions.remove_mut(&version);
    }

    /// About how many bytes the changes have together.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All changes with their places.
    pub(super) fn versions(&self) -> impl Iterator<Item = (Revision, &Event)> {
        self.versions.iter().map(|((_, at), event)| (*at, event))
    }
}
