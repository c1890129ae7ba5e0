//! What went wrong, whether it happened, and whether to try again.

mod acl;
mod net;
mod table;

use std::fmt;
use std::time::Duration;

use quorate_net::error::NetError;

pub(crate) use net::from_net;
pub(crate) use table::{Refusal, from_status, is_transient};

/// A boxed error of any origin: the cause inside an [`Error`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The most of a server's words that an error keeps, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// What kind of failure it was.
///
/// | kind | Consul said |
/// |---|---|
/// | `NotFound` | 404 with a text; an ACL that names an unknown policy, role or auth method; `No path to datacenter`; a session's node or check is not registered |
/// | `AlreadyExists` | a name or an id of the ACLs that is taken |
/// | `Conflict` | 409; a second bootstrap of the ACLs; a session's check is critical |
/// | `LeaseLost` | `invalid session`: it has ended |
/// | `PermissionDenied` | 403; a transaction whose operation was denied |
/// | `Unauthenticated` | 403 `ACL not found`; 401 of a proxy; no token could be had |
/// | `InvalidArgument` | 400, 413; the 500s for malformed input; everything refused before sending |
/// | `Unsupported` | 401 `… support disabled`, 405, 415, 501, 404 on a route that does not exist |
/// | `Unavailable` | no leader, rate limits, 429, 503; connections that fail; answers to reads that were cut |
/// | `Timeout` | nothing came in time, and nothing can have happened |
/// | `Indeterminate` | a write was sent, and nobody knows whether it was applied |
/// | `Protocol` | an answer that no Consul gives |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What the call needs does not exist. Absent keys and sessions are no error: they are `None`.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// The state of the cluster, or of a key, does not allow it.
    Conflict,
    /// The session has ended.
    LeaseLost,
    /// The lock is held by somebody else, or by nobody.
    NotHolder,
    /// The token may not do this.
    PermissionDenied,
    /// The token is unknown, or none could be had.
    Unauthenticated,
    /// The request is wrong. The text names the field, and the limit if it has one.
    InvalidArgument,
    /// The server can't do this, or the feature is off.
    Unsupported,
    /// Nobody could do it now.
    Unavailable,
    /// The time was over, and nothing can have happened.
    Timeout,
    /// A write was sent and its answer was lost: it may have happened or not.
    Indeterminate,
    /// The answer makes no sense.
    Protocol,
    /// The client, lock or session was closed before.
    Closed,
}

impl ErrorKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Conflict => "conflict",
            Self::LeaseLost => "the session has ended",
            Self::NotHolder => "not the holder",
            Self::PermissionDenied => "permission denied",
            Self::Unauthenticated => "not authenticated",
            Self::InvalidArgument => "invalid argument",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Indeterminate => "it is unknown whether this happened",
            Self::Protocol => "unexpected answer",
            Self::Closed => "closed",
        }
    }
}

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

/// The row of the classification that an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) advice: RetryAdvice,
}

impl Class {
    pub(crate) const fn new(kind: ErrorKind, outcome: Outcome, advice: RetryAdvice) -> Self {
        Self {
            kind,
            outcome,
            advice,
        }
    }

    /// Refused for good, with no effect.
    pub(crate) const fn refused(kind: ErrorKind) -> Self {
        Self::new(kind, Outcome::DidNotHappen, RetryAdvice::Never)
    }

    /// Something was sent and what it did is unknown; to a read, `kind` with no effect.
    pub(crate) const fn unknown(write: bool, kind: ErrorKind) -> Self {
        if write {
            Self::new(
                ErrorKind::Indeterminate,
                Outcome::Unknown,
                RetryAdvice::IfIdempotent,
            )
        } else {
            Self::new(kind, Outcome::DidNotHappen, RetryAdvice::IfIdempotent)
        }
    }
}

