//! Leader election: one of many leads, and all can know who.

use std::time::Duration;

use quorate_wire::etcd2::key;

use super::client::Client;
use super::error::Error;
use super::observe::Observe;
use super::queue::{Acquisition, Holder, Place, QueueOptions, Tenure};
use crate::queue::{acquire, held};

/// Where the elections are.
const ROOT: &str = "/_elections";

/// An election: candidates stand in a queue, and the first leads. It is a [`Lock`](super::Lock)
/// with all its guarantees, seen from those who want to know who leads.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v2::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let election = client.election("mailer");
/// let leadership = election.campaign("node-7").await?;
/// assert_eq!(election.leader().await?.expect("we lead").value, "node-7");
/// leadership.run_while_leading(async { /* what only the leader does */ }).await?;
/// leadership.resign().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Election {
    pub(super) place: Place,
}

impl Client {
    /// The election called `name`: `/_elections/NAME`. Nothing is sent.
    #[must_use]
    pub fn election(&self, name: &str) -> Election {
        Election {
            place: Place {
                client: self.clone(),
                what: "election",
                directory: key::join(ROOT, name),
                slots: 1,
                options: QueueOptions::default(),
            },
        }
    }
}

impl Election {
    /// The same election with these options: the TTL says how soon a leader that died is replaced.
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

    /// Stands for election until it is won, however long that takes. `value` says who we are, for
    /// others to read: a name, an address.
    ///
    /// # Errors
    /// As [`Lock::acquire`](super::Lock::acquire).
    ///
    /// # Cancel safety
    /// Safe: dropping the future ends the candidacy.
    pub async fn campaign(&self, value: impl Into<String>) -> Result<Leadership, Error> {
        let place = self.stand(value.into());
        loop {
            if let Acquisition::Acquired(tenure) = acquire(place.clone(), None).await? {
                return Ok(Leadership { tenure });
            }
        }
    }

    /// Stands for election for at most `time`; zero is one try.
    ///
    /// # Errors
    /// As [`campaign`](Self::campaign).
    ///
    /// # Cancel safety
    /// As [`campaign`](Self::campaign).
    pub async fn campaign_within(
        &self,
        value: impl Into<String>,
        time: Duration,
    ) -> Result<Acquisition<Leadership>, Error> {
        let acquisition = acquire(self.stand(value.into()), Some(time)).await?;
        Ok(acquisition.map(|tenure| Leadership { tenure }))
    }

    fn stand(&self, value: String) -> Place {
        let mut place = self.place.clone();
        place.options.value = value;
        place
    }

    /// Who leads now.
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn leader(&self) -> Result<Option<Holder>, Error> {
        Ok(self.place.holders().await?.into_iter().next())
    }

    /// Removes the directory of the election, if nobody holds or waits. It comes back with the next
    /// that wants it.
    ///
    /// `DELETE /v2/keys/_elections/NAME?dir=true`
    ///
    /// # Errors
    /// `Conflict` if it is in use; what any write answers.
    ///
    /// # Cancel safety
    /// It may be removed or not.
    pub async fn destroy(&self) -> Result<(), Error> {
        self.place.destroy().await
    }

    /// Everybody who stands, the leader first.
    ///
    /// # Errors
    /// As [`leader`](Self::leader).
    ///
    /// # Cancel safety
    /// As [`leader`](Self::leader).
    pub async fn candidates(&self) -> Result<Vec<Holder>, Error> {
        let entries = self.place.entries().await?.value;
        Ok(entries.iter().map(Holder::of).collect())
    }

    /// Follows who leads: the leader now, then whenever that changes or the leader proclaims
    /// another value. It needs no candidacy.
    #[must_use = "it asks nothing unless polled"]
    pub fn observe(&self) -> Observe {
        Observe::new(self.clone())
    }
}

/// Leading, for as long as this value lives and its lease is valid. From the moment that
/// [`lost`](Self::lost) resolves, somebody else may lead; nothing brings a lost leadership back:
/// campaign again. Dropping it resigns in the background.
#[derive(Debug)]
#[must_use = "dropping it resigns"]
pub struct Leadership {
    tenure: Tenure,
}

held!(Leadership, "the leadership", is_leader, run_while_leading);

impl Leadership {
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

    /// A number that is greater than that of every earlier leader: the index at which our entry
    /// was made.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.tenure.token
    }

    /// Changes what those who observe read of us.
    ///
    /// # Errors
    /// As [`LockGuard::set_value`](super::LockGuard::set_value).
    ///
    /// # Cancel safety
    /// The value may be changed or not; the leadership is not affected.
    pub async fn proclaim(&self, value: impl Into<String>) -> Result<(), Error> {
        self.tenure.write(value.into()).await
    }

    /// Steps down. The next leader can be elected at once.
    ///
    /// # Errors
    /// As [`LockGuard::release`](super::LockGuard::release).
    ///
    /// # Cancel safety
    /// Once polled, we step down even if this is dropped.
    pub async fn resign(self) -> Result<(), Error> {
        self.tenure.release().await
    }
}
