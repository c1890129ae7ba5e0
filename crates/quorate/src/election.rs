//! Elections: one of many leads, and all can know who.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::backend::{Elected, ElectionBackend, Office};
use crate::gate::Gate;
use crate::held::{Acquisition, Held, Holder, Wait};
use crate::{Feed, Key, Result, body};

/// How one stands for election.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ElectionOptions {
    /// How long to wait while another leads: default for ever.
    pub wait: Wait,
    /// For how long one leads when nothing is heard of it any more: default 15 s, within
    /// [`min_ttl`](crate::Capabilities::min_ttl) and `max_ttl` of the backend (Consul: 10 s to
    /// 24 h). The leader counts its office as lost after this time; Consul lets another be elected
    /// after up to twice this time and the lock-delay.
    pub ttl: Duration,
    /// For how long nobody is elected after a leader died without resigning: default 15 s, at most
    /// [`max_lock_delay`](crate::Capabilities::max_lock_delay). Zero is no delay.
    pub lock_delay: Duration,
    /// What the session is called in the server's listings: default `quorate election NAME`.
    pub label: Option<String>,
}

impl Default for ElectionOptions {
    fn default() -> Self {
        Self {
            wait: Wait::Forever,
            ttl: Duration::from_secs(15),
            lock_delay: Duration::from_secs(15),
            label: None,
        }
    }
}

impl ElectionOptions {
    /// Says how long to wait.
    #[must_use]
    pub fn with_wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Says for how long one leads when nothing is heard of it any more.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Says for how long nobody is elected after a leader died.
    #[must_use]
    pub fn with_lock_delay(mut self, delay: Duration) -> Self {
        self.lock_delay = delay;
        self
    }

    /// Says what the session is called.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// An election: [`Coordinator::election`](crate::Coordinator::election).
///
/// It has all the guarantees of a [`Lock`](crate::Lock), seen from those who want to know who
/// leads: the leader knows when it leads no longer, with no network needed, and has a fencing token
/// that grows from leader to leader. A cheap handle; it holds nothing itself. The name follows the
/// rules of [`Key`], which are checked when it is first used.
///
/// **Where it lives.** On Consul and the embedded agent the election `service/mailer` is the key
/// `service/mailer/leader`, as Consul's guides have it, so that whoever follows them takes part. On
/// etcd v3 it is the keys beneath `_elections/service/mailer/`, where `etcdctl elect` with that name
/// takes part; on etcd v2 the directory `/_elections/service/mailer`.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// let coordinator = quorate::connect("memory:").await?;
/// let election = coordinator.election("service/mailer");
/// let mut leaders = election.observe()?;
/// assert!(leaders.next().await.unwrap()?.is_none(), "nobody leads yet");
///
/// let leadership = election.campaign("node-7").await?;
/// assert_eq!(leaders.next().await.unwrap()?.unwrap().value, "node-7");
///
/// // Dropped where it stands if the office is lost. The token only grows from leader to leader.
/// leadership.run_while_held(async { /* what only the leader does */ }).await?;
/// leadership.proclaim("node-7, on port 80").await?;
/// leadership.resign().await?;
/// assert!(election.leader().await?.is_none());
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Election {
    backend: Arc<dyn ElectionBackend>,
    gate: Gate,
    name: String,
    options: ElectionOptions,
}

impl Election {
    pub(crate) fn new(backend: Arc<dyn ElectionBackend>, gate: Gate, name: String) -> Self {
        Self {
            backend,
            gate,
            name,
            options: ElectionOptions::default(),
        }
    }

    /// The same election, entered with `options`.
    #[must_use]
    pub fn with_options(mut self, options: ElectionOptions) -> Self {
        self.options = options;
        self
    }

    /// The election's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &ElectionOptions {
        &self.options
    }

    /// Stands for election until it is won, whatever the options say. `value` is what others read
    /// of the leader: a name, an address; at most
    /// [`max_lock_value_bytes`](crate::Capabilities::max_lock_value_bytes).
    ///
    /// # Errors
    /// `Conflict` if the key is used for something else; those of every request.
    ///
    /// # Cancel safety
    /// Dropping this future ends the candidacy at any point, and leaves nothing behind.
    pub async fn campaign(&self, value: impl Into<Bytes>) -> Result<Leadership> {
        let value = value.into();
        loop {
            let campaign = self.campaign_with(value.clone(), Wait::Forever);
            if let Acquisition::Acquired(leadership) = campaign.await? {
                return Ok(leadership);
            }
        }
    }

    /// Stands for election for at most `wait`.
    ///
    /// # Errors
    /// As [`campaign`](Self::campaign). That the time was over is no error.
    ///
    /// # Cancel safety
    /// As [`campaign`](Self::campaign).
    pub async fn campaign_within(
        &self,
        value: impl Into<Bytes>,
        wait: Duration,
    ) -> Result<Acquisition<Leadership>> {
        self.campaign_with(value, Wait::AtMost(wait)).await
    }

