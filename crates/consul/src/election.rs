//! Leader election: one of many leads, and all can know who.

mod leadership;
mod observe;

use std::time::Duration;

use bytes::Bytes;

pub use leadership::Leadership;
pub use observe::Observe;

use crate::lock::Holder;
use crate::{Acquisition, Client, Error, Lock, LockOptions};

/// An election: a key that the leader holds, with a value that says who that is.
///
/// It is a [`Lock`] with all its guarantees, seen from those who want to know who leads: the guard
/// of the leader knows when it leads no longer, with no network needed, and has a fencing token
/// that grows from leader to leader. Clones are the same election.
///
/// By convention the key is `service/NAME/leader`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let election = client.election("service/mailer/leader");
/// let mut leaders = election.observe();
/// assert!(leaders.next().await?.is_none(), "nobody leads yet");
///
/// let leadership = election.campaign("node-7").await?;
/// assert_eq!(leaders.next().await?.expect("there is one").value, "node-7");
///
/// leadership.run_while_leading(async { /* what only the leader does */ }).await?;
/// leadership.resign().await?;
/// assert!(election.leader().await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Election {
    client: Client,
    key: String,
    options: LockOptions,
}

impl Client {
    /// The election at `key`, with default options. Nothing is sent.
    #[must_use]
    pub fn election(&self, key: impl Into<String>) -> Election {
        Election {
            client: self.clone(),
            key: key.into(),
            options: LockOptions::default(),
        }
    }
}

impl Election {
    /// The same election with these options: the TTL says how soon a leader that died is replaced.
    /// What they say of the value is the default of [`campaign`](Self::campaign)'s, no more.
    #[must_use]
    pub fn with_options(mut self, options: LockOptions) -> Self {
        self.options = options;
        self
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Stands for election until it is won, however long that takes. `value` says who we are, for
    /// others to read: a name, an address; at most 256 KiB.
    ///
    /// # Errors
    ///
    /// As [`Lock::acquire`].
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future ends the candidacy, and nothing is left behind.
    pub async fn campaign(&self, value: impl Into<Bytes>) -> Result<Leadership, Error> {
        let guard = self.lock(value.into()).acquire().await?;
        Ok(Leadership::new(guard))
    }

    /// Stands for election for at most `time`; zero is one try.
    ///
    /// # Errors
    ///
    /// As [`Lock::acquire_within`].
    ///
    /// # Cancel safety
    ///
    /// As [`campaign`](Self::campaign).
    pub async fn campaign_within(
        &self,
        value: impl Into<Bytes>,
        time: Duration,
    ) -> Result<Acquisition<Leadership>, Error> {
        let acquisition = self.lock(value.into()).acquire_within(time).await?;
        Ok(acquisition.map(Leadership::new))
    }

    /// Who leads now: `None` if the key is absent or nobody holds it, also while the lock-delay
    /// keeps everybody out.
    ///
    /// `GET /v1/kv/:key`
    ///
    /// # Errors
    ///
    /// What any read answers.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is changed.
    pub async fn leader(&self) -> Result<Option<Holder>, Error> {
        let query = self.options.terms().query();
        let entry = self.client.kv().get_with(&self.key, &query).await?.value;
        Ok(entry.as_ref().and_then(Holder::of))
    }

    /// Follows who leads: the leader now, then whenever that changes or a leader proclaims another
    /// value. It needs no candidacy.
    #[must_use = "it asks nothing unless polled"]
    pub fn observe(&self) -> Observe {
        let query = self.options.terms().query();
        Observe::new(self.client.kv().watch_with(&self.key, query))
    }

    fn lock(&self, value: Bytes) -> Lock {
        let options = self.options.clone().with_value(value);
        self.client.lock(self.key.clone()).with_options(options)
    }
}
