//! Readers that wait until something changes.
//!
//! The order matters: register first, then read the snapshot, then wait. A change between the
//! read and the wait is then not missed. Waking costs as much as there are readers concerned,
//! however many others wait: a key is looked up once, and once for each length that a waited-for
//! prefix has.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Included, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::engine::{Topic, Wake};

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
    registry: Arc<Mutex<Registry>>,
}

/// One reader's place among the [`Waiters`]; dropping it gives the place up, so a reader that
/// goes away costs nothing.
#[derive(Debug)]
pub struct Waiter {
    waiters: Waiters,
    watches: Vec<Watch>,
    id: u64,
    notify: Arc<Notify>,
}

impl Waiters {
    /// Waits for any of `watches` from now on: a change after this call ends
    /// [`Waiter::changed`], even when it comes before that is called.
    #[must_use]
    pub fn register(&self, watches: impl IntoIterator<Item = Watch>) -> Waiter {
        let watches: Vec<Watch> = watches.into_iter().collect();
        let notify = Arc::new(Notify::new());
        let mut registry = self.lock();
        let id = registry.next_id;
        registry.next_id = id.wrapping_add(1);
        registry.everyone.insert(id, Arc::clone(&notify));
        for watch in &watches {
            registry.add(watch, id, &notify);
        }
        drop(registry);
        Waiter {
            waiters: self.clone(),
            watches,
            id,
            notify,
        }
    }

    /// Wakes the readers that `wakes` concern.
    pub fn wake(&self, wakes: &[Wake]) {
        if wakes.is_empty() {
            return;
        }
        let registry = self.lock();
        if registry.everyone.is_empty() {
            return;
        }
        for wake in wakes {
            registry.wake(wake);
        }
    }

    /// Wakes every reader: what they read may all be different now, or the agent ends.
    pub fn wake_all(&self) {
        notify_all(&self.lock().everyone);
    }

    /// How many readers wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().everyone.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        // Nothing in here can panic halfway through a change.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Returns when something that is waited for has changed since the registration, or since
    /// this returned last. It may also return without a change: read again, and compare indexes.
    ///
    /// # Cancel safety
    /// A change is not lost when the future is dropped.
    pub async fn changed(&mut self) {
        self.notify.notified().await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut registry = self.waiters.lock();
        registry.everyone.remove(&self.id);
        for watch in &self.watches {
            registry.remove(watch, self.id);
        }
    }
}

/// Readers by their number.
type Party = BTreeMap<u64, Arc<Notify>>;

fn notify_all(party: &Party) {
    for notify in party.values() {
        notify.notify_one();
    }
}

#[derive(Debug, Default)]
struct Registry {
    next_id: u64,
    everyone: Party,
    keys: BTreeMap<Bytes, Party>,
    prefixes: BTreeMap<Bytes, Party>,
    /// How many different prefixes of each length are waited for.
    prefix_lengths: BTreeMap<usize, usize>,
    topics: HashMap<Topic, Party>,
}

impl Registry {
    fn add(&mut self, watch: &Watch, id: u64, notify: &Arc<Notify>) {
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
        party.insert(id, Arc::clone(notify));
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

    fn wake(&self, wake: &Wake) {
        match wake {
            Wake::Key(key) => {
                self.keys.get(key).map(notify_all);
                self.wake_prefixes_of(key, key.len());
            }
            Wake::Tree(prefix) => {
                under(&self.keys, prefix).for_each(notify_all);
                under(&self.prefixes, prefix).for_each(notify_all);
                if let Some(shorter) = prefix.len().checked_sub(1) {
                    self.wake_prefixes_of(prefix, shorter);
                }
            }
            Wake::Topic(topic) => {
                self.topics.get(topic).map(notify_all);
            }
        }
    }

    /// Wakes those who wait for a prefix of `key` that is at most `longest` bytes long.
    fn wake_prefixes_of(&self, key: &[u8], longest: usize) {
        for (length, _) in self.prefix_lengths.range(..=longest) {
            let prefix = key.get(..*length);
            prefix.and_then(|it| self.prefixes.get(it)).map(notify_all);
        }
    }
}

fn under<'a>(
    parties: &'a BTreeMap<Bytes, Party>,
    prefix: &'a [u8],
) -> impl Iterator<Item = &'a Party> {
    let from = parties.range::<[u8], _>((Included(prefix), Unbounded));
    from.take_while(move |(key, _)| key.starts_with(prefix))
        .map(|(_, party)| party)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(registry.everyone.is_empty() && registry.keys.is_empty());
        assert!(registry.prefixes.is_empty() && registry.prefix_lengths.is_empty());
    }
}
