//! Why a call failed, whether it happened, and whether to try again.

mod status;

use quorate_net::call::FailedCall;
use quorate_net::error::{NetError, NetErrorKind};

pub use quorate_net::call::{Outcome, RetryAdvice};
pub use quorate_net::error::BoxError;
pub(crate) use status::{Judgement, Then, judge};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The lease, member, user or role does not exist.
    NotFound,
    /// The lease, member, user or role exists already.
    AlreadyExists,
    /// The revision that was asked for is forgotten.
    Compacted,
    /// The revision that was asked for has not happened yet.
    FutureRevision,
    /// The database is full: an alarm has to be disarmed after making room.
    NoSpace,
    /// The server has too much to do.
    Busy,
    /// The state of the cluster does not allow it.
    Conflict,
    /// Another cluster answered than the one that is expected.
    ClusterChanged,
    /// The lease is gone, or can't be relied on any more.
    LeaseLost,
    /// The lock or leadership is somebody else's, or nobody's.
    NotHolder,
    /// The user may not do this.
    PermissionDenied,
    /// A name and a password are needed, or they are wrong.
    Unauthenticated,
    /// The request is wrong. The text names the field, and the limit if it has one.
    InvalidArgument,
    /// The server can't do this.
    Unsupported,
    /// Nobody could do it now.
    Unavailable,
    /// The time was over, and nothing can have happened.
    Timeout,
    /// A write was sent and its answer was lost: it may have happened or not.
    Indeterminate,
    /// The data of the server is damaged.
    Corrupt,
    /// The answer makes no sense, or is longer than allowed.
    Protocol,
    /// The client was closed before.
    Closed,
}

impl ErrorKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Compacted => "the revision is compacted",
            Self::FutureRevision => "the revision is in the future",
            Self::NoSpace => "the database is full",
            Self::Busy => "the server is busy",
            Self::Conflict => "conflict",
            Self::ClusterChanged => "another cluster",
            Self::LeaseLost => "the lease is lost",
            Self::NotHolder => "not the holder",
            Self::PermissionDenied => "permission denied",
            Self::Unauthenticated => "not authenticated",
            Self::InvalidArgument => "invalid argument",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Indeterminate => "it is unknown whether this happened",
            Self::Corrupt => "the data is damaged",
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
/// again. Of what the server said, [`code`](Self::code) and [`text`](Self::text) are kept. Printed,
/// it names the call, the server and its words on one line; what caused it is in `source()`. One
/// pointer wide.
pub struct Error(Box<FailedCall<ErrorKind, Facts>>);

quorate_net::call_error!(Error, ErrorKind);

/// What etcd said besides its words.
#[derive(Debug, Default)]
struct Facts {
    code: Option<i32>,
}

impl quorate_net::call::Facts for Facts {}

impl Error {
    /// A call that got no usable answer.
    pub(crate) fn of_attempts(error: NetError, operation: String, write: bool) -> Self {
        // Servers refuse in trailers: whatever is too long is the answer to what was done.
        if error.kind() == NetErrorKind::TooLarge && write {
            let why = error.to_string();
            return Self::protocol(operation, true, &why).with_source(error);
        }
        Self::of_net(error, operation, write)
    }

    /// An answer without what every answer has.
    pub(crate) fn protocol(operation: impl Into<String>, write: bool, what: &str) -> Self {
        let mut class = Class::refused(ErrorKind::Protocol);
        if write {
            class.outcome = Outcome::Happened;
        }
        Self::new(class, operation).with_detail(what)
    }

    #[must_use]
    pub(crate) fn with_code(mut self, code: i32) -> Self {
        self.0.facts.code = Some(code);
        self
    }

    pub(crate) fn class(&self) -> Class {
        self.0.class()
    }

    /// The code of the server's refusal, as gRPC numbers them: 3 is `InvalidArgument`.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.0.facts.code
    }

    /// Whether another server, or the same one later, may give another answer.
    pub(crate) fn passes(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Busy
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_words_of_the_server_and_keeps_its_code() {
        let error = Error::new(Class::refused(ErrorKind::NotFound), "revoke lease `7`")
            .with_peer(Some("http://a:1"))
            .with_code(5)
            .with_detail("etcdserver: requested\nlease not found");
        assert_eq!(
            error.to_string(),
            "revoke lease `7` on http://a:1: not found: etcdserver: requested lease not found"
        );
        assert_eq!(error.code(), Some(5));
    }
}
