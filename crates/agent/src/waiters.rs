//! Readers that wait until something changes.
//!
//! The order matters: register first, then read the snapshot, then wait. A change between the
//! read and the wait is then not missed. Waking costs as much as there are readers concerned,
//! however many others wait: a key is looked up once, and once for each length that a waited-for
//! prefix has.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Included, Unbounded};
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::engine::{Topic, Wake};
use crate::watchers::Watchers;

/// What a reader waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Watch {
    /// A change of this Consul key.
    Key(Bytes),
    /// A change of any Consul key that starts with these bytes.
    Prefix(Bytes),
    /// A change of something else.
    Topic(Topic),
}

/// Everyone who waits. Clones share the same registry.
#[derive(Clone, Debug, Default)]
pub struct Waiters {
    shared: Arc<Shared>,
    watchers: Watchers,
}

#[derive(Debug, Default)]
struct Shared {
    registry: Mutex<Registry>,
    /// How many waiters there are.
    count: AtomicUsize,
}

/// One reader's place among the [`Waiters`]; dropping it gives the place up, so a reader that
/// goes away costs nothing.
#[derive(Debug)]
pub struct Waiter {
    waiters: Waiters,
    watches: Vec<Watch>,
    id: u64,
    signal: Arc<Signal>,
    /// The last [`Waiter::changed`] has returned because of a change.
    returned: bool,
    /// Who was woken by it too.
    meeting: Option<Arc<Meeting>>,
}

/// Readers that one change of one thing woke. What one of them finds out can be kept here for the
/// others; it is gone with the last of them.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    common: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Meeting {
    /// What they have in common: each meeting has it in one type.
    pub(crate) fn common<T: Any + Default + Send + Sync>(&self) -> Option<&T> {
        let common = self.common.get_or_init(|| Box::new(T::default()));
        common.downcast_ref()
    }
}

/// What wakes one reader.
#[derive(Debug, Default)]
struct Signal {
    notify: Notify,
    /// Who was woken with it, if anybody.
    meeting: Mutex<Option<Arc<Meeting>>>,
    /// The reader was taken out of the place where the change was.
    taken: AtomicBool,
}

impl Waiters {
    /// Waits for any of `watches` from now on: a change after this call ends
    /// [`Waiter::changed`], even when it comes before that is called.
    #[must_use]
    pub fn register(&self, watches: impl IntoIterator<Item = Watch>) -> Waiter {
        let watches: Vec<Watch> = watches.into_iter().collect();
        let signal = Arc::new(Signal::default());
        let mut registry = self.lock();
        let id = registry.next_id;
        registry.next_id = id.wrapping_add(1);
        for watch in &watches {
            registry.add(watch, id, &signal);
        }
        drop(registry);
        self.shared.count.fetch_add(1, Relaxed);
        Waiter {
            waiters: self.clone(),
            watches,
            id,
            signal,
            returned: false,
            meeting: None,
        }
    }

    /// Wakes the readers that `wakes` concern.
    ///
    /// They are taken out first and woken afterwards: they all read again at once, and would stand
    /// in each other's way at the registry otherwise.
    pub fn wake(&self, wakes: &[Wake]) {
        if wakes.is_empty() {
            return;
        }
        let mut parties = Vec::new();
        let mut registry = self.lock();
        for wake in wakes {
            registry.take(wake, &mut parties);
        }
        drop(registry);
        notify_all(parties);
        self.watchers.wake(wakes);
    }

    /// Wakes every reader: what they read may all be different now, or the agent ends.
    pub fn wake_all(&self) {
        let mut registry = self.lock();
        let parties = registry.take_all();
        drop(registry);
        notify_all(parties);
    }

    /// Those who watch keys of etcd's v3 API.
    #[must_use]
    pub(crate) fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    /// How many readers wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.count.load(Relaxed)
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        lock(&self.shared.registry)
    }
}

