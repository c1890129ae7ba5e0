//! What went wrong, whether it happened, and whether to try again.

mod table;

use quorate_net::call::{FailedCall, one_line};
use quorate_wire::etcd2::ErrorCode;

pub use quorate_net::call::{Outcome, RetryAdvice};
pub use quorate_net::error::BoxError;
pub(crate) use table::{is_no_route, is_transient, refused};

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

/// The row of the classification that an error belongs to.
pub(crate) type Class = quorate_net::call::Class<ErrorKind>;

/// Why a call to etcd failed.
///
/// It answers what a caller has to decide: [`kind`](Self::kind) says what it was,
/// [`outcome`](Self::outcome) whether anything happened, [`advice`](Self::advice) whether to try
/// again. Of what the server said, [`code`](Self::code), [`status`](Self::status),
/// [`cause`](Self::cause) and [`index`](Self::index) are kept. Printed, it names the call, the
/// server and its words on one line; what caused it is in `source()`. One pointer wide.
pub struct Error(Box<FailedCall<ErrorKind, Facts>>);

quorate_net::call_error!(Error, ErrorKind);

/// What etcd said besides its words.
#[derive(Debug, Default)]
struct Facts {
    status: Option<u16>,
    code: Option<ErrorCode>,
    cause: Option<String>,
    index: Option<u64>,
}

impl quorate_net::call::Facts for Facts {
    fn code(&self) -> Option<String> {
        match (self.code, self.status) {
            (Some(code), _) => Some(format!("code {}", code.code())),
            (None, status) => status.map(|status| format!("status {status}")),
        }
    }

    fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

impl Error {
    #[must_use]
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.facts.status = Some(status);
        self
    }

    #[must_use]
    pub(crate) fn with_code(mut self, code: ErrorCode, cause: &str, index: u64) -> Self {
        self.0.facts.code = Some(code);
        self.0.facts.cause = one_line(cause);
        self.0.facts.index = Some(index);
        self
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.facts.status
    }

    /// The code of a refusal of keys (`errorCode`), which is no HTTP status.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.facts.code
    }

    /// What exactly (`cause`): a path, or the two sides of a comparison.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.facts.cause.as_deref()
    }

    /// The index of the store when it refused; 0 if it was not asked.
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        self.0.facts.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_its_code_and_cause() {
        let error = Error::new(Class::refused(ErrorKind::NotFound), "get key `/a`")
            .with_peer(Some("http://a:1"))
            .with_status(404)
            .with_code(ErrorCode::KeyNotFound, "/a", 7)
            .with_detail("Key\nnot found");
        assert_eq!(
            error.to_string(),
            "get key `/a` on http://a:1: not found (code 100): Key not found: /a"
        );
        let facts = (error.code(), error.status(), error.cause(), error.index());
        assert_eq!(
            facts,
            (Some(ErrorCode::KeyNotFound), Some(404), Some("/a"), Some(7))
        );
    }
}
