//! For how long a session, or something that it holds, may be relied on.

use quorate_net::lease::Reason;

use crate::error::Class;
use crate::{Error, ErrorKind};

/// Why a session, lock or semaphore slot can't be relied on any more.
///
/// It is an error, so `?` takes it into a `Box<dyn Error>`, into [`Error`](crate::Error) (with this
/// as its source) and into error types of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// No renewal succeeded for as long as the TTL, by the local monotonic clock.
    #[error("no renewal succeeded within the TTL")]
    DeadlinePassed,
    /// The server says that the session does not exist: it expired, was destroyed by somebody
    /// else, or its node or a check of it failed.
    #[error("the session does not exist any more")]
    SessionGone,
    /// The server shows that the session holds the lock or slot no more: an operator released or
    /// deleted the key, or rewrote the semaphore's record; or the session has just ended. The end
    /// of a session frees its keys in the same step, and that is often seen before the next renewal
    /// could tell that the session is gone. What is lost is said at once, so nothing is asked to
    /// find out which it was: [`SessionApi::info`](crate::SessionApi::info) on the guard's
    /// `session_id` does.
    #[error("the server shows that it is not held any more")]
    NotHolder,
    /// It was given back by its owner.
    #[error("it was released")]
    Released,
    /// The session was destroyed by its owner.
    #[error("the session was destroyed")]
    Destroyed,
    /// The client was closed.
    #[error("the client was closed")]
    Closed,
}

impl Reason for LostReason {
    const DEADLINE_PASSED: Self = Self::DeadlinePassed;
}

impl LostReason {
    /// The kind of an error that it is the reason for.
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::NotHolder => ErrorKind::NotHolder,
            Self::Closed => ErrorKind::Closed,
            _ => ErrorKind::LeaseLost,
        }
    }
}

/// Work under a lock, slot or session was dropped where it stood: what it had done by then is
/// unknown.
impl From<LostReason> for Error {
    fn from(reason: LostReason) -> Self {
        let class = Class::stopped(reason.kind());
        Self::new(class, "work while it is held").with_source(reason)
    }
}

/// A view of how long a session, lock or semaphore slot may be relied on, by the local clock.
pub type Lease = quorate_net::lease::Lease<LostReason>;
pub(super) type Validity = quorate_net::lease::Validity<LostReason>;
pub(super) type Renewal = quorate_net::lease::Renewal<LostReason>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    #[test]
    fn a_loss_becomes_an_error_that_says_why() {
        fn lose(reason: LostReason) -> Result<(), Error> {
            Err(reason)?;
            Ok(())
        }
        for (reason, kind) in [
            (LostReason::DeadlinePassed, ErrorKind::LeaseLost),
            (LostReason::SessionGone, ErrorKind::LeaseLost),
            (LostReason::NotHolder, ErrorKind::NotHolder),
            (LostReason::Closed, ErrorKind::Closed),
        ] {
            let error = lose(reason).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown));
            let source = std::error::Error::source(&error).unwrap();
            assert_eq!(source.downcast_ref(), Some(&reason));
        }
    }
}
