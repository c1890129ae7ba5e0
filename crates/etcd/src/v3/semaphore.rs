//! At most N at a time.

use std::time::Duration;

use super::client::Client;
use super::error::Error;
use super::lease::LeaseId;
use super::queue::{Acquisition, Holder, Place, QueueOptions, Tenure};
use crate::queue::{acquire, held};

/// A semaphore: at most `limit` hold a slot at the same time. It is a [`Lock`](super::Lock) with
/// several places, and has its guarantees.
///
/// The entries are the keys `NAME/LEASE`, each with its lease, and the first `limit` of them by
/// create revision hold. `NAME/.limit` says how many that are; everybody who joins compares and
/// writes it in the same transaction, so that all in the queue agree. Who comes with another
/// number is refused while anybody holds or waits, and decides when nobody does.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v3::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let slot = client.semaphore("mail/sending", 3).acquire().await?;
/// slot.run_while_held(async { /* in at most three places at once */ }).await?;
/// slot.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    place: Place,
}

impl Client {
    /// The semaphore called `name` with `limit` slots: the keys below `NAME/`. Nothing is sent.
    #[must_use]
    pub fn semaphore(&self, name: &str, limit: usize) -> Semaphore {
        Semaphore {
            place: Place {
                client: self.clone(),
                what: "semaphore",
                name: name.to_owned(),
                slots: Some(limit),
                options: QueueOptions::default(),
            },
        }
    }
}

impl Semaphore {
    /// The same semaphore with these options.
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

    /// How many may hold a slot.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.place.slots.unwrap_or_default()
    }

    /// Waits until a slot is ours, however long that takes.
    ///
    /// # Errors
    /// As [`Lock::acquire`](super::Lock::acquire); `InvalidArgument` for a limit of 0; `Conflict` if
    /// others hold or wait with another limit.
    ///
    /// # Cancel safety
    /// Safe: dropping the future takes the entry back.
    pub async fn acquire(&self) -> Result<SemaphoreGuard, Error> {
        loop {
            if let Acquisition::Acquired(tenure) = acquire(self.place.clone(), None).await? {
                return Ok(SemaphoreGuard { tenure });
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
    pub async fn acquire_within(
        &self,
        time: Duration,
    ) -> Result<Acquisition<SemaphoreGuard>, Error> {
        let acquisition = acquire(self.place.clone(), Some(time)).await?;
        Ok(acquisition.map(|tenure| SemaphoreGuard { tenure }))
    }

    /// Removes `NAME/.limit`, if nobody holds or waits: all that stays of a semaphore that is not
    /// in use. It comes back with the next that wants it.
    ///
    /// # Errors
    /// `Conflict` if it is in use; what any write answers.
    ///
    /// # Cancel safety
    /// It may be removed or not.
    pub async fn destroy(&self) -> Result<(), Error> {
        self.place.forget_limit().await
    }

    /// Who holds a slot now, those who came first before the others.
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn holders(&self) -> Result<Vec<Holder>, Error> {
        self.place.holders().await
    }

    /// Everybody in the queue, those who hold first.
    ///
    /// # Errors
    /// As [`holders`](Self::holders).
    ///
    /// # Cancel safety
    /// As [`holders`](Self::holders).
    pub async fn queue(&self) -> Result<Vec<Holder>, Error> {
        self.place.all().await
    }
}

/// A slot that is held, for as long as this value lives and its lease is valid. Dropping it gives
/// the slot back in the background.
#[derive(Debug)]
#[must_use = "dropping the guard gives the slot back"]
pub struct SemaphoreGuard {
    tenure: Tenure,
}

held!(SemaphoreGuard, "the slot", is_held, run_while_held);

impl SemaphoreGuard {
    /// Our key. `Cond::create_revision(key).is(fencing_token)` holds in a transaction as long as the
    /// slot is ours.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.tenure.key
    }

    /// The revision at which our key was made: greater than that of everybody who came before us.
    #[must_use]
    pub fn fencing_token(&self) -> i64 {
        self.tenure.token
    }

    /// The lease that our key goes with.
    #[must_use]
    pub fn lease_id(&self) -> LeaseId {
        self.tenure.id
    }

    /// Gives the slot back.
    ///
    /// # Errors
    /// As [`LockGuard::release`](super::LockGuard::release).
    ///
    /// # Cancel safety
    /// Once polled, the slot is given back even if this is dropped.
    pub async fn release(self) -> Result<(), Error> {
        self.tenure.release().await
    }
}
