//! Joining a queue: making the key.

use super::entry::Entry;
use super::place::Place;
use crate::queue::Place as _;
use crate::v3::error::{Class, Error, ErrorKind};
use crate::v3::kv::{Cond, KeyRange, Kv, PutOptions, RangeOptions, Txn, TxnOp, TxnResult};

/// How often the number of slots is agreed on anew while others change it.
const TRIES: u32 = 32;

impl Entry {
    /// Makes the key, and tells at which revision.
    pub(super) async fn join(&self) -> Result<i64, Error> {
        match self.place.slots {
            None => self.join_freely().await,
            Some(slots) => self.join_with(slots).await,
        }
    }

    fn put(&self) -> TxnOp {
        let options = PutOptions::new().with_lease(self.renewal.id);
        TxnOp::put_with(&self.key, self.place.options.value.clone(), &options)
    }

    async fn join_freely(&self) -> Result<i64, Error> {
        let join = Txn::new()
            .when(Cond::missing(&self.key))
            .then(self.put())
            .otherwise(TxnOp::get(KeyRange::key(&self.key)));
        let done = twice(&self.place.client.kv(), &join).await?;
        self.made(&done).ok_or_else(|| {
            let operation = format!("acquire {}", self.place.title());
            Error::protocol(operation, true, "the key is neither missing nor there")
        })
    }

    /// The same if all agree on the number of slots: it is written anew by everybody who joins, so
    /// that nobody can join between a look at an empty semaphore and the writing of another number.
    async fn join_with(&self, slots: usize) -> Result<i64, Error> {
        let (kv, limit) = (self.place.client.kv(), self.place.limit_key());
        let stated = slots.to_string();
        let mut agreed = Cond::value(&limit).is(stated.clone());
        for _ in 0..TRIES {
            let join = Txn::new()
                .when(Cond::missing(&self.key))
                .when(agreed)
                .then(TxnOp::put(&limit, stated.clone()))
                .then(self.put())
                .otherwise(TxnOp::get(KeyRange::key(&self.key)));
            let join = look(&self.place).into_iter().fold(join, Txn::otherwise);
            let done = twice(&kv, &join).await?;
            if let Some(created) = self.made(&done) {
                return Ok(created);
            }
            agreed = self.may_state(slots, &Agreed::of(&self.place, &done, 1)?)?;
        }
        Err(self.refuse("others change the number of slots all the time"))
    }

    /// At which revision the key was made, by this or by an attempt whose answer was lost.
    fn made(&self, done: &TxnResult) -> Option<i64> {
        if done.succeeded {
            return Some(done.header.revision);
        }
        Some(done.range(0)?.kvs.first()?.create_revision)
    }

    /// On what condition the number of slots may be ours.
    fn may_state(&self, slots: usize, agreed: &Agreed) -> Result<Cond, Error> {
        let unchanged = Cond::mod_revision(self.place.limit_key()).is(agreed.revision);
        match &agreed.stated {
            Some(Err(())) => Err(self.refuse("its `.limit` is no number: something else is there")),
            Some(Ok(stated)) if *stated != slots && agreed.in_use => {
                Err(self.refuse(&format!("others state {stated} slots, and not {slots}")))
            }
            _ => Ok(unchanged),
        }
    }

    fn refuse(&self, why: &str) -> Error {
        let class = Class::refused(ErrorKind::Conflict);
        Error::new(class, format!("acquire {}", self.place.title())).with_detail(why)
    }
}

/// What those of a semaphore have agreed on.
struct Agreed {
    /// The number of slots, if there is one and it is one.
    stated: Option<Result<usize, ()>>,
    /// When it was written last; 0 if it is not there.
    revision: i64,
    /// Whether anybody holds or waits.
    in_use: bool,
}

/// The operations that read it.
fn look(place: &Place) -> [TxnOp; 2] {
    let all = KeyRange::prefix(place.prefix());
    [
        TxnOp::get(KeyRange::key(place.limit_key())),
        TxnOp::get_with(all, &RangeOptions::new().keys_only()),
    ]
}

impl Agreed {
    /// Of a transaction that read it with its operations from `at` on.
    fn of(place: &Place, done: &TxnResult, at: usize) -> Result<Self, Error> {
        let (Some(limit), Some(all)) = (done.range(at), done.range(at + 1)) else {
            let what = "a range has no answer";
            return Err(Error::protocol(place.title(), false, what));
        };
        let limit = limit.kvs.first();
        let number = |text: &str| text.parse().map_err(|_| ());
        Ok(Self {
            stated: limit.map(|kv| number(&kv.value_text())),
            revision: limit.map_or(0, |kv| kv.mod_revision),
            in_use: all.kvs.iter().any(|kv| place.counts(kv)),
        })
    }
}

impl Place {
    /// Forgets the number of slots, if nobody holds or waits.
    pub(crate) async fn forget_limit(&self) -> Result<(), Error> {
        let operation = || format!("destroy {}", self.title());
        let in_use = || {
            let class = Class::refused(ErrorKind::Conflict);
            Error::new(class, operation()).with_detail("it is in use")
        };
        let kv = self.client.kv();
        let read = look(self).into_iter().fold(Txn::new(), Txn::then);
        let agreed = Agreed::of(self, &kv.txn(&read).await?, 0)?;
        if agreed.in_use {
            return Err(in_use());
        }
        if agreed.stated.is_none() {
            return Ok(());
        }
        let limit = self.limit_key();
        let forget = Txn::new()
            .when(Cond::mod_revision(&limit).is(agreed.revision))
            .then(TxnOp::delete(KeyRange::key(&limit)))
            .otherwise(TxnOp::get(KeyRange::key(&limit)));
        let done = twice(&kv, &forget).await?;
        let left = done.range(0).is_some_and(|limit| !limit.kvs.is_empty());
        if !done.succeeded && left {
            // Somebody joined in between.
            return Err(in_use());
        }
        Ok(())
    }
}

/// Sends it again if its answer was lost: its conditions show then that it was done.
async fn twice(kv: &Kv, txn: &Txn) -> Result<TxnResult, Error> {
    match kv.txn(txn).await {
        Err(error) if error.kind() == ErrorKind::Indeterminate => kv.txn(txn).await,
        done => done,
    }
}
