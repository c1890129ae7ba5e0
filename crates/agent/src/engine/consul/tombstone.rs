use std::ops::Bound::{Included, Unbounded};
use std::time::Duration;

use bytes::Bytes;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use crate::engine::Time;

/// How long a deletion is remembered at least.
pub const TOMBSTONE_LIFE: Duration = Duration::from_secs(15 * 60);
/// Tombstones are reaped in groups of this much time.
pub const TOMBSTONE_GRANULARITY: Duration = Duration::from_secs(30);

/// Where something was deleted, and at which index: what keeps the index of a prefix from going
/// back when its newest key is deleted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tombstones {
    by_key: RedBlackTreeMapSync<Bytes, u64>,
    by_index: RedBlackTreeSetSync<(u64, Bytes)>,
    /// At each time, everything up to the index has lived long enough.
    expiries: RedBlackTreeMapSync<Time, u64>,
}

impl Tombstones {
    /// Remembers that something was deleted at `key` (a key, or the prefix of a recursive
    /// deletion).
    pub(super) fn insert(&mut self, key: Bytes, index: u64, now: Time) {
        self.remove(&key);
        self.by_index.insert_mut((index, key.clone()));
        self.by_key.insert_mut(key, index);
        let expiry = now.after(TOMBSTONE_LIFE).rounded_up(TOMBSTONE_GRANULARITY);
        let newest = self.expiries.get(&expiry).copied().unwrap_or(0).max(index);
        self.expiries.insert_mut(expiry, newest);
    }

    /// The index of the newest deletion under `prefix`, if one is remembered.
    pub(super) fn newest_under(&self, prefix: &[u8]) -> Option<u64> {
        self.under(prefix).map(|(_, index)| *index).max()
    }

    /// Forgets every deletion under `prefix`, because a newer one of the whole of it says more.
    /// Returns what was forgotten.
    ///
    /// Consul keeps them, and then reports an index that goes back: after `DELETE p?recurse` the
    /// index of `p/x` is that of an older deletion under `p/x`, and a watch on it sleeps on.
    pub(super) fn forget_under(&mut self, prefix: &[u8]) -> Vec<Bytes> {
        let gone: Vec<Bytes> = self.under(prefix).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
        gone
    }

    /// Forgets what has lived long enough at `now`, and returns it.
    pub(super) fn reap(&mut self, now: Time) -> Vec<Bytes> {
        let mut up_to = None;
        while let Some((expiry, index)) = self.expiries.first().map(|(t, i)| (*t, *i)) {
            if now < expiry {
                break;
            }
            self.expiries.remove_mut(&expiry);
            up_to = up_to.max(Some(index));
        }
        let Some(up_to) = up_to else {
            return Vec::new();
        };
        let due = self
            .by_index
            .iter()
            .take_while(|(index, _)| *index <= up_to);
        let gone: Vec<Bytes> = due.map(|(_, key)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
        gone
    }

    /// When [`Tombstones::reap`] next has something to do.
    pub(super) fn next_reap(&self) -> Option<Time> {
        self.expiries.first().map(|(expiry, _)| *expiry)
    }

    /// Every remembered deletion.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, u64)> {
        self.by_key.iter().map(|(key, index)| (key, *index))
    }

    fn remove(&mut self, key: &Bytes) {
        if let Some(index) = self.by_key.get(key).copied() {
            self.by_key.remove_mut(key);
            self.by_index.remove_mut(&(index, key.clone()));
        }
    }

    fn under<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (&'a Bytes, &'a u64)> {
        self.by_key
            .range::<[u8], _>((Included(prefix), Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }
}
