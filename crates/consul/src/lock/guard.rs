//! A lock that is held.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use quorate_wire::consul::KvOp;
use tokio::time::Instant;

use super::options::check_value;
use super::place::Place;
use super::recipe::{GiveBack, Recipe};
use super::tenure::Tenure;
use crate::session_keeper::Lease;
use crate::{Error, LostReason};

/// A lock that is held, for as long as this value lives and its lease is valid.
///
/// * [`lost`](Self::lost) resolves as soon as the lock can't be relied on any more, at
///   [`valid_until`](Self::valid_until) at the latest, with no network needed. From then on the
///   guard is inert: the session is ended in the background, and nothing brings the lock back.
/// * [`fencing_token`](Self::fencing_token) grows from holder to holder: pass it along to the
///   protected resource, and have it refuse smaller ones than it has seen.
/// * [`release`](Self::release) gives the lock back and says whether it was held to the end.
///   Dropping the guard gives it back too, in the background, with two tries of one second.
#[must_use = "dropping the guard releases the lock"]
pub struct LockGuard {
    place: Arc<Place>,
    tenure: Tenure,
}

impl LockGuard {
    pub(super) fn new(place: Arc<Place>, tenure: Tenure) -> Self {
        Self { place, tenure }
    }

    /// The locked key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.place.key
    }

    /// The session that holds it.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.tenure.session()
    }

    /// A number that is greater than that of every earlier holder: the key's ModifyIndex, as it was
    /// answered by the transaction that took it for our session. Later writes do not change it.
    /// Only a cluster that was restored from a snapshot may repeat numbers.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.tenure.token()
    }

    /// Whether the lock may be relied on at this moment, by the local clock and all that is known.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.tenure.lease().is_valid()
    }

    /// When the lock counts as lost unless the session is renewed before. Renewals move it.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.tenure.lease().valid_until()
    }

    /// A handle on the lock's validity: it can be cloned and sent, and does not hold the lock.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.tenure.lease().clone()
    }

    /// Resolves when the lock can't be relied on any more.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.tenure.lease().lost()
    }

    /// Runs `work`, and drops it when the lock is lost. `work` gets no turn after
    /// [`valid_until`](Self::valid_until), not even in a process that was stopped meanwhile.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// let guard = client.lock("jobs/nightly").acquire().await?;
    /// let result = guard.run_while_held(async { 6 * 7 }).await?;
    /// assert_eq!(result, 42);
    /// guard.release().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Why the lock was lost.
    ///
    /// # Cancel safety
    ///
    /// That of `work`. The lock is still held afterwards.
    pub async fn run_while_held<F: Future>(&self, work: F) -> Result<F::Output, LostReason> {
        self.tenure.lease().run_while_valid(work).await
    }

    /// The operation that makes a transaction fail unless the lock is held by our session at that
    /// very moment. With it in front, writes to Consul itself are safe whatever the clocks do.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// let guard = client.lock("jobs/nightly").acquire().await?;
    /// let write = client.txn().op(guard.fence()).set("jobs/state", "done");
    /// assert!(write.clone().commit().await?.is_committed());
    ///
    /// guard.release().await?;
    /// assert!(!write.commit().await?.is_committed(), "not ours any more");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn fence(&self) -> KvOp {
        self.place.check(self.tenure.session())
    }

    /// Changes what the key holds, if it is still ours. The value stays after the release.
    ///
    /// # Errors
    ///
    /// `NotHolder` if the lock is lost, `InvalidArgument` for more than 256 KiB, and what any
    /// write answers.
    ///
    /// # Cancel safety
    ///
    /// The value may be changed or not; the lock is not affected.
    pub async fn set_value(&self, value: impl Into<Bytes>) -> Result<(), Error> {
        let value = value.into();
        check_value(&value, &format!("set the value of {}", self.place.title()))?;
        self.place.set_value(self.tenure.session(), value).await
    }

    /// Gives the lock back. The next holder can have it at once: there is no lock-delay. A session
    /// that was made for this lock is ended in the background; `Client::close` waits for that.
    ///
    /// # Errors
    ///
    /// * `NotHolder`: the server shows that the lock was lost before, by the hand of an operator.
    /// * `LeaseLost`: the session was lost before.
    /// * `Indeterminate`: nobody knows. The lock is free when the session has ended.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the lock is given back even if this is dropped.
    pub async fn release(self) -> Result<(), Error> {
        self.tenure.end(GiveBack::Release).await
    }

    /// Gives the lock back and deletes its key, in one step that nobody can come between.
    ///
    /// # Errors
    ///
    /// As [`release`](Self::release).
    ///
    /// # Cancel safety
    ///
    /// As [`release`](Self::release).
    pub async fn destroy(self) -> Result<(), Error> {
        self.tenure.end(GiveBack::Delete).await
    }
}

impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockGuard")
            .field("key", &self.place.key)
            .field("session", &self.tenure.session())
            .field("fencing_token", &self.tenure.token())
            .field("lease", self.tenure.lease())
            .finish()
    }
}
