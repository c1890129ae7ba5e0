//! How often to ask.

use std::time::Duration;

use tokio::time::Instant;

/// What a query costs that brought something new: up to ten a second.
const CHANGED: Duration = Duration::from_millis(100);
/// What a query costs that brought nothing: one a second, after a burst of two. An index may move
/// all the time without a change, and an endpoint may not block at all.
const UNCHANGED: Duration = Duration::from_secs(1);
/// How far the costs may be ahead of time.
const BURST: Duration = Duration::from_secs(1);

/// A token bucket, written as the instant until which the queries so far are paid for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    paid_until: Option<Instant>,
}

impl Pace {
    /// How long to wait before the next query.
    pub(crate) fn delay(&self, now: Instant) -> Duration {
        let ahead = self
            .paid_until
            .map(|until| until.saturating_duration_since(now));
        ahead.unwrap_or_default().saturating_sub(BURST)
    }

    /// Charges for a query.
    pub(crate) fn answered(&mut self, now: Instant, changed: bool) {
        let cost = if changed { CHANGED } else { UNCHANGED };
        let from = self.paid_until.map_or(now, |until| until.max(now));
        self.paid_until = Some(from + cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `count` queries may be sent, in milliseconds, if all are answered at once.
    fn times(count: usize, changed: bool) -> Vec<u128> {
        let start = Instant::now();
        let (mut pace, mut now, mut times) = (Pace::default(), start, Vec::new());
        for _ in 0..count {
            now += pace.delay(now);
            times.push((now - start).as_millis());
            pace.answered(now, changed);
        }
        times
    }

    #[test]
    fn answers_without_news_slow_it_down_to_one_a_second_after_two() {
        assert_eq!(times(5, false), [0, 0, 1000, 2000, 3000]);
    }

    #[test]
    fn changes_come_at_up_to_ten_a_second_after_eleven() {
        let times = times(14, true);
        assert_eq!(times[10], 0);
        assert_eq!(times[11..], [100, 200, 300]);
    }

    #[test]
    fn a_query_that_blocks_is_never_delayed() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        for _ in 0..100 {
            assert_eq!(pace.delay(now), Duration::ZERO);
            now += Duration::from_secs(300);
            pace.answered(now, false);
        }
    }
}
