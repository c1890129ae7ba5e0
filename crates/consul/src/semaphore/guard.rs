//! A slot that is held.

use std::fmt;

use tokio::time::Instant;

use crate::lock::recipe::GiveBack;
use crate::lock::tenure::Tenure;
use crate::session_keeper::Lease;
use crate::{Error, LostReason};

/// A slot of a semaphore that is held, for as long as this value lives and its lease is valid.
///
/// [`lost`](Self::lost) resolves as soon as it can't be relied on any more, at
/// [`valid_until`](Self::valid_until) at the latest, with no network needed. From then on the guard
/// is inert. Dropping it gives the slot back in the background, with two tries of one second;
/// [`release`](Self::release) also says whether it was held to the end.
#[must_use = "dropping the guard gives the slot back"]
pub struct SemaphoreGuard {
    prefix: String,
    tenure: Tenure,
}

impl SemaphoreGuard {
    pub(super) fn new(prefix: String, tenure: Tenure) -> Self {
        Self { prefix, tenure }
    }

    /// The semaphore's prefix, without a slash at the end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The session that holds the slot.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.tenure.session()
    }

    /// A number that grows with every slot that is taken: the ModifyIndex of the semaphore's record
    /// as our write of it made it. Several holders are valid at a time, so a smaller number is no
    /// sign that its holder was replaced; it orders the holders, and no more.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.tenure.token()
    }

    /// Whether the slot may be relied on at this moment, by the local clock and all that is known.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.tenure.lease().is_valid()
    }

    /// When the slot counts as lost unless the session is renewed before. Renewals move it.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.tenure.lease().valid_until()
    }

    /// A handle on the slot's validity: it can be cloned and sent, and does not hold the slot.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.tenure.lease().clone()
    }

    /// Resolves when the slot can't be relied on any more.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.tenure.lease().lost()
    }

    /// Runs `work`, and drops it when the slot is lost. `work` gets no turn after
    /// [`valid_until`](Self::valid_until), not even in a process that was stopped meanwhile.
    ///
    /// # Errors
    ///
    /// Why the slot was lost.
    ///
    /// # Cancel safety
    ///
    /// That of `work`. The slot is still held afterwards.
    pub async fn run_while_held<F: Future>(&self, work: F) -> Result<F::Output, LostReason> {
        self.tenure.lease().run_while_valid(work).await
    }

    /// Gives the slot back: one transaction takes the session out of the record and deletes its
    /// contender key. A session that was made for this slot is ended in the background.
    ///
    /// # Errors
    ///
    /// * `NotHolder`: the server shows that the slot was lost before, by the hand of an operator.
    /// * `LeaseLost`: the session was lost before.
    /// * `Indeterminate`: nobody knows. The slot is free when the session has ended.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the slot is given back even if this is dropped.
    pub async fn release(self) -> Result<(), Error> {
        self.tenure.end(GiveBack::Release).await
    }
}

impl fmt::Debug for SemaphoreGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphoreGuard")
            .field("prefix", &self.prefix)
            .field("session", &self.tenure.session())
            .field("fencing_token", &self.tenure.token())
            .field("lease", self.tenure.lease())
            .finish()
    }
}
