//! How a key is followed.

use std::time::Duration;

/// How long one question waits unless told otherwise.
const DEFAULT_POLL: Duration = Duration::from_secs(60);

/// Options of [`Keys::watch_with`](crate::v2::Keys::watch_with).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchOptions {
    /// Everything below it too.
    pub recursive: bool,
    /// Tells events after this index, without telling the state first. Default: the state first.
    pub after: Option<u64>,
    /// How long one question waits before it is asked anew, default 60 s. It bounds how long a
    /// server that died without a word goes unnoticed; a quiet key costs one request each time.
    pub poll: Duration,
}

impl WatchOptions {
    /// The defaults: one key, its state first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything below it too.
    #[must_use]
    pub fn with_recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Tells events after this index, without telling the state first: the
    /// [`index`](crate::v2::Watch::index) of an earlier watch, or that of an answer.
    #[must_use]
    pub fn with_after(mut self, index: u64) -> Self {
        self.after = Some(index);
        self
    }

    /// Sets how long one question waits.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            recursive: false,
            after: None,
            poll: DEFAULT_POLL,
        }
    }
}
