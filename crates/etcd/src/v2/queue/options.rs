//! What a lock, semaphore or election is like.

use std::time::Duration;

/// The TTL of entries that are given no other.
pub const DEFAULT_TTL: Duration = Duration::from_secs(15);
/// The shortest TTL: servers look for expired keys twice a second, and renewals need their time.
pub const MIN_TTL: Duration = Duration::from_secs(2);

/// Options of locks, semaphores and elections.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueOptions {
    /// How long an entry outlives its last renewal, so how soon the next has its turn when a
    /// holder died. Whole seconds, rounded up, at least [`MIN_TTL`]. Default 15 s.
    pub ttl: Duration,
    /// For how long nobody has a turn after a holder died without giving back: entries live this
    /// much longer on the servers than their owners count on. Whole seconds, rounded up. It also
    /// covers servers whose clocks differ. Default none.
    pub lock_delay: Duration,
    /// What others read of us: a name, an address. Default empty.
    pub value: String,
}

impl QueueOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long an entry outlives its last renewal.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets for how long nobody has a turn after a holder died.
    #[must_use]
    pub fn with_lock_delay(mut self, delay: Duration) -> Self {
        self.lock_delay = delay;
        self
    }

    /// Sets what others read of us.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            lock_delay: Duration::ZERO,
            value: String::new(),
        }
    }
}
