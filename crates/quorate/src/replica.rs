//! A map that follows a watch.

use std::collections::BTreeMap;

use crate::{Entry, Revision, WatchEvent};

/// A map of what a [`Watch`](crate::Watch) tells. Feed it every event; in between, it is exactly
/// what the server had at [`revision`](Self::revision).
///
/// While a new listing comes in (`Init … InitDone`) the old entries stay, and they are replaced in
/// one step at its end. [`Cache`](crate::Cache) does the feeding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    entries: BTreeMap<String, Entry>,
    incoming: Option<BTreeMap<String, Entry>>,
    revision: Option<Revision>,
}

impl Replica {
    /// A map that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows one event. Returns whether the map is complete and may have changed.
    pub fn apply(&mut self, event: WatchEvent) -> bool {
        match event {
            WatchEvent::Init => self.incoming = Some(BTreeMap::new()),
            WatchEvent::Put(entry) => {
                if let Some(incoming) = &mut self.incoming {
                    incoming.insert(entry.key.clone(), entry);
                } else {
                    self.revision = Some(entry.revision);
                    self.entries.insert(entry.key.clone(), entry);
                }
            }
            WatchEvent::InitDone { revision } => {
                if let Some(incoming) = self.incoming.take() {
                    self.entries = incoming;
                }
                self.revision = Some(revision);
            }
            WatchEvent::Delete { key, revision } => {
                if let Some(incoming) = &mut self.incoming {
                    incoming.remove(&key);
                } else {
                    self.revision = Some(revision);
                    self.entries.remove(&key);
                }
            }
        }
        self.incoming.is_none() && self.is_complete()
    }

    /// Whether a listing was completed at least once: before that, nothing is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.revision.is_some()
    }

    /// The point in history that the map shows.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// The entry of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Every entry, ordered by key.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, revision: u64) -> WatchEvent {
        WatchEvent::Put(Entry::new(key, "v", Revision(revision), Revision(1)))
    }

    fn keys(replica: &Replica) -> Vec<&str> {
        replica.entries().keys().map(String::as_str).collect()
    }

    #[test]
    fn a_new_listing_replaces_the_old_one_in_one_step() {
        let mut replica = Replica::new();
        assert!(!replica.apply(WatchEvent::Init));
        assert!(!replica.apply(put("a", 1)));
        assert!(!replica.is_complete());
        assert!(replica.apply(WatchEvent::InitDone {
            revision: Revision(3)
        }));
        assert!(replica.apply(put("b", 4)));
        assert_eq!(keys(&replica), ["a", "b"]);

        assert!(!replica.apply(WatchEvent::Init));
        assert!(!replica.apply(put("c", 2)));
        assert_eq!(
            keys(&replica),
            ["a", "b"],
            "the old entries stay until the listing is whole"
        );
        assert!(replica.apply(WatchEvent::InitDone {
            revision: Revision(2)
        }));
        assert_eq!(keys(&replica), ["c"]);
        assert_eq!(replica.revision(), Some(Revision(2)));
    }

    #[test]
    fn a_deleted_key_is_gone() {
        let mut replica = Replica::new();
        for event in [
            WatchEvent::Init,
            put("a", 1),
            WatchEvent::InitDone {
                revision: Revision(1),
            },
        ] {
            replica.apply(event);
        }
        replica.apply(WatchEvent::Delete {
            key: "a".into(),
            revision: Revision(5),
        });
        assert!(replica.get("a").is_none());
        assert_eq!(replica.revision(), Some(Revision(5)));
    }
}
