//! The one place that decides whether a request is tried again, where, and when.
//!
//! [`HttpClient`](crate::http::HttpClient) does all of this by itself. It is here for clients of
//! other protocols over the same sets of servers.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::deadline::{Deadline, Step, Timeouts};
use crate::endpoint::{EndpointId, EndpointSet};
use crate::endpoint_set::Tried;
use crate::error::{Account, Failure, NetError};
use crate::http::{Replay, Verdict};

/// What may be done to get one request answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The clocks.
    pub timeouts: Timeouts,
    /// The only server that may answer. Default any.
    pub endpoint: Option<EndpointId>,
    /// The most attempts. Default `None`: as many as fit into the overall time.
    pub max_attempts: Option<u32>,
    /// The bound of the first pause between rounds of attempts. Default 50 ms.
    pub backoff_base: Duration,
    /// The bound of every pause. Default 5 s.
    pub backoff_max: Duration,
    /// Makes the pauses the same in every run, for tests.
    pub seed: Option<u64>,
}

impl RetryPolicy {
    /// The defaults, with these clocks.
    pub fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            endpoint: None,
            max_attempts: None,
            backoff_base: Backoff::DEFAULT_BASE,
            backoff_max: Backoff::DEFAULT_MAX,
            seed: None,
        }
    }

    /// Sets the only server that may answer.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Option<EndpointId>) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Sets the most attempts; 1 means that nothing is repeated.
    #[must_use]
    pub fn with_max_attempts(mut self, max: Option<u32>) -> Self {
        self.max_attempts = max;
        self
    }

    /// Sets the bounds of the first pause between rounds of attempts, and of every pause.
    #[must_use]
    pub fn with_backoff(mut self, base: Duration, max: Duration) -> Self {
        self.backoff_base = base;
        self.backoff_max = max;
        self
    }

    /// Makes the pauses the same in every run.
    #[must_use]
    pub fn with_seed(mut self, seed: Option<u64>) -> Self {
        self.seed = seed;
        self
    }

    /// A fresh sequence of pauses.
    fn backoff(&self) -> Backoff {
        let backoff = Backoff::new(self.backoff_base, self.backoff_max);
        match self.seed {
            Some(seed) => backoff.with_seed(seed),
            None => backoff,
        }
    }
}

/// The history of one request.
///
/// Attempts come in rounds: each server has one turn, the current one first, and there is a pause
/// between rounds. All of it happens inside the overall clock, around the clocks of the attempts.
pub struct Retry<'a> {
    policy: RetryPolicy,
    endpoints: &'a EndpointSet,
    deadline: Deadline,
    /// Made for the first pause: most requests need none.
    backoff: Option<Backoff>,
    pause: Option<Duration>,
    tried: Tried,
    attempts: u32,
    sent: bool,
    /// Whether any attempt got as far as a connection.
    reached: bool,
    /// The last attempt that failed on its own before a connection was made.
    unreachable: Option<(EndpointId, Failure)>,
    /// Whether every failure of this round is bound to come again.
    hopeless: bool,
}

/// One attempt that is due now.
#[derive(Debug)]
pub struct Turn {
    pub(crate) endpoint: EndpointId,
    pub(crate) now: Instant,
    pub(crate) step: Step,
}

impl Turn {
    /// The server to ask.
    pub fn endpoint(&self) -> EndpointId {
        self.endpoint
    }

    /// When the attempt must end; `None` for no limit.
    pub fn until(&self) -> Option<Instant> {
        self.step.until
    }
}

impl<'a> Retry<'a> {
    /// A request that begins now.
    pub fn new(endpoints: &'a EndpointSet, policy: RetryPolicy) -> Self {
        Self {
            policy,
            endpoints,
            deadline: Deadline::after(policy.timeouts.overall),
            backoff: None,
            pause: None,
            tried: Tried::default(),
            attempts: 0,
            sent: false,
            reached: false,
            unreachable: None,
            hopeless: true,
        }
    }

    /// Waits for the next attempt and says where it goes.
    ///
    /// # Cancel safety
    ///
    /// Dropping it ends the request.
    pub async fn turn(&mut self) -> Turn {
        let now = match self.pause.take() {
            Some(pause) => {
                sleep(pause).await;
                Instant::now()
            }
            None if self.attempts == 0 => self.deadline.started(),
            None => Instant::now(),
        };
        self.attempts = self.attempts.saturating_add(1);
        let endpoint = match self.policy.endpoint {
            Some(id) => id,
            None => self.pick(),
        };
        Turn {
            endpoint,
            now,
            step: self.deadline.step(now, self.policy.timeouts.attempt),
        }
    }