    /// Stands for election, waiting as `wait` says.
    ///
    /// # Errors
    /// As [`campaign`](Self::campaign).
    ///
    /// # Cancel safety
    /// As [`campaign`](Self::campaign).
    pub async fn campaign_with(
        &self,
        value: impl Into<Bytes>,
        wait: Wait,
    ) -> Result<Acquisition<Leadership>> {
        let name = Key::new(self.name.as_str())?;
        let options = self.options.clone().with_wait(wait);
        let campaign = self.backend.campaign(&name, value.into(), &options);
        let operation = || format!("campaign in election `{name}`");
        let elected = self.gate.run(operation, campaign).await?;
        Ok(elected.map(Leadership::new))
    }

    /// Stands for election as the options say, runs `body` while leading, and resigns. If the
    /// office is lost, the body is dropped where it stands.
    ///
    /// # Errors
    /// `LeaseLost` if the office was lost before `body` ended; those of
    /// [`campaign`](Self::campaign).
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and resigns.
    pub async fn run<T, F, Fut>(&self, value: impl Into<Bytes>, body: F) -> Result<Acquisition<T>>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        match self.campaign_with(value, self.options.wait).await? {
            Acquisition::Acquired(leadership) => {
                leadership.run(body).await.map(Acquisition::Acquired)
            }
            Acquisition::TimedOut { holders } => Ok(Acquisition::TimedOut { holders }),
        }
    }

    /// Who leads now. `None` if nobody does, also while the lock-delay keeps everybody out.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn leader(&self) -> Result<Option<Holder>> {
        let name = Key::new(self.name.as_str())?;
        let operation = || format!("get the leader of election `{name}`");
        self.gate.run(operation, self.backend.leader(&name)).await
    }

    /// Follows who leads, without taking part: the leader now, or `None`, then whenever somebody
    /// else leads, nobody does any more, or the leader proclaims another value. Leaders that came
    /// and went between two looks are not told.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that breaks a rule of [`Key`]; `Unsupported`; `Closed`.
    pub fn observe(&self) -> Result<Feed<Option<Holder>>> {
        let name = Key::new(self.name.as_str())?;
        let subject = format!("observe election `{name}`");
        self.gate.check(|| subject.clone())?;
        let leaders = self.backend.observe(&name)?;
        Ok(Feed::new(subject, leaders, self.gate.closed()))
    }
}

/// Leading, for as long as this value lives and is held. What it knows is in [`Held`], to which it
/// dereferences: the fencing token, the deadline, and [`lost`](Held::lost).
///
/// Dropping it resigns in the background; [`resign`](Self::resign) does the same and says how it
/// went. If the process dies, the office ends with its time. Nothing brings a lost one back:
/// campaign again.
#[derive(Debug)]
#[must_use = "dropping it resigns"]
pub struct Leadership {
    held: Held,
    office: Box<dyn Office>,
}

impl Leadership {
    fn new(elected: Elected) -> Self {
        Self {
            held: Held::new(elected.holding, elected.lease),
            office: elected.office,
        }
    }

    /// What is known of the office, for those who work under it.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Changes what others read of the leader.
    ///
    /// # Errors
    /// `NotHolder` if this leads no longer; `InvalidArgument` for a value that is too large; those
    /// of every write.
    ///
    /// # Cancel safety
    /// The value may be changed or not; the office is not affected.
    pub async fn proclaim(&self, value: impl Into<Bytes>) -> Result<()> {
        self.office.proclaim(value.into()).await
    }

    /// Steps down, so that the next one can be elected at once.
    ///
    /// # Errors
    /// `LeaseLost` if it was lost before; `NotHolder` if another leads; `Indeterminate` if the
    /// answer was lost: then it ends with its time at the latest.
    ///
    /// # Cancel safety
    /// Dropping this future leaves the rest to the background.
    pub async fn resign(self) -> Result<()> {
        self.office.release().await
    }

    /// Runs `body` while leading, and resigns. If the office is lost, the body is dropped where it
    /// stands.
    ///
    /// # Errors
    /// `LeaseLost` if it was lost before `body` ended. That resigning failed is no error, for the
    /// work was done while leading: it is logged, and the office ends with its time.
    ///
    /// # Cancel safety
    /// Dropping this future drops `body` and resigns.
    pub async fn run<T, F, Fut>(self, body: F) -> Result<T>
    where
        F: FnOnce(Held) -> Fut,
        Fut: Future<Output = T>,
    {
        body::run(self.held, self.office, body).await
    }
}

impl Deref for Leadership {
    type Target = Held;

    fn deref(&self) -> &Held {
        &self.held
    }
}
