//! One who wants a lock or a slot again and again, and writes down when it believed to have it.

use std::time::Duration;

use anyhow::bail;
use quorate::etcd::{v2 as etcd, v3};
use quorate_consul::{
    Acquisition, Client, Limits, LockGuard, LockOptions, SemaphoreGuard, SemaphoreOptions,
};
use quorate_net::deadline::Timeouts;
use quorate_testkit::history::{History, Moment};
use tokio::time::{Instant, timeout};

use crate::leased::Leased;
use crate::random::Random;

/// The TTL of the contenders' sessions: short, so that much happens in little time.
pub const TTL: Duration = Duration::from_secs(2);

/// How long a contender waits before it looks at its clocks again.
const PATIENCE: Duration = Duration::from_secs(3);

/// By when a guard that is not held any more has said so by itself; generous, because the machine
/// may be busy.
const AT_ONCE: Duration = Duration::from_secs(40);

/// What a contender wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prize {
    /// The lock with this key.
    Lock(String),
    /// A slot of the semaphore with this prefix and limit.
    Slot(String, u32),
    /// The leadership in this election.
    Leadership(String),
    /// The key of this name, which goes with a lease.
    Leased(String),
}

impl Prize {
    /// As two arguments of a program.
    #[must_use]
    pub fn words(&self) -> [String; 2] {
        match self {
            Self::Lock(key) => ["lock".to_owned(), key.clone()],
            Self::Slot(prefix, limit) => [limit.to_string(), prefix.clone()],
            Self::Leadership(name) => ["leadership".to_owned(), name.clone()],
            Self::Leased(key) => ["leased".to_owned(), key.clone()],
        }
    }

    /// From those.
    ///
    /// # Errors
    /// When the first is none.
    pub fn from_words(what: &str, name: &str) -> anyhow::Result<Self> {
        let name = name.to_owned();
        Ok(match what {
            "lock" => Self::Lock(name),
            "leadership" => Self::Leadership(name),
            "leased" => Self::Leased(name),
            limit => Self::Slot(name, limit.parse()?),
        })
    }
}

/// One contender.
#[derive(Debug)]
pub struct Contender {
    name: String,
    server: Server,
    prize: Prize,
    random: Random,
    history: History,
}

/// Where it contends.
#[derive(Debug)]
enum Server {
    Consul(Client),
    Etcd2(etcd::Client),
    Etcd3(v3::Client),
}

/// Any guard.
enum Guard {
    Lock(LockGuard),
    Slot(SemaphoreGuard),
    EtcdLock(etcd::LockGuard),
    EtcdSlot(etcd::SemaphoreGuard),
    Etcd3Lock(v3::LockGuard),
    Etcd3Slot(v3::SemaphoreGuard),
    Etcd3Leadership(v3::Leadership),
    Etcd3Leased(Leased),
}

macro_rules! of_each {
    ($guard:expr, $it:ident => $answer:expr) => {
        match $guard {
            Guard::Lock($it) => $answer,
            Guard::Slot($it) => $answer,
            Guard::EtcdLock($it) => $answer,
            Guard::EtcdSlot($it) => $answer,
            Guard::Etcd3Lock($it) => $answer,
            Guard::Etcd3Slot($it) => $answer,
            Guard::Etcd3Leadership($it) => $answer,
            Guard::Etcd3Leased($it) => $answer,
        }
    };
}

impl Guard {
    fn token(&self) -> u64 {
        match self {
            Self::Lock(guard) => guard.fencing_token(),
            Self::Slot(guard) => guard.fencing_token(),
            Self::EtcdLock(guard) => guard.fencing_token(),
            Self::EtcdSlot(guard) => guard.fencing_token(),
            Self::Etcd3Lock(guard) => guard.fencing_token().unsigned_abs(),
            Self::Etcd3Slot(guard) => guard.fencing_token().unsigned_abs(),
            Self::Etcd3Leadership(guard) => guard.fencing_token().unsigned_abs(),
            Self::Etcd3Leased(leased) => leased.fencing_token().unsigned_abs(),
        }
    }

