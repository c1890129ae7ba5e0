//! The one place that decides whether a request is tried again, where, and when.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::deadline::{Deadline, Step};
use crate::endpoint::{EndpointId, EndpointSet};
use crate::endpoint_set::Tried;
use crate::error::{Account, Failure, NetError};
use crate::http::{HttpConfig, HttpRequest, Replay, Verdict};

/// The history of one request.
///
/// Attempts come in rounds: each server has one turn, the current one first, and there is a pause
/// between rounds. All of it happens inside the overall clock, around the clocks of the attempts.
pub(crate) struct Retry<'a> {
    config: &'a HttpConfig,
    endpoints: &'a EndpointSet,
    pinned: Option<EndpointId>,
    attempt_timeout: Duration,
    max_attempts: Option<u32>,
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
pub(crate) struct Turn {
    pub(crate) endpoint: EndpointId,
    pub(crate) now: Instant,
    pub(crate) step: Step,
}

impl<'a> Retry<'a> {
    pub(crate) fn new(config: &'a HttpConfig, request: &HttpRequest) -> Self {
        let overall = request.overall_timeout.or(config.timeouts.overall);
        Self {
            config,
            endpoints: &config.endpoints,
            pinned: request.endpoint,
            attempt_timeout: request.attempt_timeout.unwrap_or(config.timeouts.attempt),
            max_attempts: request.max_attempts.or(config.max_attempts),
            deadline: Deadline::after(overall),
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
    pub(crate) async fn turn(&mut self) -> Turn {
        let now = match self.pause.take() {
            Some(pause) => {
                sleep(pause).await;
                Instant::now()
            }
            None if self.attempts == 0 => self.deadline.started(),
            None => Instant::now(),
        };
        self.attempts = self.attempts.saturating_add(1);
        let endpoint = match self.pinned {
            Some(id) => id,
            None => self.pick(),
        };
        Turn {
            endpoint,
            now,
            step: self.deadline.step(now, self.attempt_timeout),
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
    pub(crate) fn answered(&mut self, turn: &Turn, verdict: Verdict) -> bool {
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
    pub(crate) fn failed(
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
        if self.max_attempts.is_some_and(|max| self.attempts >= max) {
            return false;
        }
        let round_is_over = self.pinned.is_some() || self.endpoints.all_tried(&self.tried);
        if round_is_over && self.hopeless {
            return false;
        }
        if round_is_over || after.is_some() {
            let config = self.config;
            let backoff = self.backoff.get_or_insert_with(|| config.backoff());
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
        let reach = self.config.timeouts.reach.filter(|_| !self.reached);
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
