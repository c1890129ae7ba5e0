//! For how long a lock, slot or leadership may be relied on, and why no longer.

use quorate_net::call::Kind;
use quorate_net::lease::Reason;

/// Why a lease, lock, slot or leadership can't be relied on any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// No renewal succeeded for as long as the TTL, by the local monotonic clock.
    #[error("no renewal succeeded within the TTL")]
    DeadlinePassed,
    /// The server shows that the entry is gone: it expired, or somebody deleted it.
    #[error("the entry is gone")]
    EntryGone,
    /// It was given back by its owner.
    #[error("it was released")]
    Released,
    /// The client was closed.
    #[error("the client was closed")]
    Closed,
}

impl Reason for LostReason {
    const DEADLINE_PASSED: Self = Self::DeadlinePassed;
}

/// The kinds of failure that have to do with what is held.
pub(crate) trait HeldKind: Kind {
    /// What was held has ended.
    const LEASE_LOST: Self;
    /// It is held by somebody else, or by nobody.
    const NOT_HOLDER: Self;
}

impl HeldKind for crate::v2::ErrorKind {
    const LEASE_LOST: Self = Self::LeaseLost;
    const NOT_HOLDER: Self = Self::NotHolder;
}

impl HeldKind for crate::v3::ErrorKind {
    const LEASE_LOST: Self = Self::LeaseLost;
    const NOT_HOLDER: Self = Self::NotHolder;
}

impl LostReason {
    /// The kind of an error that it is the reason for.
    pub(crate) fn kind<K: HeldKind>(self) -> K {
        match self {
            Self::EntryGone => K::NOT_HOLDER,
            Self::Closed => K::CLOSED,
            Self::DeadlinePassed | Self::Released => K::LEASE_LOST,
        }
    }
}

/// A view of how long a lease, lock, slot or leadership may be relied on, by the local clock.
///
/// Servers end entries by the clocks of their members, of v2 by two of them: the one that took the
/// renewal and the one that leads. If those differ, an entry may go early. Where that or a
/// suspended machine would do harm, pass the fencing token along with every write to the protected
/// resource.
pub type Lease = quorate_net::lease::Lease<LostReason>;
pub(crate) type Validity = quorate_net::lease::Validity<LostReason>;
pub(crate) type Renewal = quorate_net::lease::Renewal<LostReason>;

/// Work under a lock was dropped where it stood: what it had done by then is unknown.
impl From<LostReason> for crate::v2::Error {
    fn from(reason: LostReason) -> Self {
        let class = crate::v2::error::Class::stopped(reason.kind());
        Self::new(class, WORK).with_source(reason)
    }
}

/// Work under a lock was dropped where it stood: what it had done by then is unknown.
impl From<LostReason> for crate::v3::Error {
    fn from(reason: LostReason) -> Self {
        let class = crate::v3::error::Class::stopped(reason.kind());
        Self::new(class, WORK).with_source(reason)
    }
}

const WORK: &str = "work while it is held";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{v2, v3};

    #[test]
    fn a_loss_becomes_an_error_that_says_why() {
        let error = v3::Error::from(LostReason::DeadlinePassed);
        let found = (error.kind(), error.outcome());
        assert_eq!(found, (v3::ErrorKind::LeaseLost, v3::Outcome::Unknown));
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.downcast_ref(), Some(&LostReason::DeadlinePassed));
        let error = v2::Error::from(LostReason::EntryGone);
        assert_eq!(error.kind(), v2::ErrorKind::NotHolder);
        assert_eq!(
            v2::Error::from(LostReason::Closed).kind(),
            v2::ErrorKind::Closed
        );
    }
}
