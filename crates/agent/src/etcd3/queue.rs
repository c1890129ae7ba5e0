//! The queue that locks and elections are, laid out as etcd's own `concurrency` package does it:
//! below `NAME/` each contender has a key, which ends with its lease, and the oldest one is the
//! holder.

use std::sync::Arc;

use bytes::Bytes;
use quorate_etcd_proto::tonic::Status;
use tokio::sync::oneshot;

use super::front::{Front, wrong_reply};
use super::status::stopped;
use crate::engine::etcd3::{
    Caller, CheckedTxn, Compare, Comparison, DeleteRange, KeyRange, KeyValue, MAX_TXN_OPS, Op,
    OpReply, Order, Put, Range, Ranged, Reply, SortBy, State, Target, Txn, TxnOp,
};
use crate::watchers::Mailbox;

/// How many seconds a lease lives that nobody has asked for, and nobody keeps alive.
const LEASE_TTL: i64 = 60;

/// A place in the queue.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) key: Bytes,
    pub(super) lease: i64,
    /// When the key began to exist: the order of the queue.
    pub(super) create_revision: i64,
    /// The newest revision when the place was taken, or its turn came.
    pub(super) revision: i64,
    /// The value that the key had already.
    pub(super) old_value: Option<Bytes>,
    caller: Caller,
    prefix: Bytes,
    /// It is first already.
    first: bool,
}

/// Why a turn never comes.
pub(super) enum Lost {
    /// The key is gone: its lease has ended, or somebody has removed it.
    Gone,
    /// The agent ends.
    Stopped,
}

/// Everything in the error of these services is unknown to etcd's clients but its text.
pub(super) fn unknown(status: &Status) -> Status {
    Status::unknown(status.message())
}

/// All keys of the queue called `name`.
pub(super) fn prefix(name: &[u8]) -> Bytes {
    [name, b"/"].concat().into()
}

fn key(prefix: &[u8], lease: i64) -> Bytes {
    let sign = if lease < 0 { "-" } else { "" };
    let id = format!("{sign}{:x}", lease.unsigned_abs());
    [prefix, id.as_bytes()].concat().into()
}

/// The one who is first.
pub(super) fn first(prefix: &Bytes) -> Range {
    Range {
        limit: 1,
        order: Order::Ascending,
        sort_by: SortBy::Create,
        ..Range::new(KeyRange::prefix(prefix.clone()))
    }
}

/// Holds as long as `key` is the one that began to exist at `create_revision`; 0 is none at all.
pub(super) fn is_still(key: &Bytes, create_revision: i64) -> Compare {
    Compare {
        range: KeyRange::single(key.clone()),
        target: Target::Create(create_revision),
        result: Comparison::Equal,
    }
}

pub(super) fn put(key: &Bytes, value: Bytes, lease: i64) -> TxnOp {
    TxnOp::Put(Put {
        key: key.clone(),
        value,
        lease,
        ..Put::default()
    })
}

pub(super) fn delete(key: &Bytes) -> TxnOp {
    TxnOp::Delete(DeleteRange {
        range: KeyRange::single(key.clone()),
        prev_kv: false,
    })
}

impl Front {
    /// Carries out a transaction of the agent's making in the name of `caller`.
    pub(super) async fn transact(
        &self,
        caller: &Caller,
        txn: Txn,
    ) -> Result<crate::engine::etcd3::TxnDone, Status> {
        let txn = CheckedTxn::new(txn, MAX_TXN_OPS).map_err(super::status::refused)?;
        let op = Op::Txn(Box::new(txn));
        match self.submit(caller.clone(), op).await? {
            Reply::Txn(done) => Ok(done),
            _ => Err(wrong_reply()),
        }
    }

    /// Takes a place in the queue called `name`, or finds the one that the lease has already.
    pub(super) async fn enter(
        &self,
        caller: Caller,
        name: &[u8],
        lease: i64,
        value: Bytes,
    ) -> Result<Place, Status> {
        let lease = match lease {
            0 => self.grant(caller.clone(), 0, LEASE_TTL).await?.0,
            lease => lease,
        };
        let prefix = prefix(name);
        let key = key(&prefix, lease);
        let first = || TxnOp::Range(first(&prefix));
        let txn = Txn {
            compare: vec![is_still(&key, 0)],
            success: vec![put(&key, value, lease), first()],
            failure: vec![
                TxnOp::Range(Range::new(KeyRange::single(key.clone()))),
                first(),
            ],
        };
        let done = self.transact(&caller, txn).await?;
        let (own, owner) = match &done.replies[..] {
            [OpReply::Range(own), OpReply::Range(owner)] => (only(own), only(owner)),
            [_, OpReply::Range(owner)] => (None, only(owner)),
            _ => return Err(wrong_reply()),
        };
        let create_revision = own.map_or(done.revision, |own| own.create_revision);
        Ok(Place {
            first: owner.is_none_or(|owner| owner.create_revision == create_revision),
            lease,
            create_revision,
            revision: done.revision,
            old_value: own.map(|own| own.value.clone()),
            caller,
            prefix,
            key,
        })
    }

