//! One at a time.

use std::time::Duration;

use bytes::Bytes;

use super::client::Client;
use super::error::Error;
use super::lease::LeaseId;
use super::queue::{Acquisition, Holder, Place, QueueOptions, Tenure};
use crate::queue::{acquire, held};

/// A lock, as `etcdctl lock` and Go's package `concurrency` have them: contenders of all exclude
/// each other. Clones are the same lock; each acquisition has a lease and a key of its own, so tasks
/// with the same lock exclude each other too.
///
/// * It is held until the guard is released or dropped, renewed in the background.
/// * [`LockGuard::lost`] resolves when it can't be relied on any more, at a deadline of the local
///   clock at the latest.
/// * [`LockGuard::fencing_token`] grows from holder to holder.
/// * Contenders are served in their order, and a release wakes one of them.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v3::Client) -> Result<(), Box<dyn std::error::Error>> {
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
    /// The lock called `name`: the keys below `NAME/`. Nothing is sent.
    #[must_use]
    pub fn lock(&self, name: &str) -> Lock {
        Lock {
            place: Place {
                client: self.clone(),
                what: "lock",
                name: name.to_owned(),
                slots: None,
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

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Waits until the lock is ours, however long that takes.
    ///
    /// # Errors
    /// What stands in the way for good: `PermissionDenied`, `InvalidArgument` for a TTL below 2 s,
    /// `Closed`; `Unavailable` or `Indeterminate` if no key can be made.
    ///
    /// # Cancel safety
    /// Safe: dropping the future takes the key back.
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
        self.place.first().await
    }

    /// Everybody in the queue, the holder first.
    ///
    /// # Errors
    /// As [`holder`](Self::holder).
    ///
    /// # Cancel safety
    /// As [`holder`](Self::holder).
    pub async fn queue(&self) -> Result<Vec<Holder>, Error> {
        self.place.all().await
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
    /// Our key. `Cond::create_revision(key).is(fencing_token)` holds in a transaction as long as the
    /// lock is ours.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.tenure.key
    }

    /// A number that is greater than that of every earlier holder: the revision at which our key
    /// was made. Pass it along to the protected resource, and have it refuse smaller ones than it
    /// has seen.
    #[must_use]
    pub fn fencing_token(&self) -> i64 {
        self.tenure.token
    }

    /// The lease that our key goes with. Other keys may go with it too, and then with the lock.
    #[must_use]
    pub fn lease_id(&self) -> LeaseId {
        self.tenure.id
    }

    /// Changes what others read of us.
    ///
    /// # Errors
    /// `NotHolder` or `LeaseLost` if the lock is lost; what any write answers.
    ///
    /// # Cancel safety
    /// The value may be changed or not; the lock is not affected.
    pub async fn set_value(&self, value: impl Into<Bytes>) -> Result<(), Error> {
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
