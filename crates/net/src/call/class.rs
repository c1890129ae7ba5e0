//! Kind, outcome and advice: what a caller has to decide by.

use std::fmt::Debug;
use std::time::Duration;

use crate::error::{NetError, NetErrorKind};

/// Whether the call changed anything. A read never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was changed.
    DidNotHappen,
    /// It was done; only something after it failed.
    Happened,
    /// Nobody can tell: read the state, then decide.
    Unknown,
}

/// Whether to send the same call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAdvice {
    /// It would fail again.
    Never,
    /// Always safe: no server acted on the call.
    NotSent,
    /// Safe if doing it twice is the same as doing it once. Every read is.
    IfIdempotent,
    /// Safe after this time.
    After(Duration),
}

/// The kinds of failure of a protocol, among them those that every protocol has.
pub trait Kind: Copy + Debug + Send + Sync + 'static {
    /// The request is wrong.
    const INVALID_ARGUMENT: Self;
    /// Nobody could do it now.
    const UNAVAILABLE: Self;
    /// The time was over, and nothing can have happened.
    const TIMEOUT: Self;
    /// A write was sent and its answer was lost.
    const INDETERMINATE: Self;
    /// The answer makes no sense.
    const PROTOCOL: Self;
    /// The client was closed before.
    const CLOSED: Self;

    /// The kind in a few words, as messages use it.
    fn phrase(self) -> &'static str;
}

/// The row of the classification that an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class<K> {
    /// What kind of failure it was.
    pub kind: K,
    /// Whether the call changed anything.
    pub outcome: Outcome,
    /// Whether to send the same call again.
    pub advice: RetryAdvice,
}

impl<K: Kind> Class<K> {
    /// All three.
    pub const fn new(kind: K, outcome: Outcome, advice: RetryAdvice) -> Self {
        Self {
            kind,
            outcome,
            advice,
        }
    }

    /// Refused for good, with no effect.
    pub const fn refused(kind: K) -> Self {
        Self::new(kind, Outcome::DidNotHappen, RetryAdvice::Never)
    }

    /// Something was sent and what it did is unknown; to a read, `kind` with no effect.
    pub const fn unknown(write: bool, kind: K) -> Self {
        if write {
            Self::new(
                K::INDETERMINATE,
                Outcome::Unknown,
                RetryAdvice::IfIdempotent,
            )
        } else {
            Self::new(kind, Outcome::DidNotHappen, RetryAdvice::IfIdempotent)
        }
    }

    /// Work that was under way when what it needed was lost: what it had done is unknown.
    pub const fn stopped(kind: K) -> Self {
        Self::new(kind, Outcome::Unknown, RetryAdvice::IfIdempotent)
    }

    /// No usable answer came: phase of the connection x read or write.
    pub fn of_net(error: &NetError, write: bool) -> Self {
        Self::without_answer(error.kind(), error.sent(), write)
    }

    fn without_answer(kind: NetErrorKind, sent: bool, write: bool) -> Self {
        match kind {
            NetErrorKind::Request => Self::refused(K::INVALID_ARGUMENT),
            _ if !sent => Self::not_sent(kind),
            NetErrorKind::Timeout => Self::unknown(write, K::TIMEOUT),
            // The same answer would be too long, or not to be understood, again.
            NetErrorKind::TooLarge | NetErrorKind::Protocol if !write => Self::refused(K::PROTOCOL),
            _ => Self::unknown(write, K::UNAVAILABLE),
        }
    }

    /// No server can have acted on it.
    fn not_sent(kind: NetErrorKind) -> Self {
        let (kind, advice) = match kind {
            NetErrorKind::Timeout => (K::TIMEOUT, RetryAdvice::NotSent),
            // Certificates that do not match do not change by themselves.
            NetErrorKind::Tls => (K::UNAVAILABLE, RetryAdvice::Never),
            _ => (K::UNAVAILABLE, RetryAdvice::NotSent),
        };
        Self::new(kind, Outcome::DidNotHappen, advice)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use NetErrorKind as N;
    use Outcome::{DidNotHappen, Unknown};
    use RetryAdvice::{IfIdempotent, Never, NotSent};

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::call) enum ErrorKind {
        InvalidArgument,
        Unavailable,
        Timeout,
        Indeterminate,
        Protocol,
        Closed,
    }

    impl ErrorKind {
        pub(in crate::call) fn phrase(self) -> &'static str {
            match self {
                Self::Unavailable => "unavailable",
                _ => "something else",
            }
        }
    }

    use ErrorKind as K;

    fn check(kind: N, sent: bool, write: bool, want: (K, Outcome, RetryAdvice)) {
        let class = Class::<K>::without_answer(kind, sent, write);
        let found = (class.kind, class.outcome, class.advice);
        assert_eq!(found, want, "{kind:?} {sent} {write}");
    }

    #[test]
    fn a_request_that_cannot_be_sent_is_the_callers_fault() {
        let wrong = (K::InvalidArgument, DidNotHappen, Never);
        check(N::Request, false, true, wrong);
    }

    #[test]
    fn what_was_never_sent_may_always_be_sent_again() {
        for write in [false, true] {
            check(N::Io, false, write, (K::Unavailable, DidNotHappen, NotSent));
            check(
                N::Timeout,
                false,
                write,
                (K::Timeout, DidNotHappen, NotSent),
            );
            check(
                N::Protocol,
                false,
                write,
                (K::Unavailable, DidNotHappen, NotSent),
            );
        }
    }

    #[test]
    fn a_certificate_that_is_not_trusted_stays_so() {
        check(N::Tls, false, true, (K::Unavailable, DidNotHappen, Never));
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_indeterminate() {
        for kind in [N::Io, N::Timeout, N::TooLarge, N::Protocol] {
            check(kind, true, true, (K::Indeterminate, Unknown, IfIdempotent));
        }
    }

    #[test]
    fn a_read_whose_answer_was_lost_may_be_repeated() {
        check(
            N::Io,
            true,
            false,
            (K::Unavailable, DidNotHappen, IfIdempotent),
        );
        check(
            N::Timeout,
            true,
            false,
            (K::Timeout, DidNotHappen, IfIdempotent),
        );
    }

    #[test]
    fn a_read_whose_answer_is_too_long_or_not_understood_is_not_repeated() {
        check(N::TooLarge, true, false, (K::Protocol, DidNotHappen, Never));
        check(N::Protocol, true, false, (K::Protocol, DidNotHappen, Never));
    }
}
