//! When a stream whose connection was lost is asked for again.

use std::time::Duration;

use quorate_net::backoff::Backoff;
use tokio::time::{Instant, sleep};

/// A stream that lasted so long came back well.
const LASTED: Duration = Duration::from_secs(10);

/// The pauses between the tries to get a stream back: none before the first, then longer ones for as
/// long as streams end soon.
#[derive(Debug, Default)]
pub(crate) struct Comeback {
    backoff: Backoff,
    pause: bool,
    since: Option<Instant>,
}

impl Comeback {
    /// Says that the stream goes on.
    pub(crate) fn accepted(&mut self) {
        self.since = Some(Instant::now());
    }

    /// Says that it ended.
    pub(crate) fn ended(&mut self) {
        if self
            .since
            .take()
            .is_some_and(|since| since.elapsed() >= LASTED)
        {
            self.backoff.reset();
            self.pause = false;
        }
    }

    /// Waits until it may be asked for again.
    ///
    /// Cancel safe.
    pub(crate) async fn turn(&mut self) {
        if self.pause {
            let delay = self.backoff.next_delay();
            sleep(delay).await;
        }
        self.pause = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a turn takes.
    async fn waits(comeback: &mut Comeback) -> Duration {
        let begun = Instant::now();
        comeback.turn().await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn streams_that_end_soon_are_asked_for_less_and_less() {
        let mut comeback = Comeback::default();
        assert_eq!(waits(&mut comeback).await, Duration::ZERO);
        let mut all = Duration::ZERO;
        for _ in 0..40 {
            comeback.accepted();
            comeback.ended();
            all += waits(&mut comeback).await;
        }
        assert!(all > Duration::from_secs(20), "{all:?}");
        comeback.accepted();
        tokio::time::advance(LASTED).await;
        comeback.ended();
        assert_eq!(waits(&mut comeback).await, Duration::ZERO);
    }
}