    fn pick(&mut self) -> EndpointId {
        loop {
            if let Some(id) = self.endpoints.pick(&mut self.tried) {
                return id;
            }
            self.tried = Tried::default();
        }
    }

    /// A whole response came. Whether the request is to be tried again all the same.
    pub fn answered(&mut self, turn: &Turn, verdict: Verdict) -> bool {
        self.endpoints.succeeded(turn.endpoint);
        self.reached = true;
        match verdict {
            Verdict::Done => false,
            Verdict::Retry { after } => {
                self.hopeless = false;
                self.sent = true;
                let again = self.may_go_on(after);
                if again {
                    self.report(turn, &"the server cannot answer now");
                }
                again
            }
        }
    }

    /// An attempt failed.
    ///
    /// # Errors
    ///
    /// The error for the caller, when the request is given up.
    pub fn failed(
        &mut self,
        turn: &Turn,
        failure: Failure,
        replay: Replay,
    ) -> Result<(), NetError> {
        // Being cut short by the overall clock says nothing about the server.
        let cut_short = turn.step.shortened && failure.source.is_none();
        if !failure.is_ours() && !cut_short {
            self.endpoints.failed(turn.endpoint);
        }
        self.sent |= failure.sent;
        self.reached |= !failure.is_before_sending();
        self.hopeless &= failure.is_permanent();
        let allowed = !failure.is_ours() && (!failure.sent || replay == Replay::Safe);
        if allowed && self.may_go_on(None) {
            self.report(turn, &failure);
            if failure.is_unreachable() {
                self.unreachable = Some((turn.endpoint, failure));
            }
            return Ok(());
        }
        // Why no server could be reached says more than that the last try was cut short.
        let cause = self
            .unreachable
            .take()
            .filter(|_| cut_short && !self.sent && failure.is_before_sending());
        let (endpoint, failure) = cause.unwrap_or((turn.endpoint, failure));
        Err(self.give_up(endpoint, failure))
    }

    /// An attempt failed that was the only one possible.
    pub(crate) fn failed_for_good(mut self, turn: &Turn, failure: Failure) -> NetError {
        if !failure.is_ours() {
            self.endpoints.failed(turn.endpoint);
        }
        self.sent |= failure.sent;
        self.give_up(turn.endpoint, failure)
    }

    /// Prepares another attempt, if there is room for one.
    fn may_go_on(&mut self, after: Option<Duration>) -> bool {
        if self
            .policy
            .max_attempts
            .is_some_and(|max| self.attempts >= max)
        {
            return false;
        }
        let round_is_over = self.policy.endpoint.is_some() || self.endpoints.all_tried(&self.tried);
        if round_is_over && self.hopeless {
            return false;
        }
        if round_is_over || after.is_some() {
            let policy = &self.policy;
            let backoff = self.backoff.get_or_insert_with(|| policy.backoff());
            self.pause = Some(after.unwrap_or_else(|| backoff.next_delay()));
            self.tried = Tried::default();
            self.hopeless = true;
        }
        let pause = self.pause.unwrap_or_default();
        let room =
            self.deadline.remaining().is_none_or(|left| left > pause) && self.has_hope(pause);
        if !room {
            self.pause = None;
        }
        room
    }

    /// Whether somebody was reached, or may still be after `pause`.
    fn has_hope(&self, pause: Duration) -> bool {
        let reach = self.policy.timeouts.reach.filter(|_| !self.reached);
        reach.is_none_or(|reach| self.deadline.elapsed().saturating_add(pause) < reach)
    }

    fn report(&self, turn: &Turn, cause: &dyn fmt::Display) {
        tracing::debug!(
            attempt = self.attempts,
            endpoint = self.name(turn.endpoint).as_deref(),
            delay_ms = self.pause.unwrap_or_default().as_millis(),
            %cause,
            "retrying a request",
        );
    }

    fn give_up(&self, endpoint: EndpointId, failure: Failure) -> NetError {
        NetError::new(
            failure,
            Account {
                sent: self.sent,
                attempts: self.attempts,
                elapsed: self.deadline.elapsed(),
                endpoint: self.name(endpoint),
            },
        )
    }

    fn name(&self, endpoint: EndpointId) -> Option<String> {
        self.endpoints.get(endpoint).map(ToString::to_string)
    }
}

impl fmt::Debug for Retry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("policy", &self.policy)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
