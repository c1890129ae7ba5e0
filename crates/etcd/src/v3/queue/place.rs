//! What is contended for.

use std::time::Duration;

use bytes::Bytes;
use quorate_net::task::Spawner;

use super::entry::Entry;
use super::{Holder, MIN_TTL, QueueOptions};
use crate::lease::LostReason;
use crate::queue::{self, Place as _};
use crate::v3::client::Client;
use crate::v3::error::{Class, Error};
use crate::v3::kv::{KeyRange, KeyValue, RangeOptions, SortBy, Txn, TxnOp, TxnResult};
use crate::v3::lease::{LeaseId, MAX_TTL};

/// The last part of the key where those of a semaphore agree on the number of slots.
const LIMIT: &str = ".limit";

/// The keys below a name, of which the first holds.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) client: Client,
    /// "lock", for errors.
    pub(crate) what: &'static str,
    pub(crate) name: String,
    /// How many hold at the same time, where all have to agree on that; otherwise one does.
    pub(crate) slots: Option<usize>,
    pub(crate) options: QueueOptions,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Holds {
        /// The revision at which it did.
        revision: i64,
    },
    /// Not before so many of these are gone that fewer than [`Place::most`] are left.
    Behind { ahead: Vec<Bytes>, revision: i64 },
    /// It is not there any more.
    Gone,
}

impl queue::Place for Place {
    type Entry = Entry;
    type Error = Error;
    type Holder = Holder;
    type Value = Bytes;

    fn title(&self) -> String {
        format!("{} `{}`", self.what, self.name.escape_debug())
    }

    fn check(&self) -> Result<(), Error> {
        let operation = || format!("acquire {}", self.title());
        let ttl = self.options.ttl;
        if ttl < MIN_TTL || ttl > MAX_TTL {
            let why = format_args!("ttl: {ttl:?} is not between {MIN_TTL:?} and {MAX_TTL:?}");
            return Err(Error::invalid(operation(), why));
        }
        let delay = self.options.lock_delay;
        if delay > MAX_TTL - ttl {
            let why = format_args!("lock_delay: {delay:?} with the ttl is more than {MAX_TTL:?}");
            return Err(Error::invalid(operation(), why));
        }
        if self.slots == Some(0) {
            return Err(Error::invalid(operation(), "limit: nobody could hold it"));
        }
        if self.name.is_empty() {
            return Err(Error::invalid(operation(), "name: it is empty"));
        }
        Ok(())
    }

    fn tasks(&self) -> Spawner {
        self.client.inner.tasks.spawner()
    }

    fn refused(operation: String, reason: LostReason) -> Error {
        Error::new(Class::refused(reason.kind()), operation).with_detail(reason)
    }
}

