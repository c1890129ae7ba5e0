//! Leader election: one of many leads, and all can know who.

use std::time::Duration;

use bytes::Bytes;

use super::client::Client;
use super::error::Error;
use super::kv::KeyRange;
use super::lease::LeaseId;
use super::queue::{Acquisition, Holder, Place, QueueOptions, Tenure};
use super::watch::{Change, Watch, WatchOptions};
use crate::queue::{acquire, held};

/// An election: candidates stand in a queue, and the first leads. It is a [`Lock`](super::Lock)
/// with all its guarantees, seen from those who want to know who leads. `etcdctl elect` and Go's
/// package `concurrency` take part.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v3::Client) -> Result<(), Box<dyn std::error::Error>> {
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
    place: Place,
}

impl Client {
    /// The election called `name`: the keys below `NAME/`. Nothing is sent.
    #[must_use]
    pub fn election(&self, name: &str) -> Election {
        Election {
            place: Place {
                client: self.clone(),
                what: "election",
                name: name.to_owned(),
                slots: None,
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

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Stands for election until it is won, however long that takes. `value` says who we are, for
    /// others to read: a name, an address.
    ///
    /// # Errors
    /// As [`Lock::acquire`](super::Lock::acquire).
    ///
    /// # Cancel safety
    /// Safe: dropping the future ends the candidacy.
    pub async fn campaign(&self, value: impl Into<Bytes>) -> Result<Leadership, Error> {
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
        value: impl Into<Bytes>,
        time: Duration,
    ) -> Result<Acquisition<Leadership>, Error> {
        let acquisition = acquire(self.stand(value.into()), Some(time)).await?;
        Ok(acquisition.map(|tenure| Leadership { tenure }))
    }

    fn stand(&self, value: Bytes) -> Place {
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
        self.place.first().await
    }

    /// Everybody who stands, the leader first.
    ///
    /// # Errors
    /// As [`leader`](Self::leader).
    ///
    /// # Cancel safety
    /// As [`leader`](Self::leader).
    pub async fn candidates(&self) -> Result<Vec<Holder>, Error> {
        self.place.all().await
    }

    /// Follows who leads: the leader now, then whenever that changes or the leader proclaims
    /// another value. It needs no candidacy.
    #[must_use = "it asks nothing unless polled"]
    pub fn observe(&self) -> Observe {
        let range = KeyRange::prefix(self.place.prefix());
        let options = WatchOptions::new().with_list();
        Observe {
            election: self.clone(),
            watch: self.place.client.kv().watch_with(range, options),
            stale: false,
            last: None,
        }
    }
}

/// Follows who leads; from [`Election::observe`]. `None` means that nobody does. Leaders that came
/// and went between two looks are not told.
#[derive(Debug)]
#[must_use = "it asks nothing unless polled"]
pub struct Observe {
    election: Election,
    watch: Watch,
    /// Whether something changed since the last look.
    stale: bool,
    last: Option<Option<Holder>>,
}

impl Observe {
    /// Who leads next, or why that can't be told now.
    ///
    /// # Errors
    /// Those of the reads. They are not the end: call it again.
    ///
    /// # Cancel safety
    /// Safe: no change is lost.
    pub async fn next(&mut self) -> Result<Option<Holder>, Error> {
        loop {
            if !self.stale {
                let change = self.watch.next().await?;
                self.stale = matches!(change, Change::Listed { .. } | Change::Events { .. });
                if !self.stale {
                    continue;
                }
            }
            let leader = self.election.leader().await?;
            self.stale = false;
            if self.last.as_ref() != Some(&leader) {
                self.last = Some(leader.clone());
                return Ok(leader);
            }
        }
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
    /// Our key. `Cond::create_revision(key).is(fencing_token)` holds in a transaction as long as we
    /// lead.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.tenure.key
    }

    /// A number that is greater than that of every earlier leader: the revision at which our key
    /// was made.
    #[must_use]
    pub fn fencing_token(&self) -> i64 {
        self.tenure.token
    }

    /// The lease that our key goes with.
    #[must_use]
    pub fn lease_id(&self) -> LeaseId {
        self.tenure.id
    }

    /// Changes what those who observe read of us.
    ///
    /// # Errors
    /// As [`LockGuard::set_value`](super::LockGuard::set_value).
    ///
    /// # Cancel safety
    /// The value may be changed or not; the leadership is not affected.
    pub async fn proclaim(&self, value: impl Into<Bytes>) -> Result<(), Error> {
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