    /// Waits until a place is the first one. When nobody waits for that any more, the place is
    /// given up.
    pub(super) async fn turn(self: &Arc<Self>, place: Place) -> Result<Place, Lost> {
        if place.first {
            return Ok(place);
        }
        let (mut done, turn) = oneshot::channel();
        let front = Arc::clone(self);
        self.spawner.spawn(async move {
            let came = tokio::select! {
                biased;
                () = done.closed() => None,
                came = front.wait(&place) => Some(came),
            };
            let waits = match came {
                Some(Ok(revision)) => done.send(Ok(Place {
                    revision,
                    ..place.clone()
                })),
                Some(Err(lost)) => done.send(Err(lost)),
                None => Err(Err(Lost::Gone)),
            };
            if waits.is_err() {
                // It is gone with its lease otherwise.
                let _ = front
                    .leave(&place.caller, &place.key, place.create_revision)
                    .await;
            }
        });
        turn.await.unwrap_or(Err(Lost::Stopped))
    }

    async fn wait(&self, place: &Place) -> Result<i64, Lost> {
        let mut stop = self.spawner.cancelled();
        let mut mailbox = self.agent.writer.waiters().watchers().mailbox();
        mailbox.add(0, &KeyRange::single(place.key.clone()));
        loop {
            let (ahead, revision) =
                self.with_state(|state| (ahead(state, place), state.revision()));
            match ahead {
                Ahead::Gone => return Err(Lost::Gone),
                Ahead::Nobody => return Ok(revision),
                Ahead::Somebody(key) => {
                    self.await_change(&mut mailbox, &key, place, &mut stop)
                        .await?;
                }
            }
        }
    }

    /// Waits until the key ahead, or the place itself, is changed.
    async fn await_change(
        &self,
        mailbox: &mut Mailbox,
        key: &Bytes,
        place: &Place,
        stop: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<(), Lost> {
        mailbox.remove(1);
        mailbox.add(1, &KeyRange::single(key.clone()));
        // It may have changed before the mailbox knew of it.
        let same = self
            .with_state(|state| matches!(ahead(state, place), Ahead::Somebody(now) if now == *key));
        if same {
            tokio::select! {
                biased;
                () = stop => return Err(Lost::Stopped),
                _ = mailbox.woken() => {}
            }
        }
        Ok(())
    }

    /// Gives up a place, if it is still the same.
    pub(super) async fn leave(
        &self,
        caller: &Caller,
        key: &Bytes,
        create_revision: i64,
    ) -> Result<i64, Status> {
        let txn = Txn {
            compare: vec![is_still(key, create_revision)],
            success: vec![delete(key)],
            failure: Vec::new(),
        };
        Ok(self.transact(caller, txn).await?.revision)
    }
}

/// Who is ahead of a place.
enum Ahead {
    Nobody,
    /// The last one of them.
    Somebody(Bytes),
    /// The place itself is gone.
    Gone,
}

fn ahead(state: &State, place: &Place) -> Ahead {
    let own = state.get(&place.key).map(|kv| kv.create_revision);
    if own != Some(place.create_revision) {
        return Ahead::Gone;
    }
    let last = Range {
        order: Order::Descending,
        max_create_revision: place.create_revision - 1,
        ..first(&place.prefix)
    };
    let last = state.range(&last).unwrap_or_default();
    only(&last).map_or(Ahead::Nobody, |kv| Ahead::Somebody(kv.key.clone()))
}

pub(super) fn only(ranged: &Ranged) -> Option<&KeyValue> {
    ranged.kvs.first().map(|kv| &**kv)
}

impl From<Lost> for Status {
    /// For services that do not tell it in words of their own.
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone => Status::unknown("etcdserver: requested lease not found"),
            Lost::Stopped => stopped(),
        }
    }
}
