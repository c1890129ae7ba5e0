//! From states to changes: what a listing says that the last one did not.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{Entry, Revision, WatchEvent};

/// Compares each listing with the last one. It keeps no values, only their hashes.
#[derive(Debug, Default)]
pub(super) struct Diff {
    known: BTreeMap<String, Signature>,
    /// The revision of the last event; `None` before the first listing.
    last: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signature {
    created: u64,
    modified: u64,
    content: u64,
}

impl Diff {
    /// The events that lead from the last listing to this one, which the server had at `index`.
    pub(super) fn step(&mut self, listing: Vec<Entry>, index: u64) -> Vec<WatchEvent> {
        let known: BTreeMap<_, _> = listing
            .iter()
            .map(|entry| (entry.key.clone(), Signature::of(entry)))
            .collect();
        let known = std::mem::replace(&mut self.known, known);
        let newest = listing
            .iter()
            .map(|entry| entry.revision.0)
            .max()
            .unwrap_or(0);
        // No backend is at revision 0; Consul's index is below its keys' only when it is missing.
        let index = index.max(newest).max(1);
        let Some(last) = self.last else {
            return self.list(listing, index);
        };
        let gone: Vec<String> = known
            .keys()
            .filter(|key| !self.known.contains_key(*key))
            .cloned()
            .collect();
        let mut changed: Vec<Entry> = listing
            .iter()
            .filter(|entry| known.get(&entry.key) != self.known.get(&entry.key))
            .cloned()
            .collect();
        // A change that is not newer than what was told already belongs to another history: the
        // server was restored or replaced, or an older one answers.
        let rewritten = changed.iter().any(|entry| entry.revision.0 <= last);
        if rewritten || (!gone.is_empty() && index <= last) {
            return self.list(listing, index);
        }
        changed.sort_by(|a, b| (a.revision, &a.key).cmp(&(b.revision, &b.key)));
        let mut events: Vec<_> = changed.into_iter().map(WatchEvent::Put).collect();
        // Consul does not say when a key was deleted: not after this listing.
        let revision = Revision(index);
        events.extend(
            gone.into_iter()
                .map(|key| WatchEvent::Delete { key, revision }),
        );
        self.last = events
            .iter()
            .rev()
            .find_map(WatchEvent::revision)
            .map_or(self.last, |r| Some(r.0));
        events
    }

    fn list(&mut self, listing: Vec<Entry>, index: u64) -> Vec<WatchEvent> {
        self.last = Some(index);
        let mut events = Vec::with_capacity(listing.len() + 2);
        events.push(WatchEvent::Init);
        events.extend(listing.into_iter().map(WatchEvent::Put));
        events.push(WatchEvent::InitDone {
            revision: Revision(index),
        });
        events
    }
}

impl Signature {
    fn of(entry: &Entry) -> Self {
        let mut hasher = DefaultHasher::new();
        (&entry.value, &entry.holder).hash(&mut hasher);
        Self {
            created: entry.create_revision.0,
            modified: entry.revision.0,
            content: hasher.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, revision: u64) -> Entry {
        Entry::new(key, format!("v{revision}"), Revision(revision), Revision(1))
    }

    fn put(key: &str, revision: u64) -> WatchEvent {
        WatchEvent::Put(entry(key, revision))
    }

    fn delete(key: &str, revision: u64) -> WatchEvent {
        WatchEvent::Delete {
            key: key.into(),
            revision: Revision(revision),
        }
    }

    fn done(revision: u64) -> WatchEvent {
        WatchEvent::InitDone {
            revision: Revision(revision),
        }
    }

    fn listed(listing: &[(&str, u64)]) -> Vec<Entry> {
        listing
            .iter()
            .map(|(key, revision)| entry(key, *revision))
            .collect()
    }

    #[test]
    fn the_first_listing_is_told_whole() {
        let mut diff = Diff::default();
        let events = diff.step(listed(&[("a", 5), ("b", 3)]), 7);
        assert_eq!(
            events,
            [WatchEvent::Init, put("a", 5), put("b", 3), done(7)]
        );
    }

    #[test]
    fn an_empty_beginning_is_told_too() {
        assert_eq!(Diff::default().step(vec![], 0), [WatchEvent::Init, done(1)]);
    }

    #[test]
    fn changes_come_in_the_order_of_their_revisions_and_deletions_last() {
        let mut diff = Diff::default();
        diff.step(listed(&[("a", 1), ("b", 2), ("gone", 3)]), 3);
        let events = diff.step(listed(&[("a", 9), ("b", 2), ("c", 6)]), 10);
        assert_eq!(events, [put("c", 6), put("a", 9), delete("gone", 10)]);
    }

    #[test]
    fn nothing_is_told_where_nothing_changed() {
        let mut diff = Diff::default();
        diff.step(listed(&[("a", 5)]), 9);
        assert!(diff.step(listed(&[("a", 5)]), 12).is_empty());
        // The last tombstone was reaped: the index goes back, the keys do not.
        assert!(diff.step(listed(&[("a", 5)]), 5).is_empty());
    }

    #[test]
    fn a_key_deleted_and_written_again_is_a_put() {
        let mut diff = Diff::default();
        diff.step(listed(&[("a", 5)]), 5);
        let again = Entry::new("a", "v5", Revision(8), Revision(8));
        assert_eq!(diff.step(vec![again.clone()], 8), [WatchEvent::Put(again)]);
    }

    #[test]
    fn an_older_revision_means_another_history() {
        let mut diff = Diff::default();
        diff.step(listed(&[("a", 50), ("b", 60)]), 60);
        let events = diff.step(listed(&[("b", 4)]), 4);
        assert_eq!(events, [WatchEvent::Init, put("b", 4), done(4)]);
        assert_eq!(diff.step(listed(&[("b", 4), ("c", 5)]), 5), [put("c", 5)]);
    }

    #[test]
    fn another_value_at_the_same_revision_means_another_history() {
        let mut diff = Diff::default();
        diff.step(listed(&[("a", 5)]), 5);
        let other = Entry::new("a", "other", Revision(5), Revision(1));
        let events = diff.step(vec![other.clone()], 5);
        assert_eq!(events, [WatchEvent::Init, WatchEvent::Put(other), done(5)]);
    }

    #[test]
    fn a_deletion_that_moves_no_index_means_another_history() {
        let mut diff = Diff::default();
        diff.step(listed(&[("a", 5), ("b", 6)]), 6);
        assert_eq!(
            diff.step(listed(&[("a", 5)]), 6),
            [WatchEvent::Init, put("a", 5), done(6)]
        );
    }
}
