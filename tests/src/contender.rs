//! One who wants a lock or a slot again and again, and writes down when it believed to have it.

use std::time::Duration;

use quorate::etcd::v2 as etcd;
use quorate_consul::{
    Acquisition, Client, Limits, LockGuard, LockOptions, SemaphoreGuard, SemaphoreOptions,
};
use quorate_net::deadline::Timeouts;
use quorate_testkit::history::{History, Moment};
use tokio::time::Instant;

use crate::random::Random;

/// The TTL of the contenders' sessions: short, so that much happens in little time.
pub const TTL: Duration = Duration::from_secs(2);

/// How long a contender waits before it looks at its clocks again.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a contender wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prize {
    /// The lock with this key.
    Lock(String),
    /// A slot of the semaphore with this prefix and limit.
    Slot(String, u32),
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
}

/// Any guard.
enum Guard {
    Lock(LockGuard),
    Slot(SemaphoreGuard),
    EtcdLock(etcd::LockGuard),
    EtcdSlot(etcd::SemaphoreGuard),
}

macro_rules! of_each {
    ($guard:expr, $it:ident => $answer:expr) => {
        match $guard {
            Guard::Lock($it) => $answer,
            Guard::Slot($it) => $answer,
            Guard::EtcdLock($it) => $answer,
            Guard::EtcdSlot($it) => $answer,
        }
    };
}

impl Guard {
    fn token(&self) -> u64 {
        of_each!(self, guard => guard.fencing_token())
    }

    fn is_held(&self) -> bool {
        of_each!(self, guard => guard.is_held())
    }

    fn valid_until(&self) -> Moment {
        let until = of_each!(self, guard => guard.valid_until());
        until.into_std().into()
    }

    /// What a fault broke of it is not judged; the history is.
    async fn release(self) {
        of_each!(self, guard => drop(guard.release().await));
    }
}

impl Contender {
    /// A contender for `prize` at `url` that writes into `history`. `etcd2://…` is a server of
    /// etcd's v2 API, anything else one of Consul's.
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
        let server = match url.strip_prefix("etcd2://") {
            Some(address) => {
                let builder = etcd::Client::builder().address(address);
                Server::Etcd2(builder.timeouts(timeouts).build()?)
            }
            None => {
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
                Ok(None) => {}
                // What a fault broke is tried again; the history alone is judged.
                Err(_) => self.pause(100).await,
            }
        }
    }

    async fn acquire(&self) -> anyhow::Result<Option<Guard>> {
        match &self.server {
            Server::Consul(client) => self.acquire_consul(client).await,
            Server::Etcd2(client) => self.acquire_etcd2(client).await,
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
