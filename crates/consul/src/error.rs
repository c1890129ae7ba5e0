//! What went wrong, whether it happened, and whether to try again.

mod acl;
mod table;

use quorate_net::call::FailedCall;

pub use quorate_net::call::{Outcome, RetryAdvice};
pub use quorate_net::error::BoxError;
pub(crate) use table::{Refusal, from_status, is_transient};

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

/// The row of the classification that an error belongs to.
pub(crate) type Class = quorate_net::call::Class<ErrorKind>;

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
pub struct Error(Box<FailedCall<ErrorKind, Facts>>);

quorate_net::call_error!(Error, ErrorKind);

/// What Consul said besides its words.
#[derive(Debug, Default)]
struct Facts {
    status: Option<u16>,
}

impl quorate_net::call::Facts for Facts {
    fn code(&self) -> Option<String> {
        self.status.map(|status| format!("status {status}"))
    }
}

impl Error {
    #[must_use]
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.facts.status = Some(status);
        self
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.facts.status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_its_status() {
        let error = Error::new(Class::refused(ErrorKind::PermissionDenied), "get key `a`")
            .with_peer(Some("http://a:1"))
            .with_status(403)
            .with_detail("Permission denied");
        assert_eq!(
            error.to_string(),
            "get key `a` on http://a:1: permission denied (status 403): Permission denied"
        );
        assert_eq!(error.status(), Some(403));
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
