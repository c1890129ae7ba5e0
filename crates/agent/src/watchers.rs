//! Those who watch keys of etcd's v3 API.
//!
//! Unlike a [waiter](crate::waiters), who waits for one change, a watcher stays: a stream has a
//! mailbox, in which it finds which of its watches have something to look at, and since when. It
//! costs a change as much as there are watches concerned, however many others there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::engine::Wake;
use crate::engine::etcd3::{End, KeyRange};

/// All watchers. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watchers {
    registry: Arc<Mutex<Registry>>,
}

/// Where a stream finds which of its watches have something to look at. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Mailbox {
    watchers: Watchers,
    id: u64,
    kinds: BTreeMap<i64, Kind>,
    inbox: Arc<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    /// By watch, the first revision that it has not been told of.
    woken: Mutex<BTreeMap<i64, i64>>,
    notify: Notify,
}

/// A watch: the mailbox, and the number within it.
type Place = (u64, i64);
type Party = BTreeMap<Place, Arc<Inbox>>;

#[derive(Debug, Default)]
struct Registry {
    next_id: u64,
    keys: BTreeMap<Bytes, Party>,
    prefixes: BTreeMap<Bytes, Party>,
    /// How many different prefixes of each length are watched.
    prefix_lengths: BTreeMap<usize, usize>,
    /// What is neither a key nor a prefix.
    ranges: BTreeMap<Place, (KeyRange, Arc<Inbox>)>,
}

/// Where a range is found.
#[derive(Debug)]
enum Kind {
    Key(Bytes),
    Prefix(Bytes),
    Other,
}

impl Watchers {
    /// A mailbox for a new stream.
    pub(crate) fn mailbox(&self) -> Mailbox {
        let mut registry = lock(&self.registry);
        let id = registry.next_id;
        registry.next_id += 1;
        drop(registry);
        Mailbox {
            watchers: self.clone(),
            id,
            kinds: BTreeMap::new(),
            inbox: Arc::default(),
        }
    }

    /// Tells the watchers whom `wakes` concern.
    pub(crate) fn wake(&self, wakes: &[Wake]) {
        let changes = wakes.iter().filter_map(|wake| match wake {
            Wake::Etcd3 { key, revision } => Some((key, *revision)),
            _ => None,
        });
        let mut changes = changes.peekable();
        if changes.peek().is_none() {
            return;
        }
        let registry = lock(&self.registry);
        for (key, revision) in changes {
            registry.tell(key, revision);
        }
    }
}

impl Mailbox {
    /// Watches `range` under a number from now on: look at the state after this call.
    pub(crate) fn add(&mut self, watch: i64, range: &KeyRange) {
        let (place, kind) = ((self.id, watch), kind(range));
        lock(&self.watchers.registry).add(place, &kind, range, &self.inbox);
        self.kinds.insert(watch, kind);
    }

    /// A copy of `key`, which those who watch it share.
    pub(crate) fn own(&self, key: &[u8]) -> Bytes {
        let registry = lock(&self.watchers.registry);
        let found = registry.keys.get_key_value(key);
        let found = found.or_else(|| registry.prefixes.get_key_value(key));
        found.map_or_else(|| Bytes::copy_from_slice(key), |(key, _)| key.clone())
    }

    /// No longer watches under this number.
    pub(crate) fn remove(&mut self, watch: i64) {
        if let Some(kind) = self.kinds.remove(&watch) {
            lock(&self.watchers.registry).remove((self.id, watch), &kind);
            lock(&self.inbox.woken).remove(&watch);
        }
    }

    /// The watches that have something to look at, with the first revision where there is; waits
    /// until there is one.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn woken(&mut self) -> BTreeMap<i64, i64> {
        loop {
            let woken = std::mem::take(&mut *lock(&self.inbox.woken));
            if !woken.is_empty() {
                return woken;
            }
            self.inbox.notify.notified().await;
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut registry = lock(&self.watchers.registry);
        for (watch, kind) in &self.kinds {
            registry.remove((self.id, *watch), kind);
        }
    }
}

impl Inbox {
    fn tell(&self, watch: i64, revision: i64) {
        let mut woken = lock(&self.woken);
        let was_empty = woken.is_empty();
        woken.entry(watch).or_insert(revision);
        drop(woken);
        if was_empty {
            self.notify.notify_one();
        }
    }
}

