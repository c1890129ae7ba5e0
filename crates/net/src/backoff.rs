//! How long to wait before trying again.

use std::time::Duration;

use crate::rng::SplitMix64;

/// Growing delays with full jitter: each is drawn evenly from zero to a cap, and the cap doubles
/// from `base` to `max`.
///
/// Full jitter is what keeps a thousand clients that lost the same server from coming back to it
/// at the same instant. The default is 50 ms to 5 s, right for requests; watches and reconnects
/// that nobody waits for do well with 200 ms to 30 s.
///
/// It is also an endless `Iterator` of delays.
///
/// ```
/// use std::time::Duration;
/// use quorate_net::backoff::Backoff;
///
/// let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
/// assert!(backoff.next_delay() <= Duration::from_millis(100));
/// assert!(backoff.next_delay() <= Duration::from_millis(200));
/// backoff.reset();
/// assert!(backoff.next_delay() <= Duration::from_millis(100));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    step: u32,
    rng: SplitMix64,
}

impl Backoff {
    /// The cap of the first delay unless something else is asked for.
    pub const DEFAULT_BASE: Duration = Duration::from_millis(50);
    /// The highest cap unless something else is asked for.
    pub const DEFAULT_MAX: Duration = Duration::from_secs(5);

    /// Delays that start below `base` and never exceed `max`.
    pub fn new(base: Duration, max: Duration) -> Self {
        Self {
            base,
            max,
            step: 0,
            rng: SplitMix64::from_process(),
        }
    }

    /// The same delays in every run, for tests and replays.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.rng = SplitMix64::seeded(seed);
        self
    }

    /// The next delay.
    pub fn next_delay(&mut self) -> Duration {
        let cap = self.cap();
        self.step = self.step.saturating_add(1);
        let nanos = u64::try_from(cap.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.rng.up_to(nanos))
    }

    /// Starts again from `base`: call it after a success, or after a long time without failure.
    pub fn reset(&mut self) {
        self.step = 0;
    }

    /// The upper bound of the next delay.
    pub fn cap(&self) -> Duration {
        let factor = 1_u32.checked_shl(self.step).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.max)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BASE, Self::DEFAULT_MAX)
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.next_delay())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_double_up_to_the_maximum() {
        let mut backoff = Backoff::default();
        let mut caps = Vec::new();
        for _ in 0..9 {
            caps.push(backoff.cap().as_millis());
            backoff.next_delay();
        }
        assert_eq!(caps, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn every_delay_is_within_its_cap_for_ever() {
        let mut backoff = Backoff::default().with_seed(7);
        for _ in 0..1000 {
            let cap = backoff.cap();
            assert!(backoff.next_delay() <= cap);
        }
        assert_eq!(backoff.cap(), Backoff::DEFAULT_MAX);
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let take = |seed| {
            Backoff::default()
                .with_seed(seed)
                .take(5)
                .collect::<Vec<_>>()
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }

    #[test]
    fn reset_starts_from_the_base_again() {
        let mut backoff = Backoff::default();
        backoff.nth(5);
        backoff.reset();
        assert_eq!(backoff.cap(), Backoff::DEFAULT_BASE);
    }
}
