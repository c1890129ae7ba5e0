//! What a lock, semaphore or election is like.

use std::time::Duration;

/// The time to live of entries that are given no other.
pub const DEFAULT_TTL: Duration = Duration::from_secs(15);
/// The shortest: renewals need their time, servers of v3 grant no less by default, and those of v2
/// look for expired keys only twice a second.
pub const MIN_TTL: Duration = Duration::from_secs(2);

/// Options of locks, semaphores and elections. `V` is what a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueOptions<V> {
    /// How long an entry outlives its last renewal, so how soon the next has its turn when a
    /// holder died. Whole seconds, rounded up, at least [`MIN_TTL`]. Default 15 s.
    pub ttl: Duration,
    /// For how long nobody has a turn after a holder died or lost what it held: entries live this
    /// much longer on the servers than their owners count on. It also covers servers whose clocks
    /// differ. Whole seconds, rounded up. Default none.
    pub lock_delay: Duration,
    /// What others read of us: a name, an address. Default empty.
    pub value: V,
}

impl<V: Default> QueueOptions<V> {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<V> QueueOptions<V> {
    /// Sets how long an entry outlives its last renewal.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets for how long nobody has a turn after a holder died or lost what it held.
    #[must_use]
    pub fn with_lock_delay(mut self, delay: Duration) -> Self {
        self.lock_delay = delay;
        self
    }

    /// Sets what others read of us.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<V>) -> Self {
        self.value = value.into();
        self
    }
}

impl<V: Default> Default for QueueOptions<V> {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            lock_delay: Duration::ZERO,
            value: V::default(),
        }
    }
}
