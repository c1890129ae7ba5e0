use crc32fast::Hasher;

use super::event::{Event, Revision};
use super::refusal::Refusal;
use super::state::State;

/// A number that is the same wherever keys have the same history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash {
    /// The newest revision.
    pub revision: i64,
    /// The revision that was compacted last; -1 is none.
    pub compacted: i64,
    /// The number.
    pub hash: u32,
}

impl State {
    /// A hash of all changes from the last compaction up to `revision`, where 0 is now. It is not
    /// the one that etcd computes: that one is over etcd's own bytes.
    ///
    /// # Errors
    /// When the revision is compacted or not there yet.
    pub fn hash(&self, revision: i64) -> Result<Hash, Refusal> {
        self.refuse_revision(revision)?;
        let last = if revision > 0 {
            revision
        } else {
            self.revision
        };
        let mut hasher = Hasher::new();
        for (at, event) in self.history.versions() {
            // What is compacted counts as if it were gone already.
            if at.main > last || self.is_compacted(at.main, event) {
                continue;
            }
            let kv = &event.kv;
            let numbers = [at.main, kv.create_revision, kv.version, kv.lease];
            for number in numbers {
                hasher.update(&number.to_be_bytes());
            }
            for text in [&kv.key, &kv.value] {
                let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
                hasher.update(&length.to_be_bytes());
                hasher.update(text);
            }
        }
        Ok(Hash {
            revision: self.revision,
            compacted: self.compacted,
            hash: hasher.finalize(),
        })
    }

    /// All changes since the last compaction in their order, and what each key was then.
    #[must_use]
    pub fn changes(&self) -> Vec<(Revision, Event)> {
        let versions = self.history.versions();
        let kept = versions.filter(|(at, event)| !self.is_compacted(at.main, event));
        let mut changes: Vec<_> = kept.map(|(at, event)| (at, event.clone())).collect();
        changes.sort_unstable_by_key(|(at, _)| *at);
        changes
    }

    fn is_compacted(&self, revision: i64, event: &Event) -> bool {
        if self.sweeping.is_none() || revision > self.compacted {
            return false;
        }
        let last = self.history.last_of(&event.kv.key, self.compacted);
        let is_last = last.is_some_and(|last| last == event);
        !is_last || (!event.is_put() && revision < self.compacted)
    }
}