    fn is_held(&self) -> bool {
        match self {
            Self::Lock(guard) => guard.is_held(),
            Self::Slot(guard) => guard.is_held(),
            Self::EtcdLock(guard) => guard.is_held(),
            Self::EtcdSlot(guard) => guard.is_held(),
            Self::Etcd3Lock(guard) => guard.is_held(),
            Self::Etcd3Slot(guard) => guard.is_held(),
            Self::Etcd3Leadership(guard) => guard.is_leader(),
            Self::Etcd3Leased(leased) => leased.is_held(),
        }
    }

    /// Whether the guard says by itself that it is lost, now that it is.
    async fn tells_its_loss(&self) -> bool {
        of_each!(self, guard => timeout(AT_ONCE, guard.lost()).await.is_ok())
    }

    fn valid_until(&self) -> Moment {
        let until = of_each!(self, guard => guard.valid_until());
        until.into_std().into()
    }

    /// What a fault broke of it is not judged; the history is.
    async fn release(self) {
        match self {
            Self::Lock(guard) => drop(guard.release().await),
            Self::Slot(guard) => drop(guard.release().await),
            Self::EtcdLock(guard) => drop(guard.release().await),
            Self::EtcdSlot(guard) => drop(guard.release().await),
            Self::Etcd3Lock(guard) => drop(guard.release().await),
            Self::Etcd3Slot(guard) => drop(guard.release().await),
            Self::Etcd3Leadership(guard) => drop(guard.resign().await),
            Self::Etcd3Leased(leased) => drop(leased.release().await),
        }
    }
}

impl Contender {
    /// A contender for `prize` at `url` that writes into `history`. `etcd2://…` is a server of
    /// etcd's v2 API, `etcd3://…` one of its v3 API, anything else one of Consul's.
    ///
    /// # Errors
    /// When `url` is none.
    pub fn new(
        name: impl Into<String>,
        url: &str,
        prize: Prize,
        seed: u64,
        history: History,
    ) -> anyhow::Result<Self> {
        let timeouts = Timeouts::default()
            .with_connect(Duration::from_millis(500))
            .with_attempt(Duration::from_secs(1))
            .with_overall(Some(Duration::from_secs(3)));
        let server = match url.split_once("://") {
            Some(("etcd2", address)) => {
                let builder = etcd::Client::builder().address(address);
                Server::Etcd2(builder.timeouts(timeouts).build()?)
            }
            Some(("etcd3", addresses)) => {
                let builder = v3::Client::builder().address(addresses);
                Server::Etcd3(builder.timeouts(timeouts).build()?)
            }
            _ => {
                let limits = Limits::default().with_min_session_ttl(Duration::from_millis(100));
                let builder = Client::builder().address(url).timeouts(timeouts);
                Server::Consul(builder.limits(limits).build()?)
            }
        };
        Ok(Self {
            name: name.into(),
            server,
            prize,
            random: Random::new(seed),
            history,
        })
    }

    /// Contends until `end`. `on_claim` is called after each holding.
    pub async fn run(mut self, end: Instant, mut on_claim: impl FnMut(&History)) {
        while Instant::now() < end {
            match self.acquire().await {
                Ok(Some(guard)) => {
                    self.hold(guard).await;
                    on_claim(&self.history);
                }
                Ok(None) => self.pause(50).await,
                // What a fault broke is tried again; the history alone is judged.
                Err(_) => self.pause(100).await,
            }
        }
    }

    async fn acquire(&self) -> anyhow::Result<Option<Guard>> {
        match &self.server {
            Server::Consul(client) => self.acquire_consul(client).await,
            Server::Etcd2(client) => self.acquire_etcd2(client).await,
            Server::Etcd3(client) => self.acquire_etcd3(client).await,
        }
    }

