//! An engine, a clock that only moves when told, and short names for commands.

use std::time::Duration;

use bytes::Bytes;
use quorate_agent::engine::consul::{
    CheckSpec, Command, Delete, Deregister, KvEntry, KvRow, NodeSpec, Put, PutMode, Refusal,
    Register, Reply, SessionId, SessionSpec, TxnFailure, TxnOp, TxnRow,
};
use quorate_agent::engine::{self, Changes, Engine, Time, Wake};

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Time,
    pub(crate) changes: Changes,
    drawn: u8,
}

impl World {
    /// An engine with the node `n1`, whose `serfHealth` passes.
    pub(crate) fn new() -> Self {
        let mut world = Self {
            engine: Engine::starting_at(10),
            now: Time::START,
            changes: Changes::default(),
            drawn: 0,
        };
        world.register(node("n1").with_check("serfHealth", "passing"));
        world
    }

    /// Lets time pass, and ends what is due at each moment on the way.
    pub(crate) fn pass(&mut self, seconds: u64) {
        let end = self.now.after(Duration::from_secs(seconds));
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= end) {
            self.now = due;
            self.changes = self.engine.apply(engine::Command::Expire, due).1;
        }
        self.now = end;
    }

    pub(crate) fn apply(&mut self, command: Command) -> Result<Reply, Refusal> {
        let (reply, changes) = self.engine.apply(command.into(), self.now);
        self.changes = changes;
        match reply {
            engine::Reply::Consul(reply) => reply,
            other => panic!("not a reply to a command of Consul's: {other:?}"),
        }
    }

    pub(crate) fn index(&self) -> u64 {
        self.engine.last_index()
    }

    pub(crate) fn put_with(
        &mut self,
        key: &str,
        value: &str,
        flags: u64,
        mode: PutMode,
    ) -> Result<bool, Refusal> {
        let put = Put {
            key: bytes(key),
            value: bytes(value),
            flags,
            mode,
        };
        self.apply(Command::Put(put)).map(applied)
    }

    pub(crate) fn put(&mut self, key: &str, value: &str) {
        assert_eq!(self.put_with(key, value, 0, PutMode::Set), Ok(true));
    }

    pub(crate) fn cas(&mut self, key: &str, value: &str, index: u64) -> bool {
        self.put_with(key, value, 0, PutMode::Cas(index)).unwrap()
    }

    pub(crate) fn try_acquire(&mut self, key: &str, session: &str) -> Result<bool, Refusal> {
        self.put_with(key, "held", 0, PutMode::Acquire(session.into()))
    }

    pub(crate) fn acquire(&mut self, key: &str, session: SessionId) -> bool {
        self.try_acquire(key, &session.to_string()).unwrap()
    }

    pub(crate) fn release(&mut self, key: &str, session: SessionId) -> bool {
        let mode = PutMode::Release(session.to_string());
        self.put_with(key, "", 0, mode).unwrap()
    }

    pub(crate) fn delete(&mut self, key: &str) {
        let deleted = self.apply(Command::Delete(Delete::Key(bytes(key))));
        assert_eq!(deleted, Ok(Reply::Applied(true)));
    }

    pub(crate) fn delete_cas(&mut self, key: &str, index: u64) -> bool {
        let delete = Delete::Cas(bytes(key), index);
        applied(self.apply(Command::Delete(delete)).unwrap())
    }

    pub(crate) fn delete_tree(&mut self, prefix: &str) {
        let deleted = self.apply(Command::Delete(Delete::Tree(bytes(prefix))));
        assert_eq!(deleted, Ok(Reply::Applied(true)));
    }

    /// What a transaction on keys comes to.
    pub(crate) fn txn(&mut self, ops: Vec<TxnOp>) -> Result<Vec<KvRow>, Vec<TxnFailure>> {
        let rows = self.any_txn(ops)?.into_iter();
        let keys = rows.map(|row| match row {
            TxnRow::Kv(row) => row,
            other => panic!("not a row of a key: {other:?}"),
        });
        Ok(keys.collect())
    }

    pub(crate) fn any_txn(&mut self, ops: Vec<TxnOp>) -> Result<Vec<TxnRow>, Vec<TxnFailure>> {
        match self.apply(Command::Txn(ops)) {
            Ok(Reply::Txn(outcome)) => outcome,
            other => panic!("not a reply to a transaction: {other:?}"),
        }
    }

    /// A session's description with an id of its own, on `n1` and without checks.
    pub(crate) fn spec(&mut self) -> SessionSpec {
        self.drawn += 1;
        SessionSpec {
            id: SessionId::from_bytes([self.drawn; 16]),
            node: "n1".into(),
            ..SessionSpec::default()
        }
    }

    pub(crate) fn create(&mut self, spec: SessionSpec) -> Result<SessionId, Refusal> {
        match self.apply(Command::CreateSession(Box::new(spec)))? {
            Reply::Created(session) => Ok(session.id),
            other => panic!("not a reply to a creation: {other:?}"),
        }
    }

    pub(crate) fn session(&mut self) -> SessionId {
        let spec = self.spec();
        self.create(spec).unwrap()
    }

    /// A session with that lock-delay in seconds.
    pub(crate) fn session_with_delay(&mut self, seconds: i64) -> SessionId {
        let mut spec = self.spec();
        spec.lock_delay_nanos = seconds * 1_000_000_000;
        self.create(spec).unwrap()
    }

    pub(crate) fn session_with_ttl(&mut self, ttl: &str) -> SessionId {
        let mut spec = self.spec();
        spec.ttl = ttl.into();
        self.create(spec).unwrap()
    }

    pub(crate) fn destroy(&mut self, session: SessionId) {
        let destroyed = self.apply(Command::DestroySession(session.to_string()));
        assert_eq!(destroyed, Ok(Reply::Done));
    }

    /// Whether the session was there to be renewed.
    pub(crate) fn renew(&mut self, session: SessionId) -> bool {
        match self.apply(Command::RenewSession(session.to_string())) {
            Ok(Reply::Renewed(session)) => session.is_some(),
            other => panic!("not a reply to a renewal: {other:?}"),
        }
    }

    pub(crate) fn lives(&self, session: SessionId) -> bool {
        let snapshot = self.engine.snapshot();
        let found = snapshot.consul().session(&session.to_string()).unwrap();
        found.value.is_some()
    }

    pub(crate) fn try_register(&mut self, register: Register) -> Result<Reply, Refusal> {
        self.apply(Command::Register(Box::new(register)))
    }

    pub(crate) fn register(&mut self, register: Register) {
        assert_eq!(self.try_register(register), Ok(Reply::Done));
    }

    pub(crate) fn deregister(&mut self, node: &str, service_id: &str, check_id: &str) {
        let what = Deregister {
            node: node.into(),
            service_id: service_id.into(),
            check_id: check_id.into(),
        };
        assert_eq!(self.apply(Command::Deregister(what)), Ok(Reply::Done));
    }

    pub(crate) fn get(&self, key: &str) -> Option<KvEntry> {
        let snapshot = self.engine.snapshot();
        let entry = snapshot.consul().kv_get(key.as_bytes()).value;
        entry.map(|entry| KvEntry::clone(entry))
    }

    pub(crate) fn key_index(&self, key: &str) -> u64 {
        self.engine.snapshot().consul().kv_get(key.as_bytes()).index
    }

    pub(crate) fn prefix_index(&self, prefix: &str) -> u64 {
        self.engine
            .snapshot()
            .consul()
            .kv_list(prefix.as_bytes())
            .index
    }

    pub(crate) fn keys(&self, prefix: &str, separator: &str) -> Vec<String> {
        let snapshot = self.engine.snapshot();
        let found = snapshot
            .consul()
            .kv_keys(prefix.as_bytes(), separator.as_bytes());
        let keys = found.value.iter();
        keys.map(|key| String::from_utf8(key.to_vec()).unwrap())
            .collect()
    }

    pub(crate) fn woke_key(&self, key: &str) -> bool {
        self.changes.wakes.contains(&Wake::Key(bytes(key)))
    }
}

pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn applied(reply: Reply) -> bool {
    match reply {
        Reply::Applied(applied) => applied,
        other => panic!("not a reply to a put or delete: {other:?}"),
    }
}

/// A registration of a node with nothing else.
pub(crate) fn node(name: &str) -> Register {
    Register {
        node: NodeSpec {
            name: name.into(),
            address: "127.0.0.1".into(),
            ..NodeSpec::default()
        },
        ..Register::default()
    }
}

pub(crate) trait RegisterExt {
    fn with_check(self, id: &str, status: &str) -> Self;
}

impl RegisterExt for Register {
    fn with_check(mut self, id: &str, status: &str) -> Self {
        self.checks.push(CheckSpec {
            id: id.into(),
            status: status.into(),
            ..CheckSpec::default()
        });
        self
    }
}

impl World {
    /// Goes on with what the stored rows describe, on a clock that starts anew.
    pub(crate) fn restart(&mut self) {
        let rows = self.engine.snapshot().consul().rows().collect::<Vec<_>>();
        let rows = rows.into_iter().map(engine::Row::Consul);
        self.engine = Engine::restore(rows, Time::START);
        self.now = Time::START;
    }
}