impl Registry {
    fn tell(&self, key: &Bytes, revision: i64) {
        let tell = |party: &Party| {
            for ((_, watch), inbox) in party {
                inbox.tell(*watch, revision);
            }
        };
        if let Some(party) = self.keys.get(key) {
            tell(party);
        }
        for length in self.prefix_lengths.keys() {
            let Some(prefix) = key.get(..*length) else {
                break;
            };
            if let Some(party) = self.prefixes.get(prefix) {
                tell(party);
            }
        }
        for ((_, watch), (range, inbox)) in &self.ranges {
            if range.contains(key) {
                inbox.tell(*watch, revision);
            }
        }
    }

    fn add(&mut self, place: Place, kind: &Kind, range: &KeyRange, inbox: &Arc<Inbox>) {
        let inbox = Arc::clone(inbox);
        match kind {
            Kind::Key(key) => {
                self.keys
                    .entry(key.clone())
                    .or_default()
                    .insert(place, inbox);
            }
            Kind::Prefix(prefix) => {
                if !self.prefixes.contains_key(prefix) {
                    *self.prefix_lengths.entry(prefix.len()).or_default() += 1;
                }
                let party = self.prefixes.entry(prefix.clone()).or_default();
                party.insert(place, inbox);
            }
            Kind::Other => {
                self.ranges.insert(place, (range.clone(), inbox));
            }
        }
    }

    fn remove(&mut self, place: Place, kind: &Kind) {
        let left = |party: &mut Party| {
            party.remove(&place);
            party.is_empty()
        };
        match kind {
            Kind::Key(key) => {
                if self.keys.get_mut(key).is_some_and(left) {
                    self.keys.remove(key);
                }
            }
            Kind::Prefix(prefix) => {
                if self.prefixes.get_mut(prefix).is_some_and(left) {
                    self.prefixes.remove(prefix);
                    self.forget_length(prefix.len());
                }
            }
            Kind::Other => {
                self.ranges.remove(&place);
            }
        }
    }

    fn forget_length(&mut self, length: usize) {
        if let Some(count) = self.prefix_lengths.get_mut(&length) {
            *count -= 1;
            if *count == 0 {
                self.prefix_lengths.remove(&length);
            }
        }
    }
}

fn kind(range: &KeyRange) -> Kind {
    match &range.end {
        End::Single => Kind::Key(range.key.clone()),
        End::Before(_) if *range == KeyRange::prefix(range.key.clone()) => {
            Kind::Prefix(range.key.clone())
        }
        End::Before(_) | End::Open => Kind::Other,
    }
}

/// Nothing in here can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &'static str, revision: i64) -> Wake {
        Wake::Etcd3 {
            key: key.into(),
            revision,
        }
    }

    #[tokio::test]
    async fn each_watch_learns_of_its_own_keys_and_of_the_first_change() {
        let watchers = Watchers::default();
        let mut mailbox = watchers.mailbox();
        mailbox.add(1, &KeyRange::single("a"));
        mailbox.add(2, &KeyRange::prefix("a"));
        mailbox.add(3, &KeyRange::new("aa".into(), "\0".into()));
        mailbox.add(4, &KeyRange::new("a".into(), "abc".into()));
        watchers.wake(&[change("zz", 5), change("ab", 6), change("a", 7)]);
        let woken = mailbox.woken().await;
        assert_eq!(woken, BTreeMap::from([(1, 7), (2, 6), (3, 5), (4, 6)]));
        mailbox.remove(3);
        watchers.wake(&[change("zz", 8), change("a", 9)]);
        let woken = mailbox.woken().await;
        assert_eq!(woken, BTreeMap::from([(1, 9), (2, 9), (4, 9)]));
    }

    #[test]
    fn those_who_watch_one_key_share_it() {
        let watchers = Watchers::default();
        let mut mailbox = watchers.mailbox();
        let first = mailbox.own(b"key");
        mailbox.add(1, &KeyRange::single(first.clone()));
        assert_eq!(watchers.mailbox().own(b"key").as_ptr(), first.as_ptr());
        mailbox.remove(1);
        assert_ne!(watchers.mailbox().own(b"key").as_ptr(), first.as_ptr());
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_stream_that_has_ended() {
        let watchers = Watchers::default();
        let mut mailbox = watchers.mailbox();
        for (watch, key) in (0..).zip(["a", "b/", "longer/"]) {
            mailbox.add(watch, &KeyRange::single(key));
            mailbox.add(watch + 10, &KeyRange::prefix(key));
            mailbox.add(watch + 20, &KeyRange::new(key.into(), "zz".into()));
        }
        drop(mailbox);
        let registry = lock(&watchers.registry);
        assert!(registry.keys.is_empty() && registry.prefixes.is_empty());
        assert!(registry.prefix_lengths.is_empty() && registry.ranges.is_empty());
    }
}