impl Waiter {
    /// Returns when something that is waited for has changed since the registration, or since
    /// this returned last. It may also return without a change: read again, and compare indexes.
    ///
    /// # Cancel safety
    /// A change is not lost when the future is dropped.
    pub async fn changed(&mut self) {
        if self.returned {
            // Its places are gone. What changes before it has them again is seen by reading now.
            self.returned = false;
            self.meeting = None;
            self.take_places();
            return;
        }
        self.signal.notify.notified().await;
        self.returned = true;
        self.meeting = lock(&self.signal.meeting).take();
    }

    /// Those who were woken by the change for which [`Waiter::changed`] returned last, unless it was
    /// this reader alone.
    pub(crate) fn meeting(&self) -> Option<&Meeting> {
        self.meeting.as_deref()
    }

    fn take_places(&self) {
        let mut registry = self.waiters.lock();
        self.signal.taken.store(false, Relaxed);
        for watch in &self.watches {
            registry.add(watch, self.id, &self.signal);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.waiters.shared.count.fetch_sub(1, Relaxed);
        // The usual reader waits for one thing, and has left its only place when it was woken.
        if self.watches.len() == 1 && self.signal.taken.load(Acquire) {
            return;
        }
        let mut registry = self.waiters.lock();
        for watch in &self.watches {
            registry.remove(watch, self.id);
        }
    }
}

/// Nothing in here can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Readers by their number.
type Party = BTreeMap<u64, Arc<Signal>>;

fn notify_all(parties: Vec<Party>) {
    for party in parties {
        let meeting = (party.len() > 1).then(Arc::<Meeting>::default);
        for signal in party.into_values() {
            if meeting.is_some() {
                lock(&signal.meeting).clone_from(&meeting);
            }
            signal.taken.store(true, Release);
            signal.notify.notify_one();
        }
    }
}

#[derive(Debug, Default)]
struct Registry {
    next_id: u64,
    keys: BTreeMap<Bytes, Party>,
    prefixes: BTreeMap<Bytes, Party>,
    /// How many different prefixes of each length are waited for.
    prefix_lengths: BTreeMap<usize, usize>,
    topics: HashMap<Topic, Party>,
}

impl Registry {
    fn add(&mut self, watch: &Watch, id: u64, signal: &Arc<Signal>) {
        let party = match watch {
            Watch::Key(key) => self.keys.entry(key.clone()).or_default(),
            Watch::Topic(topic) => self.topics.entry(topic.clone()).or_default(),
            Watch::Prefix(prefix) => {
                if !self.prefixes.contains_key(prefix) {
                    *self.prefix_lengths.entry(prefix.len()).or_default() += 1;
                }
                self.prefixes.entry(prefix.clone()).or_default()
            }
        };
        party.insert(id, Arc::clone(signal));
    }

