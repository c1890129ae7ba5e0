//! What an error is, what it did, and what to do about it.

use std::time::Duration;

/// What went wrong, the same on every backend.
///
/// | kind | Consul |
/// |---|---|
/// | `NotFound` | 404 where the thing named had to exist |
/// | `AlreadyExists` | `cas` with index 0 refused |
/// | `Conflict` | `cas` with another index refused; a key that is no lock where a lock was expected |
/// | `LeaseLost` | the session behind a lock or slot is gone, or its time is over |
/// | `NotHolder` | somebody else holds the lock |
/// | `PermissionDenied` | 403 with a token |
/// | `Unauthenticated` | 401, or 403 without a token |
/// | `InvalidArgument` | refused before it was sent, or 400 and 413 |
/// | `Unsupported` | the backend or this build cannot do it |
/// | `Unavailable` | no server could be reached, or it has no leader |
/// | `Timeout` | the time was over, and nothing was changed |
/// | `Indeterminate` | a write was sent and its answer lost |
/// | `Malformed` | none: the bytes of a key are not what a type of the caller's can be read from |
/// | `Protocol` | an answer that this version does not understand |
/// | `Closed` | [`Coordinator::close`](crate::Coordinator::close) was called |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was named does not exist.
    NotFound,
    /// It exists already, and must not.
    AlreadyExists,
    /// It is not in the state that the call required: another revision, another use of the key.
    Conflict,
    /// The lock or slot was lost before the call could use it.
    LeaseLost,
    /// The caller does not hold what it tried to change.
    NotHolder,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// The caller did not say who it is, or not convincingly.
    Unauthenticated,
    /// The call can't work as it was made; the message names the field and the limit.
    InvalidArgument,
    /// The backend, or this build, can't do this. See
    /// [`Capabilities`](crate::Capabilities).
    Unsupported,
    /// No server could be reached, or none could serve.
    Unavailable,
    /// The time was over before there was a result, and nothing was changed.
    Timeout,
    /// A change was sent and no answer came: it may have happened or not.
    Indeterminate,
    /// What is stored there can't be read as the type that was asked for.
    Malformed,
    /// A server said something that can't be understood.
    Protocol,
    /// The coordinator was closed.
    Closed,
}

impl ErrorKind {
    /// The kind in a few words, as messages use it.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Conflict => "conflict",
            Self::LeaseLost => "lease lost",
            Self::NotHolder => "not the holder",
            Self::PermissionDenied => "permission denied",
            Self::Unauthenticated => "not authenticated",
            Self::InvalidArgument => "invalid argument",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Indeterminate => "outcome unknown",
            Self::Malformed => "malformed",
            Self::Protocol => "answer not understood",
            Self::Closed => "closed",
        }
    }

    /// What an error of this kind means for the change that was asked for, unless it says
    /// otherwise itself.
    pub(crate) fn default_outcome(self) -> Outcome {
        match self {
            Self::Indeterminate | Self::Protocol => Outcome::Unknown,
            _ => Outcome::DidNotHappen,
        }
    }

    /// What to do about an error of this kind, unless it says otherwise itself.
    pub(crate) fn default_advice(self) -> RetryAdvice {
        match self {
            Self::Unavailable | Self::Timeout => RetryAdvice::NotSent,
            Self::Indeterminate => RetryAdvice::IfIdempotent,
            _ => RetryAdvice::Never,
        }
    }
}

/// Whether the change that was asked for happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It did not happen and will not.
    DidNotHappen,
    /// It happened; only what came after it failed.
    Happened,
    /// Nobody here can tell. Read back before repeating anything that is not idempotent.
    Unknown,
}

/// Whether the same call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAdvice {
    /// It would fail again.
    Never,
    /// Safe to repeat, whatever it does: nothing was changed.
    NotSent,
    /// Safe to repeat if doing it twice is the same as once.
    IfIdempotent,
    /// Safe to repeat, but not before this time has passed.
    After(Duration),
}