impl Place {
    /// What all keys of the queue begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("{}/", self.name)
    }

    /// Where those of a semaphore agree on the number of slots.
    pub(crate) fn limit_key(&self) -> String {
        format!("{}/{LIMIT}", self.name)
    }

    /// How many hold at the same time.
    pub(super) fn most(&self) -> usize {
        self.slots.unwrap_or(1)
    }

    /// How long leases live on the servers.
    pub(super) fn lease_ttl(&self) -> Duration {
        self.options.ttl + self.options.lock_delay
    }

    pub(super) fn key_of(&self, lease: LeaseId) -> String {
        format!("{}/{lease}", self.name)
    }

    /// Everybody in the queue, in its order.
    pub(crate) async fn all(&self) -> Result<Vec<Holder>, Error> {
        let options = RangeOptions::new().sorted_by(SortBy::Created);
        let kv = self.client.kv();
        let found = kv.range(&KeyRange::prefix(self.prefix()), &options).await?;
        let ours = found.kvs.into_iter().filter(|kv| self.counts(kv));
        Ok(ours.map(Holder::from).collect())
    }

    /// Who holds now, those who came first before the others.
    pub(crate) async fn holders(&self) -> Result<Vec<Holder>, Error> {
        if self.slots.is_none() {
            return Ok(self.first().await?.into_iter().collect());
        }
        let mut all = self.all().await?;
        all.truncate(self.most());
        Ok(all)
    }

    /// Who holds now, of a lock or election.
    pub(crate) async fn first(&self) -> Result<Option<Holder>, Error> {
        let options = RangeOptions::new().sorted_by(SortBy::Created).with_limit(1);
        let kv = self.client.kv();
        let found = kv.range(&KeyRange::prefix(self.prefix()), &options).await?;
        match found.kvs.into_iter().next() {
            Some(kv) if self.counts(&kv) => Ok(Some(kv.into())),
            None => Ok(None),
            // The first is of another queue, whose name begins with ours.
            Some(_) => Ok(self.all().await?.into_iter().next()),
        }
    }

    /// Whether a key below the name is of this queue and not of one whose name begins with it.
    pub(super) fn counts(&self, kv: &KeyValue) -> bool {
        let rest = kv.key.get(self.name.len() + 1..).unwrap_or_default();
        let is_limit = self.slots.is_some() && rest == LIMIT.as_bytes();
        !rest.contains(&b'/') && !is_limit
    }

    /// Where the entry at `key` stands that was made at `created`, all at one revision.
    pub(super) async fn standing(&self, key: &str, created: i64) -> Result<Standing, Error> {
        let before = RangeOptions::new()
            .created_between(None, Some(created - 1))
            .sorted_down_by(SortBy::Created)
            .keys_only();
        let look = async |options: RangeOptions| {
            let look = Txn::new()
                .then(TxnOp::get(KeyRange::key(key)))
                .then(TxnOp::get_with(KeyRange::prefix(self.prefix()), &options));
            self.client.kv().txn(&look).await
        };
        if self.slots.is_some() {
            return self.stand(created, &look(before).await?);
        }
        // Only the one right before us matters; keys of other queues may stand between.
        let mut found = look(before.clone().with_limit(1)).await?;
        let strange = found.range(1).and_then(|before| before.kvs.first());
        if strange.is_some_and(|kv| !self.counts(kv)) {
            found = look(before).await?;
        }
        self.stand(created, &found)
    }

    /// What a look at our own key and at those before it shows.
    fn stand(&self, created: i64, found: &TxnResult) -> Result<Standing, Error> {
        let (Some(own), Some(before)) = (found.range(0), found.range(1)) else {
            return Err(Error::protocol(
                self.title(),
                false,
                "a range has no answer",
            ));
        };
        let revision = found.header.revision;
        let own = own.kvs.first();
        if own.is_none_or(|own| own.create_revision != created) {
            return Ok(Standing::Gone);
        }
        let ahead = before.kvs.iter().filter(|kv| self.counts(kv));
        let mut ahead: Vec<_> = ahead.map(|kv| kv.key.clone()).collect();
        if self.slots.is_none() {
            ahead.truncate(1);
        }
        Ok(if ahead.len() < self.most() {
            Standing::Holds { revision }
        } else {
            Standing::Behind { ahead, revision }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::header::Header;
    use crate::v3::kv::{RangeResult, TxnReply};

    fn place(name: &str) -> Place {
        Place {
            client: Client::new("http://a:1").unwrap(),
            what: "lock",
            name: name.to_owned(),
            slots: None,
            options: QueueOptions::new(),
        }
    }

    #[test]
    fn keys_are_laid_out_as_the_recipes_of_etcd_have_them() {
        let lease = LeaseId::of(0x694d_77aa_9e38_260f).unwrap();
        assert_eq!(place("jobs").key_of(lease), "jobs/694d77aa9e38260f");
        assert_eq!(place("jobs").prefix(), "jobs/");
    }

    #[test]
    fn a_queue_within_a_queue_does_not_count() {
        let kv = |key: &'static str| KeyValue {
            key: key.into(),
            ..KeyValue::default()
        };
        assert!(place("a").counts(&kv("a/7f")));
        assert!(!place("a").counts(&kv("a/b/7f")));
        assert!(place("a/b").counts(&kv("a/b/7f")));
    }

    #[test]
    fn where_a_limit_is_agreed_on_is_no_entry() {
        let mut place = place("a");
        let kv = KeyValue {
            key: place.limit_key().into(),
            ..KeyValue::default()
        };
        assert!(place.counts(&kv), "to a lock it is any key");
        place.slots = Some(2);
        assert!(!place.counts(&kv));
    }

    #[test]
    fn what_a_look_shows_decides() {
        let kv = |key: &'static str, created| KeyValue {
            key: key.into(),
            create_revision: created,
            ..KeyValue::default()
        };
        let range = |kvs: Vec<KeyValue>| {
            TxnReply::Range(RangeResult {
                kvs,
                ..RangeResult::default()
            })
        };
        let look = |own: Vec<KeyValue>, before: Vec<KeyValue>| TxnResult {
            header: Header::default(),
            succeeded: true,
            replies: vec![range(own), range(before)],
        };
        let own = || vec![kv("a/9", 9)];
        let before = || {
            vec![
                kv("a/x/8", 8),
                kv("a/7", 7),
                kv("a/.limit", 3),
                kv("a/2", 2),
            ]
        };
        let stand = |slots, found: &TxnResult| {
            let mut place = place("a");
            place.slots = slots;
            place.stand(9, found).unwrap()
        };
        let behind = |keys: &[&'static str]| Standing::Behind {
            ahead: keys
                .iter()
                .map(|key| Bytes::from_static(key.as_bytes()))
                .collect(),
            revision: 0,
        };
        let found = look(own(), before());
        assert_eq!(stand(None, &found), behind(&["a/7"]));
        assert_eq!(stand(Some(1), &found), behind(&["a/7", "a/2"]));
        assert_eq!(stand(Some(2), &found), behind(&["a/7", "a/2"]));
        assert_eq!(stand(Some(3), &found), Standing::Holds { revision: 0 });
        assert_eq!(
            stand(None, &look(own(), vec![])),
            Standing::Holds { revision: 0 }
        );
        assert_eq!(stand(None, &look(vec![], vec![])), Standing::Gone);
        assert_eq!(
            stand(Some(3), &look(vec![kv("a/9", 10)], vec![])),
            Standing::Gone
        );
    }

    #[test]
    fn a_ttl_that_is_too_short_and_no_name_are_refused() {
        let mut place = place("");
        assert!(place.check().unwrap_err().to_string().contains("name"));
        place.name = "x".into();
        assert!(place.check().is_ok());
        place.options.ttl = Duration::from_secs(1);
        assert!(place.check().unwrap_err().to_string().contains("ttl"));
        place.options = QueueOptions::new().with_lock_delay(MAX_TTL);
        assert!(
            place
                .check()
                .unwrap_err()
                .to_string()
                .contains("lock_delay")
        );
        place.options = QueueOptions::new();
        place.slots = Some(0);
        assert!(place.check().unwrap_err().to_string().contains("limit"));
    }
}
