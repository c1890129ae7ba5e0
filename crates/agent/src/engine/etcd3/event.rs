use std::sync::Arc;

use super::key_value::KeyValue;

/// A place in the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// What clients call the revision: it counts the commands that changed something.
    pub main: i64,
    /// The place of a change among those of its command, from 0.
    pub sub: u32,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// It was written.
    Put,
    /// It was removed.
    Delete,
}

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The key as it is now; of one that was removed only its name and the revision.
    pub kv: Arc<KeyValue>,
}

impl Event {
    /// Whether the key is there afterwards.
    #[must_use]
    pub fn is_put(&self) -> bool {
        self.kind == EventKind::Put
    }
}
