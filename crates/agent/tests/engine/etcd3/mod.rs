//! etcd's v3 key space: the rules of revisions, transactions, leases, watches, users and alarms,
//! each as etcd 3.5.16 was seen to follow it.

mod alarm;
mod auth;
mod compact;
mod lease;
mod model;
mod range;
mod restart;
mod tokens;
mod txn;
mod watch;
mod watch_stream;
mod write;

use std::time::Duration;

use bytes::Bytes;
use quorate_agent::engine::etcd3::{
    Caller, CheckedTxn, Command, DeleteRange, Deleted, KeyRange, MAX_TXN_OPS, MIN_LEASE_TTL, Op,
    Put, PutDone, Range, Ranged, Refusal, Reply, State, Txn, TxnDone, TxnOp,
};
use quorate_agent::engine::{self, Changes, Engine, Time};

/// An engine, and a clock that only moves when told.
struct Store {
    engine: Engine,
    now: Time,
    changes: Changes,
    caller: Caller,
}

impl Store {
    fn new() -> Self {
        Self {
            engine: Engine::starting_at(10),
            now: Time::START,
            changes: Changes::default(),
            caller: Caller::Nobody,
        }
    }

    fn apply(&mut self, op: Op) -> Result<Reply, Refusal> {
        let command = Command {
            caller: self.caller.clone(),
            op,
        };
        let (reply, changes) = self.engine.apply(command.into(), self.now);
        self.changes = changes;
        match reply {
            engine::Reply::Etcd3(reply) => reply,
            other => panic!("not a reply to a command of etcd's: {other:?}"),
        }
    }

    fn try_put(&mut self, put: Put) -> Result<PutDone, Refusal> {
        match self.apply(Op::Put(put))? {
            Reply::Put(done) => Ok(done),
            other => panic!("not a reply to a write: {other:?}"),
        }
    }

    /// Writes a key, and says at which revision.
    fn put(&mut self, key: &str, value: &str) -> i64 {
        self.try_put(put(key, value)).unwrap().revision
    }

    fn put_with_lease(&mut self, key: &str, lease: i64) {
        let put = Put {
            lease,
            ..put(key, "1")
        };
        self.try_put(put).unwrap();
    }

    fn delete(&mut self, range: KeyRange) -> Deleted {
        let delete = DeleteRange {
            range,
            prev_kv: true,
        };
        match self.apply(Op::Delete(delete)) {
            Ok(Reply::Delete(deleted)) => deleted,
            other => panic!("not a reply to a removal: {other:?}"),
        }
    }

    fn delete_key(&mut self, key: &str) -> i64 {
        self.delete(single(key)).revision
    }

    fn txn(&mut self, txn: Txn) -> Result<TxnDone, Refusal> {
        let txn = CheckedTxn::new(txn, MAX_TXN_OPS)?;
        match self.apply(Op::Txn(Box::new(txn)))? {
            Reply::Txn(done) => Ok(done),
            other => panic!("not a reply to a transaction: {other:?}"),
        }
    }

    /// Carries out operations without a condition.
    fn all(&mut self, ops: Vec<TxnOp>) -> Result<TxnDone, Refusal> {
        self.txn(txn(ops))
    }

    fn compact(&mut self, revision: i64) -> Result<Reply, Refusal> {
        self.apply(Op::Compact(revision))
    }

    fn grant(&mut self, id: i64, ttl: i64) -> Result<Reply, Refusal> {
        let at_least = MIN_LEASE_TTL;
        self.apply(Op::Grant { id, ttl, at_least })
    }

    fn range(&self, range: &Range) -> Result<Ranged, Refusal> {
        self.engine.snapshot().etcd3().range(range)
    }

    /// The keys and values of a range, as `key=value`.
    fn list(&self, range: KeyRange, revision: i64) -> Vec<String> {
        let range = Range {
            revision,
            ..Range::new(range)
        };
        shown(&self.range(&range).unwrap())
    }

    fn get(&self, key: &str) -> Option<String> {
        let listed = self.list(single(key), 0).pop()?;
        listed.split_once('=').map(|(_, value)| value.to_owned())
    }

    fn revision(&self) -> i64 {
        self.engine.snapshot().etcd3().revision()
    }

    fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(self.engine.snapshot().etcd3())
    }

    /// Ends and removes what is due now.
    fn expire(&mut self) {
        while self
            .engine
            .next_deadline()
            .is_some_and(|due| due <= self.now)
        {
            self.changes = self.engine.apply(engine::Command::Expire, self.now).1;
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
        self.expire();
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn single(key: &str) -> KeyRange {
    KeyRange::single(bytes(key))
}

fn between(key: &str, end: &str) -> KeyRange {
    KeyRange::new(bytes(key), bytes(end))
}

fn put(key: &str, value: &str) -> Put {
    Put {
        key: bytes(key),
        value: bytes(value),
        ..Put::default()
    }
}

fn txn(success: Vec<TxnOp>) -> Txn {
    Txn {
        success,
        ..Txn::default()
    }
}

fn op_put(key: &str) -> TxnOp {
    TxnOp::Put(put(key, "1"))
}

fn op_delete(range: KeyRange) -> TxnOp {
    TxnOp::Delete(DeleteRange {
        range,
        prev_kv: false,
    })
}

fn op_range(range: KeyRange) -> TxnOp {
    TxnOp::Range(Range::new(range))
}

fn shown(ranged: &Ranged) -> Vec<String> {
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    let shown = |kv: &quorate_agent::engine::etcd3::KeyValue| {
        format!("{}={}", text(&kv.key), text(&kv.value))
    };
    ranged.kvs.iter().map(|kv| shown(kv)).collect()
}
