//! How long things may take.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The clocks of a request.
///
/// `connect` runs inside `attempt`, and `attempt` inside `overall`. Retries, fail-over and the
/// pauses between them all share `overall`, so a caller waits at most that long however many
/// servers are tried. `reach` ends the retries sooner where there is nobody to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// To resolve the name, connect and finish the TLS handshake. Default 2 s.
    pub connect: Duration,
    /// For one request to one server, from choosing a connection to the last byte of the answer.
    /// Default 5 s. Long polls set their own in the request.
    pub attempt: Duration,
    /// For everything together. Default 15 s; `None` means retry for as long as it takes.
    pub overall: Option<Duration>,
    /// No attempt is begun after this time if none so far got as far as a connection. Default
    /// `None`: a service waits for its servers for as long as `overall` says. For programs at a
    /// shell, where a server that is not there is usually a wrong address.
    pub reach: Option<Duration>,
}

impl Timeouts {
    /// Sets the time to connect.
    #[must_use]
    pub fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// Sets the time for one attempt.
    #[must_use]
    pub fn with_attempt(mut self, attempt: Duration) -> Self {
        self.attempt = attempt;
        self
    }

    /// Sets the time for all attempts together; `None` for no limit.
    #[must_use]
    pub fn with_overall(mut self, overall: Option<Duration>) -> Self {
        self.overall = overall;
        self
    }

    /// Sets for how long to try where no server can be reached; `None` for the time of all
    /// attempts together.
    #[must_use]
    pub fn with_reach(mut self, reach: Option<Duration>) -> Self {
        self.reach = reach;
        self
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            attempt: Duration::from_secs(5),
            overall: Some(Duration::from_secs(15)),
            reach: None,
        }
    }
}

/// An instant by which something must be done, carried through the steps that share it.
///
/// It follows tokio's clock, so a test with a paused clock controls it. A duration too long to be
/// represented counts as no limit.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    started: Instant,
    at: Option<Instant>,
}

impl Deadline {
    /// A deadline `limit` from now; `None` never passes.
    pub fn after(limit: Option<Duration>) -> Self {
        let started = Instant::now();
        Self {
            started,
            at: limit.and_then(|limit| started.checked_add(limit)),
        }
    }

    /// A deadline that never passes.
    pub fn never() -> Self {
        Self::after(None)
    }

    /// The time since this deadline was set.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time that is left: zero once it has passed, `None` if it never does.
    pub fn remaining(&self) -> Option<Duration> {
        self.at
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether the time is over.
    pub fn is_past(&self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }

    /// `limit`, or what is left if that is less.
    pub fn cap(&self, limit: Duration) -> Duration {
        self.remaining().map_or(limit, |left| left.min(limit))
    }

    /// When a step that starts at `now` and may take `limit` must end.
    pub(crate) fn step(&self, now: Instant, limit: Duration) -> Step {
        let own = now.checked_add(limit);
        match (own, self.at) {
            (Some(own), Some(at)) if at < own => Step {
                until: Some(at),
                shortened: true,
            },
            (None, Some(at)) => Step {
                until: Some(at),
                shortened: true,
            },
            (own, _) => Step {
                until: own,
                shortened: false,
            },
        }
    }

    /// The instant at which it was set.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }
}

/// The end of one step inside a deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// When it must end; `None` for no limit.
    pub(crate) until: Option<Instant>,
    /// Whether the deadline left it less time than it asked for.
    pub(crate) shortened: bool,
}

/// Runs `future` until `until`; `None` if the time was over first.
pub(crate) async fn within<F: Future>(until: Option<Instant>, future: F) -> Option<F::Output> {
    match until {
        Some(until) => timeout_at(until, future).await.ok(),
        None => Some(future.await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn passes_when_the_clock_says_so() {
        let deadline = Deadline::after(Some(Duration::from_secs(3)));
        assert_eq!(deadline.cap(Duration::from_secs(9)), Duration::from_secs(3));
        assert_eq!(deadline.cap(Duration::from_secs(1)), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(deadline.remaining(), Some(Duration::from_secs(1)));
        assert!(!deadline.is_past());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(deadline.remaining(), Some(Duration::ZERO));
        assert!(deadline.is_past());
        assert_eq!(deadline.elapsed(), Duration::from_secs(4));
    }

    #[test]
    fn an_unrepresentable_limit_is_no_limit() {
        let deadline = Deadline::after(Some(Duration::MAX));
        assert_eq!(deadline.remaining(), None);
        assert!(!deadline.is_past());
        assert!(
            Deadline::never()
                .step(Instant::now(), Duration::MAX)
                .until
                .is_none()
        );
    }

    #[test]
    fn a_step_knows_which_clock_ends_it() {
        let deadline = Deadline::after(Some(Duration::from_secs(1)));
        let now = deadline.started();
        assert!(!deadline.step(now, Duration::from_millis(1)).shortened);
        assert!(deadline.step(now, Duration::from_secs(5)).shortened);
        assert!(deadline.step(now, Duration::MAX).shortened);
    }
}
