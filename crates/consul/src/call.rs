//! One call: what is sent, and what may be done to get it answered.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
pub(crate) use quorate_net::call::Operation;
use quorate_net::secret::Secret;
use quorate_wire::consul::CacheControl;

use crate::options::{QueryOptions, WriteOptions};

/// What the call does to the servers, which decides whether it may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it may be repeated, and answers that pass by themselves are.
    Read,
    /// A read that the server holds for up to this long. It is not repeated, because after a
    /// failure its index must not be used again; each server gets one try to connect.
    Blocking(Duration),
    /// It changes something once, so it is sent again only if no byte of it was sent.
    Write,
    /// It changes something, and doing it twice is the same as doing it once.
    Idempotent,
}

impl Effect {
    pub(crate) fn is_write(self) -> bool {
        matches!(self, Self::Write | Self::Idempotent)
    }
}

/// A request before it becomes HTTP.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) body: Bytes,
    pub(crate) effect: Effect,
    pub(crate) token: Option<&'a Secret>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) cache: Option<CacheControl>,
    /// The answer is a list, so that compressing it may pay.
    pub(crate) listing: bool,
    /// Statuses that are answers when their body is an object: a read is not repeated for them.
    pub(crate) answers: &'static [StatusCode],
    /// It concerns the agent that is asked: no other may answer.
    pub(crate) agent_local: bool,
    /// Every status is an answer: none is a reason to ask again.
    pub(crate) any_status: bool,
    /// The time for one attempt, instead of the client's.
    pub(crate) attempt: Option<Duration>,
    /// Why it can't be sent: its options contradict each other.
    pub(crate) refusal: Option<&'static str>,
}

impl<'a> Call<'a> {
    /// A read. `wait` is what the client waits for where the options say nothing.
    pub(crate) fn read(
        operation: Operation<'a>,
        url: String,
        options: &'a QueryOptions,
        wait: Duration,
    ) -> Self {
        let query = &options.query;
        let effect = match query.index {
            Some(1..) => Effect::Blocking(effective_wait(query.wait, wait)),
            Some(0) | None => Effect::Read,
        };
        Self {
            token: options.token.as_ref(),
            timeout: options.timeout,
            cache: query.cache,
            refusal: query.validate().err(),
            ..Self::new(operation, Method::GET, url, effect)
        }
    }

    pub(crate) fn write(
        operation: Operation<'a>,
        method: Method,
        url: String,
        options: &'a WriteOptions,
    ) -> Self {
        Self {
            token: options.token.as_ref(),
            timeout: options.timeout,
            ..Self::new(operation, method, url, Effect::Write)
        }
    }

    fn new(operation: Operation<'a>, method: Method, url: String, effect: Effect) -> Self {
        Self {
            operation,
            method,
            url,
            body: Bytes::new(),
            effect,
            token: None,
            timeout: None,
            cache: None,
            listing: false,
            answers: &[],
            agent_local: false,
            any_status: false,
            attempt: None,
            refusal: None,
        }
    }
}

/// How long servers hold a blocking read when they are not told, and at most.
pub(crate) const DEFAULT_WAIT: Duration = Duration::from_secs(300);
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(600);
/// What an answer may need on its way, after the wait is over.
const SLACK: Duration = Duration::from_secs(5);

/// How long the server really waits: 0 means its default, and it takes 10 minutes at most.
pub(crate) fn effective_wait(asked: Option<Duration>, default: Duration) -> Duration {
    let wait = asked.unwrap_or(default);
    if wait.is_zero() {
        DEFAULT_WAIT
    } else {
        wait.min(MAX_WAIT)
    }
}

/// When to give up on a blocking read: servers add up to a sixteenth of the wait.
pub(crate) fn blocking_timeout(wait: Duration) -> Duration {
    wait + wait / 16 + SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_of_a_blocking_read_holds_the_servers_jitter() {
        let wait = effective_wait(None, DEFAULT_WAIT);
        assert_eq!(wait, Duration::from_secs(300));
        assert_eq!(
            blocking_timeout(wait),
            Duration::from_millis(300_000 + 18_750 + 5_000)
        );
    }

    #[test]
    fn the_wait_is_what_the_server_makes_of_it() {
        let seconds = Duration::from_secs;
        assert_eq!(
            effective_wait(Some(Duration::ZERO), seconds(1)),
            DEFAULT_WAIT
        );
        assert_eq!(effective_wait(Some(seconds(3600)), seconds(1)), MAX_WAIT);
        assert_eq!(effective_wait(Some(seconds(3)), seconds(1)), seconds(3));
        assert_eq!(effective_wait(None, seconds(7)), seconds(7));
    }

    #[test]
    fn an_operation_names_its_subject_on_one_line() {
        assert_eq!(
            Operation::new("get key", "a\nb").to_string(),
            "get key `a\\nb`"
        );
        assert_eq!(
            Operation::new("ask for the leader", "").to_string(),
            "ask for the leader"
        );
    }
}
