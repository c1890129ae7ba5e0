//! An entry in a queue: a key and its lease.

use std::time::Duration;

use bytes::Bytes;
use quorate_net::backoff::Backoff;
use tokio::time::{Instant, sleep, timeout};

use super::Holder;
use super::place::{Place, Standing};
use crate::lease::{Lease, LostReason};
use crate::queue::{self, Parted, Place as _, Turn};
use crate::v3::error::{Class, Error, ErrorKind};
use crate::v3::kv::{Cond, KeyRange, PutOptions, Txn, TxnOp};
use crate::v3::lease::{LeaseId, Renewal};
use crate::v3::watch::{Change, EventKind, WatchOptions};

/// The longest wait before the queue is looked at again, come what may.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// The longest look at who holds, for somebody who does not wait any longer.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// An entry that is there, as far as is known.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(super) place: Place,
    pub(super) key: String,
    created: i64,
    pub(super) renewal: Renewal,
}

impl queue::Entry for Entry {
    type Place = Place;
    type Id = LeaseId;
    type Token = i64;
    /// A revision.
    type Seen = i64;

    async fn create(place: &Place) -> Result<Self, Error> {
        let begun = Instant::now();
        let leases = place.client.leases();
        let grant = leases.grant(place.lease_ttl()).await?;
        let mut entry = Self {
            place: place.clone(),
            key: place.key_of(grant.id),
            created: 0,
            renewal: Renewal::with_delay(leases, grant, begun, place.options.lock_delay),
        };
        match entry.join().await {
            Ok(created) => {
                entry.created = created;
                Ok(entry)
            }
            Err(error) => {
                // The key, if it comes to be, goes with its lease.
                entry.renewal.part().await;
                Err(error)
            }
        }
    }

    async fn wait(&self, until: Option<Instant>) -> Result<Turn<i64, Holder>, Error> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        loop {
            let behind = match self.place.standing(&self.key, self.created).await {
                Ok(Standing::Holds { revision }) => return Ok(Turn::Mine(revision)),
                Ok(Standing::Gone) => return Ok(Turn::Gone),
                Ok(Standing::Behind { ahead, revision }) => {
                    backoff.reset();
                    Some((ahead, revision))
                }
                // The lease is kept meanwhile; if that fails too, it is lost, and that ends this.
                Err(error) if error.passes() => {
                    tracing::debug!(%error, "can't see whose turn it is");
                    None
                }
                Err(error) => return Err(error),
            };
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Turn::TimedOut(self.others_that_hold().await));
            }
            let wait = async {
                match behind {
                    Some((ahead, revision)) => self.room(ahead, revision).await,
                    None => sleep(backoff.next_delay()).await,
                }
            };
            let most = left.map_or(MAX_WAIT, |left| left.min(MAX_WAIT));
            // Whether it was over or not, the next look tells.
            let _ = timeout(most, wait).await;
        }
    }

    async fn gone(&self, revision: i64) {
        let options = WatchOptions::new().from(revision + 1).without_puts();
        let kv = self.place.client.kv();
        let mut watch = kv.watch_with(KeyRange::key(&self.key), options);
        loop {
            match watch.next().await {
                Ok(Change::Events { events, .. }) => {
                    if events.iter().any(|event| event.kind == EventKind::Deleted) {
                        return;
                    }
                }
                Ok(Change::Listed { kvs, .. }) => {
                    let own = kvs.first().map(|kv| kv.create_revision);
                    if own != Some(self.created) {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(key = %self.key, %error, "can't see whether it is held");
                }
            }
        }
    }

    async fn write(&self, value: Bytes) -> Result<(), Error> {
        let options = PutOptions::new().with_lease(self.renewal.id);
        let put = Txn::new()
            .when(Cond::create_revision(&self.key).is(self.created))
            .then(TxnOp::put_with(&self.key, value, &options));
        let kv = self.place.client.kv();
        let done = match kv.txn(&put).await {
            // The same value again is the same.
            Err(error) if error.kind() == ErrorKind::Indeterminate => kv.txn(&put).await?,
            done => done?,
        };
        if done.succeeded {
            return Ok(());
        }
        let class = Class::refused(ErrorKind::NotHolder);
        let operation = format!("set the value of {}", self.place.title());
        Err(Error::new(class, operation).with_detail("the key is gone"))
    }
    async fn keep(&self) -> LostReason {
        self.renewal.keep().await
    }

    async fn remove(&self) -> Result<Parted, Error> {
        match self.renewal.revoke().await {
            Ok(()) => Ok(Parted::Removed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Parted::WasGone),
            Err(error) => Err(error),
        }
    }

    async fn part(&self) {
        self.renewal.part().await;
    }

    /// The key may be gone and its lease live on, or the other way round.
    async fn part_from(&self, reason: LostReason) {
        let delayed = !self.place.options.lock_delay.is_zero();
        if reason == LostReason::DeadlinePassed && delayed {
            // Nobody has a turn before the delay is over.
            return;
        }
        self.part().await;
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn id(&self) -> LeaseId {
        self.renewal.id
    }

    fn token(&self) -> i64 {
        self.created
    }

    fn lease(&self) -> Lease {
        self.renewal.lease()
    }

    fn lose(&self, reason: LostReason) {
        self.renewal.lose(reason);
    }
}

impl Entry {
    /// Who holds, for somebody who does not wait any longer; none if that can't be told soon.
    async fn others_that_hold(&self) -> Vec<Holder> {
        let look = timeout(LAST_LOOK, self.place.holders()).await;
        let mut holders = look.ok().and_then(Result::ok).unwrap_or_default();
        holders.retain(|holder| holder.key != self.key.as_bytes());
        holders
    }

    /// Resolves when so many of those `ahead` at `revision` are gone that it may be our turn.
    async fn room(&self, mut ahead: Vec<Bytes>, revision: i64) {
        let options = WatchOptions::new().from(revision + 1).without_puts();
        let range = match &ahead[..] {
            [before] => KeyRange::key(before),
            _ => KeyRange::prefix(self.place.prefix()),
        };
        let mut watch = self.place.client.kv().watch_with(range, options);
        loop {
            match watch.next().await {
                Ok(Change::Events { events, .. }) => {
                    let gone = events.iter().filter(|it| it.kind == EventKind::Deleted);
                    ahead.retain(|key| gone.clone().all(|event| event.kv.key != key));
                    if ahead.len() < self.place.most() {
                        return;
                    }
                }
                Ok(Change::Listed { .. }) => return,
                Ok(_) => {}
                // The next look tells whether it passes; the pause is so that it is not at once.
                Err(_) => return sleep(Duration::from_millis(100)).await,
            }
        }
    }
}
