//! Having been elected.

use bytes::Bytes;
use quorate_wire::consul::KvOp;
use tokio::time::Instant;

use crate::lock::LockGuard;
use crate::{Error, Lease, LostReason};

/// Leading, for as long as this value lives and its lease is valid.
///
/// Nobody else leads before [`valid_until`](Self::valid_until) has passed. From the moment that
/// [`lost`](Self::lost) resolves, somebody else may; nothing brings a lost leadership back: campaign
/// again. Dropping it resigns in the background.
#[derive(Debug)]
#[must_use = "dropping it resigns"]
pub struct Leadership {
    guard: LockGuard,
}

impl Leadership {
    pub(super) fn new(guard: LockGuard) -> Self {
        Self { guard }
    }

    /// The key of the election.
    #[must_use]
    pub fn key(&self) -> &str {
        self.guard.key()
    }

    /// The session that leads.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.guard.session_id()
    }

    /// A number that is greater than that of every earlier leader; see
    /// [`LockGuard::fencing_token`].
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.guard.fencing_token()
    }

    /// Whether we lead at this moment, by the local clock and all that is known.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.guard.is_held()
    }

    /// When the leadership ends unless the session is renewed before. Renewals move it.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.guard.valid_until()
    }

    /// A handle on the leadership's validity: it can be cloned and sent, and does not lead.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.guard.lease()
    }

    /// Resolves when we lead no longer, and says why.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.guard.lost()
    }

    /// Runs `work`, and drops it when the leadership is lost. `work` gets no turn after
    /// [`valid_until`](Self::valid_until).
    ///
    /// # Errors
    ///
    /// Why the leadership was lost.
    ///
    /// # Cancel safety
    ///
    /// That of `work`. We lead still afterwards.
    pub async fn run_while_leading<F: Future>(&self, work: F) -> Result<F::Output, LostReason> {
        self.guard.run_while_held(work).await
    }

    /// The operation that makes a transaction fail unless we lead at that very moment.
    #[must_use]
    pub fn fence(&self) -> KvOp {
        self.guard.fence()
    }

    /// Changes what those who observe read of the leader; at most 256 KiB.
    ///
    /// # Errors
    ///
    /// `NotHolder` if we lead no longer, `InvalidArgument` for a value that is too large, and what
    /// any write answers.
    ///
    /// # Cancel safety
    ///
    /// The value may be changed or not; the leadership is not affected.
    pub async fn proclaim(&self, value: impl Into<Bytes>) -> Result<(), Error> {
        self.guard.set_value(value).await
    }

    /// Steps down. The next leader can be elected at once: there is no lock-delay.
    ///
    /// # Errors
    ///
    /// As [`LockGuard::release`].
    ///
    /// # Cancel safety
    ///
    /// Once polled, we step down even if this is dropped.
    pub async fn resign(self) -> Result<(), Error> {
        self.guard.release().await
    }
}
