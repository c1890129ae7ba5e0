//! What is answered about keys.

/// The answer to a [`Request`](super::Request).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The revision of the store.
    pub revision: i64,
    /// Whether the conditions held.
    pub succeeded: bool,
    /// How the key of each operation looked before it; `None` if it did not exist.
    pub seen: Vec<Option<Seen>>,
}

impl Reply {
    /// One whose conditions held.
    pub fn new(revision: i64) -> Self {
        Self {
            revision,
            succeeded: true,
            seen: Vec::new(),
        }
    }

    /// One whose conditions did not hold.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.succeeded = false;
        self
    }

    /// Adds what the operations saw.
    #[must_use]
    pub fn with_seen(mut self, seen: impl IntoIterator<Item = Option<Seen>>) -> Self {
        self.seen.extend(seen);
        self
    }
}

/// How a key looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its value.
    pub value: u64,
    /// The revision at which it was made.
    pub created: i64,
    /// The revision at which it was changed last.
    pub modified: i64,
    /// How often it was written since it was made.
    pub version: i64,
}

impl Seen {
    /// One with this value.
    pub fn new(value: u64) -> Self {
        Self {
            value,
            created: 0,
            modified: 0,
            version: 0,
        }
    }

    /// When it was made and changed last, and how often it was written since.
    #[must_use]
    pub fn at(mut self, created: i64, modified: i64, version: i64) -> Self {
        (self.created, self.modified, self.version) = (created, modified, version);
        self
    }
}
