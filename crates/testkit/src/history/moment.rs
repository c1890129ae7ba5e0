//! A clock that all processes of one machine share.

use std::ops::Add;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// An instant on the machine's monotonic clock, which can be compared between processes.
///
/// `std::time::Instant` counts on the same clock but cannot be written down. Not for tests with a
/// paused tokio clock: that one stands still, and this one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::Monotonic);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
        Self(seconds * 1_000_000_000 + nanos)
    }

    /// The moment so many nanoseconds after the clock's origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<Instant> for Moment {
    fn from(instant: Instant) -> Self {
        let (now, here) = (Self::now(), Instant::now());
        match instant.checked_duration_since(here) {
            Some(ahead) => now + ahead,
            None => Self(now.0.saturating_sub(nanos(here.duration_since(instant)))),
        }
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_distance() {
        let early = Instant::now();
        let late = early + Duration::from_secs(100);
        let past = early.checked_sub(Duration::from_millis(5)).unwrap();
        let slack = Duration::from_secs(5);
        let ahead = Moment::from(late).since(Moment::from(early));
        assert!(
            ahead > Duration::from_secs(95) && ahead < Duration::from_secs(105),
            "{ahead:?}"
        );
        assert!(Moment::from(early).since(Moment::from(past)) < slack);
        assert!(Moment::from(late) > Moment::now() + Duration::from_secs(90));
    }

    #[test]
    fn sums_do_not_overflow() {
        assert_eq!((Moment::now() + Duration::MAX).as_nanos(), u64::MAX);
        assert_eq!(
            Moment::from_nanos(3).since(Moment::from_nanos(5)),
            Duration::ZERO
        );
    }
}
