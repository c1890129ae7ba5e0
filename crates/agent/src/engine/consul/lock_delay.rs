use std::time::Duration;

use bytes::Bytes;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use crate::engine::Time;

/// The longest lock-delay that takes effect.
pub(super) const MAX_LOCK_DELAY: Duration = Duration::from_secs(60);

/// Keys that can't be acquired for a while, because the session that held them ended otherwise
/// than by releasing them. Kept in memory only, as on the real server.
#[derive(Clone, Debug, Default)]
pub(super) struct LockDelays {
    until: RedBlackTreeMapSync<Bytes, Time>,
    by_time: RedBlackTreeSetSync<(Time, Bytes)>,
}

impl LockDelays {
    /// Keeps `key` from being acquired for `delay` (at most 60 s), and forgets the delays that
    /// have passed.
    pub(super) fn start(&mut self, key: &Bytes, delay: Duration, now: Time) {
        self.forget_passed(now);
        let until = now.after(delay.min(MAX_LOCK_DELAY));
        if let Some(earlier) = self.until.get(key).copied() {
            self.by_time.remove_mut(&(earlier, key.clone()));
        }
        self.until.insert_mut(key.clone(), until);
        self.by_time.insert_mut((until, key.clone()));
    }

    /// Whether `key` can't be acquired at `now`.
    pub(super) fn holds(&self, key: &[u8], now: Time) -> bool {
        self.until.get(key).is_some_and(|until| now < *until)
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.until.size()
    }

    fn forget_passed(&mut self, now: Time) {
        while let Some((until, key)) = self.by_time.first().cloned() {
            if now < until {
                break;
            }
            self.until.remove_mut(&key);
            self.by_time.remove_mut(&(until, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::since_start(Duration::from_secs(seconds))
    }

    #[test]
    fn a_delay_is_capped_at_a_minute() {
        let mut delays = LockDelays::default();
        delays.start(&Bytes::from("k"), Duration::from_secs(500), at(1));
        assert!(delays.holds(b"k", at(60)));
        assert!(!delays.holds(b"k", at(61)));
    }

    #[test]
    fn delays_that_have_passed_are_forgotten() {
        let mut delays = LockDelays::default();
        for second in 0..100 {
            let key = Bytes::from(second.to_string());
            delays.start(&key, Duration::from_secs(5), at(second));
        }
        assert_eq!(delays.len(), 5);
    }
}
