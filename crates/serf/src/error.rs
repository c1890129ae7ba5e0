//! Why a call failed, whether it happened, and whether to try again.

use std::time::Duration;

use quorate_net::call::{FailedCall, Operation, Outcome, RetryAdvice};
use quorate_wire::serf::{KeyResponse, Refusal};

use crate::link::LinkEnd;

/// What kind of failure it was. [`Error::refusal`] says exactly what the agent's text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The query is not known on this connection: its time is over, or it came on another one.
    NotFound,
    /// The query was answered before.
    AlreadyExists,
    /// The message is larger than the agent takes.
    TooLarge,
    /// Some members refused, or did not answer in time. What each said is in [`Error::keys`].
    Partial,
    /// None of the addresses could be joined.
    JoinFailed,
    /// The state of the agent or the connection does not allow it: it is leaving, or follows its log
    /// already.
    Conflict,
    /// The token is wrong.
    PermissionDenied,
    /// The agent wants a token.
    Unauthenticated,
    /// The request is wrong. The text names the field, and the limit if it has one.
    InvalidArgument,
    /// The agent does not know the command or the version of the protocol.
    Unsupported,
    /// The agent refused for another reason; its text says which.
    Refused,
    /// Nobody could do it now.
    Unavailable,
    /// The time was over, and nothing can have happened.
    Timeout,
    /// Something was sent and its answer was lost: it may have happened or not.
    Indeterminate,
    /// The answer makes no sense, or is longer than allowed.
    Protocol,
    /// The client was closed before.
    Closed,
}

impl ErrorKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::NotFound => "no such query",
            Self::AlreadyExists => "answered before",
            Self::TooLarge => "too large",
            Self::Partial => "not by all members",
            Self::JoinFailed => "nobody could be joined",
            Self::Conflict => "conflict",
            Self::PermissionDenied => "permission denied",
            Self::Unauthenticated => "not authenticated",
            Self::InvalidArgument => "invalid argument",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Indeterminate => "it is unknown whether this happened",
            Self::Protocol => "unexpected answer",
            Self::Closed => "closed",
        }
    }
}

/// The row of the classification that an error belongs to.
pub(crate) type Class = quorate_net::call::Class<ErrorKind>;

/// Why a call to Serf failed.
///
/// It answers what a caller has to decide: [`kind`](Self::kind) says what it was,
/// [`outcome`](Self::outcome) whether anything happened, [`advice`](Self::advice) whether to try
/// again. Printed, it names the call, the agent and its words on one line; what caused it is in
/// `source()`. One pointer wide.
pub struct Error(Box<FailedCall<ErrorKind, Facts>>);

quorate_net::call_error!(Error, ErrorKind);

/// What an agent said besides its words.
#[derive(Debug, Default)]
struct Facts {
    refusal: Option<Refusal>,
    keys: Option<KeyResponse>,
}

impl quorate_net::call::Facts for Facts {}

impl Error {
    /// What the agent said, by its text.
    pub(crate) fn refused(operation: impl Into<String>, text: &str) -> Self {
        let refusal = Refusal::of(text);
        let mut error = Self::new(class(&refusal), operation).with_detail(text);
        error.0.facts.refusal = Some(refusal);
        error
    }

    /// An answer that can't be read.
    pub(crate) fn protocol(operation: impl Into<String>, write: bool, why: &str) -> Self {
        let class = match write {
            true => Class::new(ErrorKind::Protocol, Outcome::Unknown, RetryAdvice::Never),
            false => Class::refused(ErrorKind::Protocol),
        };
        Self::new(class, operation).with_detail(why)
    }

    /// A call on a client or connection that has ended.
    pub(crate) fn closed(operation: impl Into<String>) -> Self {
        Self::new(Class::refused(ErrorKind::Closed), operation)
    }

    /// A connection that ended under a stream or a read.
    pub(crate) fn lost(operation: Operation<'_>, why: &LinkEnd) -> Self {
        let class = Class::unknown(false, ErrorKind::Unavailable);
        Self::new(class, operation.to_string()).with_source(why.clone())
    }

    #[must_use]
    pub(crate) fn with_keys(mut self, keys: KeyResponse) -> Self {
        self.0.facts.keys = Some(keys);
        self
    }

    /// What the agent's text means. `None` if it was no agent that refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.facts.refusal.as_ref()
    }

    /// What each member made of a change of keys, with [`ErrorKind::Partial`].
    #[must_use]
    pub fn keys(&self) -> Option<&KeyResponse> {
        self.0.facts.keys.as_ref()
    }
}

/// How long a change takes to be passed on again.
const SOON: Duration = Duration::from_secs(1);

fn class(refusal: &Refusal) -> Class {
    match refusal {
        Refusal::HandshakeRequired | Refusal::HandshakeRepeated => {
            Class::refused(ErrorKind::Protocol)
        }
        Refusal::UnsupportedVersion | Refusal::UnsupportedCommand => {
            Class::refused(ErrorKind::Unsupported)
        }
        Refusal::AuthenticationRequired => Class::refused(ErrorKind::Unauthenticated),
        Refusal::InvalidToken => Class::refused(ErrorKind::PermissionDenied),
        Refusal::MonitorExists | Refusal::StreamExists => Class::refused(ErrorKind::Conflict),
        Refusal::InvalidFilter | Refusal::UnknownLogLevel | Refusal::ReservedName => {
            Class::refused(ErrorKind::InvalidArgument)
        }
        Refusal::NoSuchQuery | Refusal::PastDeadline => Class::refused(ErrorKind::NotFound),
        Refusal::AlreadyResponded => Class::refused(ErrorKind::AlreadyExists),
        Refusal::TooLarge { .. } => Class::refused(ErrorKind::TooLarge),
        // Those who did not refuse have done it.
        Refusal::Partial { .. } => Class::new(
            ErrorKind::Partial,
            Outcome::Unknown,
            RetryAdvice::IfIdempotent,
        ),
        Refusal::JoinFailed => Class::new(
            ErrorKind::JoinFailed,
            Outcome::DidNotHappen,
            RetryAdvice::After(SOON),
        ),
        Refusal::Leaving => Class::refused(ErrorKind::Conflict),
        Refusal::BroadcastTimeout => Class::unknown(true, ErrorKind::Timeout),
        _ => Class::refused(ErrorKind::Refused),
    }
}