/// Why a call to Consul failed.
///
/// It answers what a caller has to decide: [`kind`](Self::kind) says what it was,
/// [`outcome`](Self::outcome) whether anything happened, [`advice`](Self::advice) whether to try
/// again. Printed, it names the call, the server and its words on one line; what caused it is in
/// `source()`. One pointer wide.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{ErrorKind, Outcome, RetryAdvice};
///
/// let ended = "5f1d37b6-0d4c-4a52-a0ff-8d3a9e1c4a11";
/// let error = client.kv().acquire("jobs/a", "me", ended).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::LeaseLost);
/// assert_eq!(error.outcome(), Outcome::DidNotHappen);
/// assert_eq!(error.advice(), RetryAdvice::Never);
/// println!("{error}"); // what was tried, where, and the server's words
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    class: Class,
    operation: String,
    peer: Option<String>,
    status: Option<u16>,
    detail: Option<String>,
    source: Option<BoxError>,
}

impl Error {
    pub(crate) fn new(class: Class, operation: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            class,
            operation: operation.into(),
            peer: None,
            status: None,
            detail: None,
            source: None,
        }))
    }

    /// A call that was refused before anything was sent, and why.
    pub(crate) fn invalid(operation: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::new(Class::refused(ErrorKind::InvalidArgument), operation).with_detail(why)
    }

    #[must_use]
    pub(crate) fn with_peer(mut self, peer: Option<&str>) -> Self {
        self.0.peer = peer.map(str::to_owned);
        self
    }

    #[must_use]
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the server's words, or ours: at most 1 KiB of them, on one line.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        let text = detail.to_string();
        let text = text.trim();
        let mut end = MAX_TEXT_BYTES.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let line = text[..end].split_whitespace().collect::<Vec<_>>().join(" ");
        self.0.detail = (!line.is_empty()).then_some(line);
        self
    }

    #[must_use]
    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.class.kind
    }

    /// Whether the call changed anything.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.class.outcome
    }

    /// Whether to send the same call again.
    #[must_use]
    pub fn advice(&self) -> RetryAdvice {
        self.0.class.advice
    }

    /// The call that failed and what it was about: ``get key `jobs/a` ``.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The server that was asked last: `http://127.0.0.1:8500`. `None` if none was.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        self.0.peer.as_deref()
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's words (or ours, if it was refused before it was sent), shortened to 1 KiB.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What happened to the connection, if that is the cause: attempts, time, how far it came.
    #[must_use]
    pub fn net(&self) -> Option<&NetError> {
        self.0.source.as_ref()?.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.operation)?;
        if let Some(peer) = &inner.peer {
            write!(f, " on {peer}")?;
        }
        write!(f, ": {}", inner.class.kind.phrase())?;
        if let Some(status) = inner.status {
            write!(f, " (status {status})")?;
        }
        match &inner.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.class.kind)
            .field("outcome", &inner.class.outcome)
            .field("advice", &inner.class.advice)
            .field("operation", &inner.operation)
            .field("peer", &inner.peer)
            .field("status", &inner.status)
            .field("text", &inner.detail)
            .field("source", &inner.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn prints_one_line_and_leaves_the_cause_to_the_chain() {
        let error = Error::new(Class::refused(ErrorKind::PermissionDenied), "get key `a`")
            .with_peer(Some("http://a:1"))
            .with_status(403)
            .with_detail("  Permission\ndenied ")
            .with_source(std::io::Error::other("cause"));
        assert_eq!(
            error.to_string(),
            "get key `a` on http://a:1: permission denied (status 403): Permission denied"
        );
        assert_eq!(error.source().unwrap().to_string(), "cause");
        assert_eq!(
            (error.peer(), error.status()),
            (Some("http://a:1"), Some(403))
        );
        assert!(format!("{error:?}").contains("advice: Never"));
        assert!(error.net().is_none());
    }

    #[test]
    fn keeps_no_more_than_a_kilobyte_of_the_servers_words() {
        let error = Error::invalid("x", "é".repeat(2000));
        assert_eq!(error.text().unwrap().len(), MAX_TEXT_BYTES);
        assert_eq!(Error::invalid("x", " \n").text(), None);
    }

    #[test]
    fn is_one_pointer_wide_and_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() -> usize {
            size_of::<T>()
        }
        assert_eq!(check::<Error>(), size_of::<usize>());
    }
}