    async fn acquire_consul(&self, client: &Client) -> anyhow::Result<Option<Guard>> {
        match &self.prize {
            Prize::Lock(key) => {
                let options = LockOptions::new()
                    .with_ttl(TTL)
                    .with_lock_delay(Duration::ZERO);
                let lock = client.lock(key).with_options(options);
                Ok(match lock.acquire_within(PATIENCE).await? {
                    Acquisition::Acquired(guard) => Some(Guard::Lock(guard)),
                    Acquisition::TimedOut { .. } => None,
                })
            }
            Prize::Slot(prefix, limit) => {
                let options = SemaphoreOptions::new().with_ttl(TTL);
                let semaphore = client.semaphore(prefix, *limit).with_options(options);
                Ok(match semaphore.acquire_within(PATIENCE).await? {
                    Acquisition::Acquired(guard) => Some(Guard::Slot(guard)),
                    Acquisition::TimedOut { .. } => None,
                })
            }
            Prize::Leadership(_) => bail!("leaders are elected by a lock here"),
            Prize::Leased(_) => bail!("there are no leases"),
        }
    }

    async fn acquire_etcd2(&self, client: &etcd::Client) -> anyhow::Result<Option<Guard>> {
        let options = etcd::QueueOptions::new().with_ttl(TTL);
        match &self.prize {
            Prize::Lock(name) => {
                let lock = client.lock(name).with_options(options);
                let acquired = lock.acquire_within(PATIENCE).await?;
                Ok(acquired.acquired().map(Guard::EtcdLock))
            }
            Prize::Slot(name, limit) => {
                let semaphore = client.semaphore(name, usize::try_from(*limit)?);
                let semaphore = semaphore.with_options(options);
                let acquired = semaphore.acquire_within(PATIENCE).await?;
                Ok(acquired.acquired().map(Guard::EtcdSlot))
            }
            Prize::Leadership(_) => bail!("leaders are elected by a lock here"),
            Prize::Leased(_) => bail!("there are no leases"),
        }
    }

    async fn acquire_etcd3(&self, client: &v3::Client) -> anyhow::Result<Option<Guard>> {
        let options = v3::QueueOptions::new().with_ttl(TTL);
        match &self.prize {
            Prize::Lock(name) => {
                let lock = client.lock(name).with_options(options);
                let acquired = lock.acquire_within(PATIENCE).await?;
                Ok(acquired.acquired().map(Guard::Etcd3Lock))
            }
            Prize::Leadership(name) => {
                let election = client.election(name).with_options(options);
                let me = self.name.clone();
                let acquired = election.campaign_within(me, PATIENCE).await?;
                Ok(acquired.acquired().map(Guard::Etcd3Leadership))
            }
            Prize::Slot(name, limit) => {
                let semaphore = client.semaphore(name, usize::try_from(*limit)?);
                let semaphore = semaphore.with_options(options);
                let acquired = semaphore.acquire_within(PATIENCE).await?;
                Ok(acquired.acquired().map(Guard::Etcd3Slot))
            }
            Prize::Leased(key) => {
                let leased = Leased::take(client, key, TTL).await?;
                Ok(leased.map(Guard::Etcd3Leased))
            }
        }
    }

    /// Holds for a while, mostly short, sometimes for several renewals.
    async fn hold(&mut self, guard: Guard) {
        let holding = self
            .history
            .acquired(&self.name, guard.token(), guard.valid_until());
        let length = if self.random.below(12) == 0 { 3000 } else { 40 };
        let end = Instant::now() + Duration::from_millis(self.random.below(length));
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let until = guard.valid_until();
            if !guard.is_held() {
                holding.lost();
                assert!(guard.tells_its_loss().await, "lost() does not resolve");
                return;
            }
            holding.extend(until);
        }
        match self.random.below(8) {
            // A holder that forgets its guard: dropping it gives it up in the background.
            0 => {
                holding.released();
                drop(guard);
            }
            _ => {
                holding.released();
                guard.release().await;
            }
        }
    }

    async fn pause(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.below(most))).await;
    }
}
