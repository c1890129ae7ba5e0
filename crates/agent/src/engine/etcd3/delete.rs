use std::sync::Arc;

use super::key_range::KeyRange;
use super::key_value::KeyValue;
use super::refusal::Refusal;
use super::step::Step;

/// A removal of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteRange {
    /// The keys.
    pub range: KeyRange,
    /// Tells what the keys were.
    pub prev_kv: bool,
}

impl DeleteRange {
    /// What is wrong with the request itself.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.range.key.is_empty() {
            return Err(Refusal::EmptyKey);
        }
        Ok(())
    }
}

/// What a [`DeleteRange`] comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The revision.
    pub revision: i64,
    /// How many keys were removed.
    pub deleted: i64,
    /// What they were, where that was asked for.
    pub prev: Vec<Arc<KeyValue>>,
}

impl Step<'_> {
    pub(super) fn delete(&mut self, delete: &DeleteRange) -> Deleted {
        let gone: Vec<_> = self.state.keys_now(&delete.range).cloned().collect();
        for kv in &gone {
            self.delete_key(kv);
        }
        Deleted {
            revision: self.revision(),
            deleted: i64::try_from(gone.len()).unwrap_or(i64::MAX),
            prev: if delete.prev_kv { gone } else { Vec::new() },
        }
    }
}
