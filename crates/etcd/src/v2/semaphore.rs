//! At most N at a time.

use std::time::Duration;

use quorate_wire::etcd2::key;

use super::client::Client;
use super::error::Error;
use super::queue::{Acquisition, Holder, Place, QueueOptions, Tenure};
use crate::queue::{acquire, held};

/// Where the semaphores are.
const ROOT: &str = "/_semaphores";

/// A semaphore: at most `limit` hold a slot at the same time. It is a [`Lock`](super::Lock) with
/// several places, and has its guarantees. Entries state the limit, and who comes with another one
/// than those before is refused.
#[derive(Clone, Debug)]
pub struct Semaphore {
    place: Place,
}

impl Client {
    /// The semaphore called `name` with `limit` slots: `/_semaphores/NAME`. Nothing is sent.
    #[must_use]
    pub fn semaphore(&self, name: &str, limit: usize) -> Semaphore {
        Semaphore {
            place: Place {
                client: self.clone(),
                what: "semaphore",
                directory: key::join(ROOT, name),
                slots: limit,
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

    /// The directory of the entries.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.place.directory
    }

    /// How many may hold a slot.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.place.slots
    }

    /// Waits until a slot is ours, however long that takes.
    ///
    /// # Errors
    /// As [`Lock::acquire`](super::Lock::acquire); `InvalidArgument` for a limit of 0; `Conflict` if
    /// those before us state another limit.
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

    /// Removes the directory of the semaphore, if nobody holds or waits. It comes back with the next
    /// that wants it.
    ///
    /// `DELETE /v2/keys/_semaphores/NAME?dir=true`
    ///
    /// # Errors
    /// `Conflict` if it is in use; what any write answers.
    ///
    /// # Cancel safety
    /// It may be removed or not.
    pub async fn destroy(&self) -> Result<(), Error> {
        self.place.destroy().await
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

    /// The index at which our entry was made: greater than that of everybody who came before us.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.tenure.token
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
