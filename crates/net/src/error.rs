//! What went wrong on the way to a server and back.

use std::error::Error;
use std::fmt;
use std::time::Duration;

pub use crate::endpoint::EndpointError;
pub use crate::http::ConfigError;
pub use crate::tls::TlsError;

/// Any error.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Before anything was tried.
    Prepare,
    /// Looking up the host name.
    Resolve,
    /// Connecting.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Writing the request.
    Send,
    /// Waiting for the head of the response.
    Response,
    /// Reading the body of the response.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "preparing the request",
            Self::Resolve => "resolving the host name",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Send => "sending the request",
            Self::Response => "waiting for the response",
            Self::Body => "reading the response",
        })
    }
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetErrorKind {
    /// The connection could not be made, or broke.
    Io,
    /// A clock ran out: that of the attempt, of connecting, or of the whole request.
    Timeout,
    /// The response is longer than the request allows.
    TooLarge,
    /// The peer does not speak the protocol.
    Protocol,
    /// The two sides do not trust or understand each other: a wrong certificate, name or CA.
    Tls,
    /// The request cannot be sent as it is, for instance because its path has a forbidden byte.
    Request,
}

/// One attempt that failed.
#[derive(Debug)]
pub struct Failure {
    pub(crate) phase: Phase,
    pub(crate) kind: NetErrorKind,
    pub(crate) sent: bool,
    pub(crate) source: Option<BoxError>,
}

impl Failure {
    /// A failure with a cause.
    pub fn new(phase: Phase, kind: NetErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            phase,
            kind,
            sent: false,
            source: Some(source.into()),
        }
    }

    /// The time was over.
    pub fn timeout(phase: Phase) -> Self {
        Self {
            phase,
            kind: NetErrorKind::Timeout,
            sent: false,
            source: None,
        }
    }

    /// Whether any byte of the request was handed to the transport.
    #[must_use]
    pub fn with_sent(mut self, sent: bool) -> Self {
        self.sent = sent;
        self
    }

    /// Whether the same attempt is bound to fail in the same way.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self.kind, NetErrorKind::Protocol | NetErrorKind::Tls)
    }

    /// Whether it ended before there was a connection to send anything on.
    pub(crate) fn is_before_sending(&self) -> bool {
        let phases = [Phase::Prepare, Phase::Resolve, Phase::Connect, Phase::Tls];
        !self.sent && phases.contains(&self.phase)
    }

    /// Whether a server could not be reached, for a reason that is known.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.is_before_sending() && self.source.is_some()
    }

    /// Whether no server can help, so that no other is to be tried or blamed.
    pub fn is_ours(&self) -> bool {
        matches!(self.kind, NetErrorKind::TooLarge | NetErrorKind::Request)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.phase),
            None => write!(f, "{}: timed out", self.phase),
        }
    }
}

/// No usable answer came, after everything that was allowed had been tried.
///
/// It says what a caller needs to decide: how far the last attempt came
/// ([`phase`](Self::phase)), and whether any attempt may have had an effect
/// ([`sent`](Self::sent)). One pointer wide.
#[derive(Debug)]
pub struct NetError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    failure: Failure,
    sent: bool,
    attempts: u32,
    elapsed: Duration,
    endpoint: Option<String>,
}

/// What is known about a request when it is given up.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) sent: bool,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) endpoint: Option<String>,
}

impl NetError {
    pub(crate) fn new(failure: Failure, account: Account) -> Self {
        let Account {
            sent,
            attempts,
            elapsed,
            endpoint,
        } = account;
        let sent = sent || failure.sent;
        Self(Box::new(Inner {
            failure,
            sent,
            attempts,
            elapsed,
            endpoint,
        }))
    }

    /// The kind of the last failure. Where the overall time cut the last attempt short before it
    /// was connected, an earlier one that says why no connection could be made counts as the last.
    pub fn kind(&self) -> NetErrorKind {
        self.0.failure.kind
    }

    /// How far the last attempt had come.
    pub fn phase(&self) -> Phase {
        self.0.failure.phase
    }

    /// Whether a server may have received the request, in whole or in part, in any attempt.
    /// `false` is certain: no server can have acted on it.
    pub fn sent(&self) -> bool {
        self.0.sent
    }

    /// Whether a clock ran out in the last attempt.
    pub fn is_timeout(&self) -> bool {
        self.kind() == NetErrorKind::Timeout
    }

    /// How many attempts were made. Zero if the request could not be sent as it is.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The time from the start of the first attempt to giving up.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The server of the last attempt.
    pub fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            failure,
            attempts,
            elapsed,
            endpoint,
            ..
        } = &*self.0;
        let endpoint = endpoint.as_deref().unwrap_or("the server");
        match failure.kind {
            NetErrorKind::Request => return f.write_str("the request cannot be sent"),
            NetErrorKind::TooLarge => write!(f, "the response of {endpoint} is too long")?,
            NetErrorKind::Timeout => write!(f, "{endpoint} took too long: {}", failure.phase)?,
            NetErrorKind::Io | NetErrorKind::Protocol | NetErrorKind::Tls => {
                write!(f, "{endpoint} failed: {}", failure.phase)?;
            }
        }
        let plural = if *attempts == 1 { "" } else { "s" };
        write!(
            f,
            " ({attempts} attempt{plural} in {:.1}s)",
            elapsed.as_secs_f64()
        )
    }
}

impl Error for NetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.failure.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            sent: false,
            attempts: 3,
            elapsed: Duration::from_millis(1250),
            endpoint: Some("http://a:1".into()),
        }
    }

    #[test]
    fn prints_its_own_level_and_chains_the_cause() {
        let cause = std::io::Error::other("refused");
        let failure = Failure::new(Phase::Connect, NetErrorKind::Io, cause);
        let error = NetError::new(failure, account());
        assert_eq!(
            error.to_string(),
            "http://a:1 failed: connecting (3 attempts in 1.2s)"
        );
        assert_eq!(error.source().unwrap().to_string(), "refused");
        assert!(!error.sent() && !error.is_timeout());
    }

    #[test]
    fn remembers_that_an_earlier_attempt_was_sent() {
        let failure = Failure::timeout(Phase::Connect);
        let error = NetError::new(
            failure,
            Account {
                sent: true,
                ..account()
            },
        );
        assert!(error.sent() && error.is_timeout());
        assert_eq!(
            (error.attempts(), error.endpoint()),
            (3, Some("http://a:1"))
        );
    }

    #[test]
    fn is_one_pointer_wide_and_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() -> usize {
            size_of::<T>()
        }
        assert_eq!(check::<NetError>(), size_of::<usize>());
    }
}
