use std::time::Duration;

/// A moment on the monotonic clock of whoever drives the engine, counted from a start of its
/// choice. The engine compares and adds; it never asks for the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Duration);

impl Time {
    /// The start of the clock.
    pub const START: Self = Self(Duration::ZERO);

    /// The moment `elapsed` after the start.
    #[must_use]
    pub const fn since_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time that passed since the start.
    #[must_use]
    pub const fn elapsed(self) -> Duration {
        self.0
    }

    /// The moment `delay` later; a moment that never comes when that overflows.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self(self.0.checked_add(delay).unwrap_or(Duration::MAX))
    }

    /// How long it is from here to `later`; zero when `later` has passed.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        later.0.saturating_sub(self.0)
    }

    /// The first multiple of `step` that is not earlier than this.
    #[must_use]
    pub(crate) fn rounded_up(self, step: Duration) -> Self {
        let step = step.as_nanos().max(1);
        let nanos = self.0.as_nanos().div_ceil(step).saturating_mul(step);
        Self(u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos))
    }
}