    fn remove(&mut self, watch: &Watch, id: u64) {
        let left = |party: &mut Party| {
            party.remove(&id);
            party.is_empty()
        };
        match watch {
            Watch::Key(key) => {
                if self.keys.get_mut(key).is_some_and(left) {
                    self.keys.remove(key);
                }
            }
            Watch::Topic(topic) => {
                if self.topics.get_mut(topic).is_some_and(left) {
                    self.topics.remove(topic);
                }
            }
            Watch::Prefix(prefix) => {
                if self.prefixes.get_mut(prefix).is_some_and(left) {
                    self.prefixes.remove(prefix);
                    self.forget_length(prefix.len());
                }
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

    /// Takes out those whom `wake` concerns.
    fn take(&mut self, wake: &Wake, out: &mut Vec<Party>) {
        match wake {
            Wake::Key(key) => {
                out.extend(self.keys.remove(key));
                self.take_prefixes_of(key, key.len(), out);
            }
            Wake::Tree(prefix) => {
                for key in under(&self.keys, prefix) {
                    out.extend(self.keys.remove(&key));
                }
                for longer in under(&self.prefixes, prefix) {
                    self.take_prefix(&longer, out);
                }
                if let Some(shorter) = prefix.len().checked_sub(1) {
                    self.take_prefixes_of(prefix, shorter, out);
                }
            }
            Wake::Topic(topic) => out.extend(self.topics.remove(topic)),
            Wake::Etcd3 { .. } => {}
        }
    }

    /// Takes out those who wait for a prefix of `key` that is at most `longest` bytes long.
    fn take_prefixes_of(&mut self, key: &[u8], longest: usize, out: &mut Vec<Party>) {
        let lengths = self.prefix_lengths.range(..=longest);
        let lengths: Vec<usize> = lengths.map(|(length, _)| *length).collect();
        for length in lengths {
            if let Some(prefix) = key.get(..length) {
                self.take_prefix(prefix, out);
            }
        }
    }

    fn take_prefix(&mut self, prefix: &[u8], out: &mut Vec<Party>) {
        if let Some(party) = self.prefixes.remove(prefix) {
            self.forget_length(prefix.len());
            out.push(party);
        }
    }

    fn take_all(&mut self) -> Vec<Party> {
        self.prefix_lengths.clear();
        let keys = std::mem::take(&mut self.keys).into_values();
        let prefixes = std::mem::take(&mut self.prefixes).into_values();
        let topics = std::mem::take(&mut self.topics).into_values();
        keys.chain(prefixes).chain(topics).collect()
    }
}

fn under(parties: &BTreeMap<Bytes, Party>, prefix: &[u8]) -> Vec<Bytes> {
    let from = parties.range::<[u8], _>((Included(prefix), Unbounded));
    from.take_while(|(key, _)| key.starts_with(prefix))
        .map(|(key, _)| key.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_was_woken_waits_again_and_misses_nothing() {
        let waiters = Waiters::default();
        let key = Bytes::from("k");
        let mut waiter = waiters.register([Watch::Key(key.clone())]);
        for _ in 0..3 {
            waiters.wake(&[Wake::Key(key.clone())]);
            waiter.changed().await;
            // Nobody waits for the key at the moment; the next call takes its place and returns.
            assert!(waiters.lock().keys.is_empty());
            waiter.changed().await;
            assert!(!waiters.lock().keys.is_empty());
        }
        drop(waiter);
        assert!(waiters.is_empty() && waiters.lock().keys.is_empty());
    }

    #[tokio::test]
    async fn those_who_are_woken_together_have_something_in_common() {
        let waiters = Waiters::default();
        let key = Bytes::from("k");
        let mut both = [(); 2].map(|()| waiters.register([Watch::Key(key.clone())]));
        waiters.wake(&[Wake::Key(key.clone())]);
        for waiter in &mut both {
            waiter.changed().await;
            let seen = waiter.meeting().unwrap().common::<AtomicUsize>().unwrap();
            seen.fetch_add(1, Relaxed);
        }
        let seen = both[0].meeting().unwrap().common::<AtomicUsize>().unwrap();
        assert_eq!(seen.load(Relaxed), 2);
        // The next change is another one, and may concern one of them alone.
        both[0].changed().await;
        assert!(both[0].meeting().is_none());
        waiters.wake(&[Wake::Key(key)]);
        both[0].changed().await;
        assert!(both[0].meeting().is_none());
    }

    #[test]
    fn nothing_is_left_of_those_who_went_away() {
        let waiters = Waiters::default();
        let prefixes = ["a/", "b/", "a/", "longer/"];
        let watches = prefixes.map(|prefix| Watch::Prefix(Bytes::from(prefix)));
        let key = Watch::Key(Bytes::from("a/"));
        let waiting: Vec<Waiter> = watches
            .into_iter()
            .chain([key])
            .map(|watch| waiters.register([watch]))
            .collect();
        assert_eq!(
            waiters.lock().prefix_lengths,
            BTreeMap::from([(2, 2), (7, 1)])
        );
        drop(waiting);
        let registry = waiters.lock();
        assert!(waiters.is_empty() && registry.keys.is_empty());
        assert!(registry.prefixes.is_empty() && registry.prefix_lengths.is_empty());
    }
}
