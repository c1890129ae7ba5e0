//! Failures without an answer: phase of the connection x read or write.

use quorate_net::error::{NetError, NetErrorKind};

use super::{Class, Error, ErrorKind, Outcome, RetryAdvice};

/// The error for a request that got no usable answer.
pub(crate) fn from_net(error: NetError, operation: String, write: bool) -> Error {
    let class = classify(error.kind(), error.sent(), write);
    let peer = error.endpoint().map(str::to_owned);
    Error::new(class, operation)
        .with_peer(peer.as_deref())
        .with_source(error)
}

fn classify(kind: NetErrorKind, sent: bool, write: bool) -> Class {
    match kind {
        NetErrorKind::Request => Class::refused(ErrorKind::InvalidArgument),
        _ if !sent => not_sent(kind),
        NetErrorKind::Timeout => Class::unknown(write, ErrorKind::Timeout),
        // The same answer would be too long, or no HTTP, again.
        NetErrorKind::TooLarge | NetErrorKind::Protocol if !write => {
            Class::refused(ErrorKind::Protocol)
        }
        _ => Class::unknown(write, ErrorKind::Unavailable),
    }
}

/// No server can have acted on it.
fn not_sent(kind: NetErrorKind) -> Class {
    let (kind, advice) = match kind {
        NetErrorKind::Timeout => (ErrorKind::Timeout, RetryAdvice::NotSent),
        // Certificates that do not match do not change by themselves.
        NetErrorKind::Tls => (ErrorKind::Unavailable, RetryAdvice::Never),
        _ => (ErrorKind::Unavailable, RetryAdvice::NotSent),
    };
    Class::new(kind, Outcome::DidNotHappen, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind as K;
    use NetErrorKind as N;
    use Outcome::{DidNotHappen, Unknown};
    use RetryAdvice::{IfIdempotent, Never, NotSent};

    fn check(kind: N, sent: bool, write: bool, want: (K, Outcome, RetryAdvice)) {
        let class = classify(kind, sent, write);
        assert_eq!(
            (class.kind, class.outcome, class.advice),
            want,
            "{kind:?} {sent} {write}"
        );
    }

    #[test]
    fn a_request_that_cannot_be_sent_is_the_callers_fault() {
        check(
            N::Request,
            false,
            true,
            (K::InvalidArgument, DidNotHappen, Never),
        );
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
    fn a_read_whose_answer_is_too_long_or_no_http_is_not_repeated() {
        check(N::TooLarge, true, false, (K::Protocol, DidNotHappen, Never));
        check(N::Protocol, true, false, (K::Protocol, DidNotHappen, Never));
    }
}
