//! One at a time.

use std::time::Duration;

use quorate_wire::etcd2::key;

use super::client::Client;
use super::error::Error;
use super::queue::{Acquisition, Holder, Place, QueueOptions, Tenure};
use crate::queue::{acquire, held};

/// Where python-etcd has its locks.
const ROOT: &str = "/_locks";

/// A lock, as python-etcd has them: contenders of both exclude each other. Clones are the same
/// lock; each acquisition has an entry of its own, so tasks with the same lock exclude each other
/// too.
///
/// * It is held until the guard is released or dropped, renewed in the background.
/// * [`LockGuard::lost`] resolves when it can't be relied on any more, at a deadline of the local
///   clock at the latest.
/// * [`LockGuard::fencing_token`] grows from holder to holder.
/// * Contenders are served in their order, and a release wakes one of them.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v2::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let guard = client.lock("nightly").acquire().await?;
/// guard.run_while_held(async { /* one at a time */ }).await?;
/// guard.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Lock {
    place: Place,
}

impl Client {
    /// The lock called `name`: `/_locks/NAME`. Nothing is sent.
    #[must_use]
    pub fn lock(&self, name: &str) -> Lock {
        Lock {
            place: Place {
                client: self.clone(),
                what: "lock",
                directory: key::join(ROOT, name),
                slots: 1,
                options: QueueOptions::default(),
            },
        }
    }
}

impl Lock {
    /// The same lock with these options.
    #[must_use]
    pub fn with_options(mut self, options: QueueOptions) -> Self {
        self.place.options = options;
        self
    }

    /// The directory of the entries.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.place.directory
    }

    /// Waits until the lock is ours, however long that takes.
    ///
    /// # Errors
    /// What stands in the way for good: `PermissionDenied`, `InvalidArgument` for a TTL below 2 s,
    /// `Closed`; `Unavailable` or `Indeterminate` if no entry can be made.
    ///
    /// # Cancel safety
    /// Safe: dropping the future takes the entry back.
    pub async fn acquire(&self) -> Result<LockGuard, Error> {
        loop {
            if let Acquisition::Acquired(tenure) = acquire(self.place.clone(), None).await? {
                return Ok(LockGuard { tenure });
            }
        }
    }

    /// Waits for at most `time`; zero is one try.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_within(&self, time: Duration) -> Result<Acquisition<LockGuard>, Error> {
        let acquisition = acquire(self.place.clone(), Some(time)).await?;
        Ok(acquisition.map(|tenure| LockGuard { tenure }))
    }

    /// Who holds the lock now.
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn holder(&self) -> Result<Option<Holder>, Error> {
        Ok(self.place.holders().await?.into_iter().next())
    }

    /// Removes the directory of the lock, if nobody holds or waits. It comes back with the next
    /// that wants it.
    ///
    /// `DELETE /v2/keys/_locks/NAME?dir=true`
    ///
    /// # Errors
    /// `Conflict` if it is in use; what any write answers.
    ///
    /// # Cancel safety
    /// It may be removed or not.
    pub async fn destroy(&self) -> Result<(), Error> {
        self.place.destroy().await
    }

    /// Everybody in the queue, the holder first.
    ///
    /// # Errors
    /// As [`holder`](Self::holder).
    ///
    /// # Cancel safety
    /// As [`holder`](Self::holder).
    pub async fn queue(&self) -> Result<Vec<Holder>, Error> {
        let entries = self.place.entries().await?.value;
        Ok(entries.iter().map(Holder::of).collect())
    }
}

/// A lock that is held, for as long as this value lives and its lease is valid. Dropping it gives
/// the lock back in the background.
#[derive(Debug)]
#[must_use = "dropping the guard releases the lock"]
pub struct LockGuard {
    tenure: Tenure,
}

held!(LockGuard, "the lock", is_held, run_while_held);

impl LockGuard {
    /// The key of our entry.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.tenure.key
    }

    /// What tells us apart from others: our [`Holder::id`].
    #[must_use]
    pub fn id(&self) -> &str {
        &self.tenure.id
    }

    /// A number that is greater than that of every earlier holder: the index at which our entry
    /// was made. Pass it along to the protected resource, and have it refuse smaller ones than it
    /// has seen.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.tenure.token
    }

    /// Changes what others read of us.
    ///
    /// # Errors
    /// `NotHolder` or `LeaseLost` if the lock is lost; what any write answers.
    ///
    /// # Cancel safety
    /// The value may be changed or not; the lock is not affected.
    pub async fn set_value(&self, value: impl Into<String>) -> Result<(), Error> {
        self.tenure.write(value.into()).await
    }

    /// Gives the lock back. The next holder can have it at once.
    ///
    /// # Errors
    /// `NotHolder` or `LeaseLost` if it was lost before; `Indeterminate` if nobody knows: then it
    /// is free when its TTL is over.
    ///
    /// # Cancel safety
    /// Once polled, the lock is given back even if this is dropped.
    pub async fn release(self) -> Result<(), Error> {
        self.tenure.release().await
    }
}
