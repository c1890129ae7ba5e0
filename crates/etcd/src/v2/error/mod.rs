//! What went wrong, whether it happened, and whether to try again.

mod net;
mod table;

use std::fmt;
use std::time::Duration;

use quorate_net::error::NetError;
use quorate_wire::etcd2::ErrorCode;

pub(crate) use net::from_net;
pub(crate) use table::{is_no_route, is_transient, refused};

/// A boxed error of any origin: the cause inside an [`Error`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The most of a server's words that an error keeps, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// What kind of failure it was. [`Error::code`] is exact where the server gave a code.
///
/// | kind | etcd said |
/// |---|---|
/// | `NotFound` | code 100; 404 with a message; 410 of members |
/// | `AlreadyExists` | code 105; 409 of members and users that exist |
/// | `CompareFailed` | code 101 |
/// | `NotFile`, `NotDirectory`, `DirectoryNotEmpty`, `RootReadOnly` | codes 102, 104, 108, 107 |
/// | `HistoryCleared` | codes 400 and 401: the events asked for are forgotten |
/// | `Conflict` | other 409; what only the leader answers |
/// | `PermissionDenied` | code 110 or 401 although a name and password were sent; 403 |
/// | `Unauthenticated` | the same without a name |
/// | `InvalidArgument` | codes 200 to 212; 400, 413, 415; everything refused before sending |
/// | `Unsupported` | 404 in plain text: a server without the v2 API; 405, 501 |
/// | `Unavailable` | codes 300 and 301 for reads; 502 to 504; connections that fail |
/// | `Timeout` | nothing came in time, and nothing can have happened |
/// | `Indeterminate` | a write was sent, and nobody knows whether it was applied; code 300 too |
/// | `Protocol` | an answer that no etcd gives, a redirect that must not be followed |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing is there.
    NotFound,
    /// Something is there already.
    AlreadyExists,
    /// The condition does not hold.
    CompareFailed,
    /// It is a directory.
    NotFile,
    /// It is a file, or the path leads through one.
    NotDirectory,
    /// The directory has something in it, which may be hidden.
    DirectoryNotEmpty,
    /// The root cannot be written.
    RootReadOnly,
    /// The events asked for are forgotten.
    HistoryCleared,
    /// The state of the cluster does not allow it.
    Conflict,
    /// Another cluster answered than the one that is expected.
    ClusterChanged,
    /// The entry of the lock is gone.
    LeaseLost,
    /// The lock is held by somebody else, or by nobody.
    NotHolder,
    /// The user may not do this, or the password is wrong: servers do not say which.
    PermissionDenied,
    /// A name and a password are needed.
    Unauthenticated,
    /// The request is wrong. The text names the field, and the limit if it has one.
    InvalidArgument,
    /// The server can't do this; most often it has no v2 API.
    Unsupported,
    /// Nobody could do it now.
    Unavailable,
    /// The time was over, and nothing can have happened.
    Timeout,
    /// A write was sent and its answer was lost: it may have happened or not.
    Indeterminate,
    /// The answer makes no sense.
    Protocol,
    /// The client was closed before.
    Closed,
}

impl ErrorKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::CompareFailed => "the condition does not hold",
            Self::NotFile => "not a file",
            Self::NotDirectory => "not a directory",
            Self::DirectoryNotEmpty => "the directory is not empty",
            Self::RootReadOnly => "the root is read only",
            Self::HistoryCleared => "the history is cleared",
            Self::Conflict => "conflict",
            Self::ClusterChanged => "another cluster",
            Self::LeaseLost => "the entry is gone",
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

/// Why a call to etcd failed.
///
/// It answers what a caller has to decide: [`kind`](Self::kind) says what it was,
/// [`outcome`](Self::outcome) whether anything happened, [`advice`](Self::advice) whether to try
/// again. Of what the server said, [`code`](Self::code), [`status`](Self::status),
/// [`cause`](Self::cause) and [`index`](Self::index) are kept. Printed, it names the call, the
/// server and its words on one line; what caused it is in `source()`. One pointer wide.
pub struct Error(Box<Inner>);

struct Inner {
    class: Class,
    operation: String,
    peer: Option<String>,
    status: Option<u16>,
    code: Option<ErrorCode>,
    cause: Option<String>,
    index: Option<u64>,
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
            code: None,
            cause: None,
            index: None,
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

    #[must_use]
    pub(crate) fn with_code(mut self, code: ErrorCode, cause: &str, index: u64) -> Self {
        self.0.code = Some(code);
        self.0.cause = (!cause.is_empty()).then(|| one_line(cause));
        self.0.index = Some(index);
        self
    }

    /// Adds the server's words, or ours: at most 1 KiB of them, on one line.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        let line = one_line(&detail.to_string());
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

    /// The call that failed and what it was about: ``get key `/jobs/a` ``.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The server that was asked last: `http://127.0.0.1:2379`. `None` if none was.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        self.0.peer.as_deref()
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The code of a refusal of keys (`errorCode`), which is no HTTP status.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.code
    }

    /// What exactly (`cause`): a path, or the two sides of a comparison.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The index of the store when it refused; 0 if it was not asked.
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        self.0.index
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

/// At most 1 KiB of a text, on one line.
fn one_line(text: &str) -> String {
    let text = text.trim();
    let mut end = MAX_TEXT_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.operation)?;
        if let Some(peer) = &inner.peer {
            write!(f, " on {peer}")?;
        }
        write!(f, ": {}", inner.class.kind.phrase())?;
        match (inner.code, inner.status) {
            (Some(code), _) => write!(f, " (code {})", code.code())?,
            (None, Some(status)) => write!(f, " (status {status})")?,
            (None, None) => {}
        }
        if let Some(detail) = &inner.detail {
            write!(f, ": {detail}")?;
        }
        match &inner.cause {
            Some(cause) => write!(f, ": {cause}"),
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
            .field("code", &inner.code)
            .field("cause", &inner.cause)
            .field("index", &inner.index)
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
        let error = Error::new(Class::refused(ErrorKind::NotFound), "get key `/a`")
            .with_peer(Some("http://a:1"))
            .with_status(404)
            .with_code(ErrorCode::KeyNotFound, "/a", 7)
            .with_detail("Key\nnot found")
            .with_source(std::io::Error::other("below"));
        assert_eq!(
            error.to_string(),
            "get key `/a` on http://a:1: not found (code 100): Key not found: /a"
        );
        assert_eq!(error.source().unwrap().to_string(), "below");
        let facts = (error.code(), error.status(), error.cause(), error.index());
        assert_eq!(
            facts,
            (Some(ErrorCode::KeyNotFound), Some(404), Some("/a"), Some(7))
        );
        assert!(format!("{error:?}").contains("advice: Never"));
    }

    #[test]
    fn is_one_pointer_wide_and_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() -> usize {
            size_of::<T>()
        }
        assert_eq!(check::<Error>(), size_of::<usize>());
    }
}
