use std::sync::Arc;

use bytes::Bytes;

use super::command::{Delete, Put, PutMode, Reply};
use super::index::Table;
use super::kv::KvEntry;
use super::refusal::Refusal;
use super::row::Row;
use super::session_id::SessionId;
use super::state::{State, Step};
use crate::engine::Time;
use crate::engine::change::{Changes, Wake};

/// What a write does to who holds the key.
#[derive(Clone, Copy)]
pub(super) enum Hold {
    /// A plain write: the holder stays, the lock index starts again from 0.
    Keep,
    /// This session holds the key from now on.
    Take(SessionId),
    /// Nobody holds the key from now on.
    Drop,
}

/// What came of trying to acquire a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acquired {
    Yes,
    HeldByOther,
}

impl State {
    pub(super) fn put(
        &mut self,
        put: Put,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        if put.key.is_empty() {
            return Err(Refusal::MissingKey);
        }
        // The lock-delay is looked at before the session, and before an index is spent.
        if matches!(put.mode, PutMode::Acquire(_)) && self.lock_delays.holds(&put.key, now) {
            return Ok(Reply::Applied(false));
        }
        let mut step = Step::begin(self, now, changes);
        let Put {
            key,
            value,
            flags,
            mode,
        } = put;
        let applied = match mode {
            PutMode::Set => {
                step.write(&key, value, flags, Hold::Keep);
                true
            }
            PutMode::Cas(index) => step.cas(&key, value, flags, index),
            PutMode::Acquire(session) => {
                step.acquire(&key, value, flags, &session)? == Acquired::Yes
            }
            PutMode::Release(session) => step.release(&key, value, flags, &session)?,
        };
        Ok(Reply::Applied(applied))
    }

    pub(super) fn delete(
        &mut self,
        delete: Delete,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        if matches!(&delete, Delete::Key(key) | Delete::Cas(key, _) if key.is_empty()) {
            return Err(Refusal::MissingKey);
        }
        let mut step = Step::begin(self, now, changes);
        let applied = match delete {
            Delete::Key(key) => {
                step.delete(&key);
                true
            }
            Delete::Cas(key, index) => step.delete_cas(&key, index),
            Delete::Tree(prefix) => {
                step.delete_tree(prefix);
                true
            }
        };
        Ok(Reply::Applied(applied))
    }
}

impl Step<'_> {
    /// Writes `key`. What would be the same as before, lock index included, changes nothing.
    pub(super) fn write(&mut self, key: &Bytes, value: Bytes, flags: u64, hold: Hold) {
        let old = self.state.kv.get(key);
        let held = old.and_then(|entry| entry.session);
        let lock_index = old.map_or(0, |entry| entry.lock_index);
        let (session, lock_index) = match hold {
            Hold::Keep => (held, 0),
            Hold::Take(session) if held == Some(session) => (held, lock_index),
            Hold::Take(session) => (Some(session), lock_index.saturating_add(1)),
            Hold::Drop => (None, lock_index),
        };
        let modify_index = old.map_or(self.index, |entry| entry.modify_index);
        let entry = KvEntry {
            key: key.clone(),
            value,
            flags,
            lock_index,
            session,
            create_index: old.map_or(self.index, |entry| entry.create_index),
            modify_index,
        };
        if old.is_some_and(|old| **old == entry) {
            return;
        }
        self.hold(key, held, session);
        self.insert(KvEntry {
            modify_index: self.index,
            ..entry
        });
    }

    /// Writes `key` if its ModifyIndex is `index`, or if it does not exist and `index` is 0.
    pub(super) fn cas(&mut self, key: &Bytes, value: Bytes, flags: u64, index: u64) -> bool {
        let current = self.state.kv.get(key).map_or(0, |entry| entry.modify_index);
        let applied = current == index;
        if applied {
            self.write(key, value, flags, Hold::Keep);
        }
        applied
    }

    /// Writes `key` and makes `session` its holder, unless another holds it.
    pub(super) fn acquire(
        &mut self,
        key: &Bytes,
        value: Bytes,
        flags: u64,
        session: &str,
    ) -> Result<Acquired, Refusal> {
        if session.is_empty() {
            return Err(Refusal::MissingSession);
        }
        let id = SessionId::named(session).map_err(Refusal::MalformedSession)?;
        let id = id.filter(|id| self.state.sessions.get(*id).is_some());
        let Some(id) = id else {
            return Err(Refusal::UnknownSession(session.into()));
        };
        let holder = self.state.kv.get(key).and_then(|entry| entry.session);
        if holder.is_some_and(|holder| holder != id) {
            return Ok(Acquired::HeldByOther);
        }
        self.write(key, value, flags, Hold::Take(id));
        Ok(Acquired::Yes)
    }

    /// Writes `key` and leaves it without a holder, if `session` is its holder.
    pub(super) fn release(
        &mut self,
        key: &Bytes,
        value: Bytes,
        flags: u64,
        session: &str,
    ) -> Result<bool, Refusal> {
        if session.is_empty() {
            return Err(Refusal::MissingSession);
        }
        // A text that is no session's id holds nothing: no error, as on the real server.
        let id = SessionId::named(session).ok().flatten();
        let holder = self.state.kv.get(key).and_then(|entry| entry.session);
        let applied = id.is_some() && holder == id;
        if applied {
            self.write(key, value, flags, Hold::Drop);
        }
        Ok(applied)
    }

    /// Deletes `key`, held or not; no lock-delay follows.
    pub(super) fn delete(&mut self, key: &Bytes) {
        let Some(entry) = self.state.kv.get(key) else {
            return;
        };
        let holder = entry.session;
        self.hold(key, holder, None);
        self.state.kv.remove_mut(key);
        self.state
            .tombstones
            .insert(key.clone(), self.index, self.now);
        self.store(Row::Kv(key.clone(), None));
        self.store(Row::Tombstone(key.clone(), Some(self.index)));
        self.changes.wakes.push(Wake::Key(key.clone()));
        self.touch(Table::Kv);
    }

    /// Deletes `key` if its ModifyIndex is `index`. A key that does not exist counts as deleted.
    pub(super) fn delete_cas(&mut self, key: &Bytes, index: u64) -> bool {
        let current = self.state.kv.get(key).map(|entry| entry.modify_index);
        let applied = current.is_none_or(|current| current == index);
        if applied {
            self.delete(key);
        }
        applied
    }

    /// Deletes every key under `prefix`. One tombstone at the prefix takes the place of those
    /// under it; the root gets none, because its index is that of the table.
    pub(super) fn delete_tree(&mut self, prefix: Bytes) {
        let gone: Vec<Arc<KvEntry>> = self.state.kv_under(&prefix).cloned().collect();
        if gone.is_empty() {
            return;
        }
        for entry in gone {
            self.hold(&entry.key, entry.session, None);
            self.state.kv.remove_mut(&entry.key);
            self.store(Row::Kv(entry.key.clone(), None));
        }
        for key in self.state.tombstones.forget_under(&prefix) {
            self.store(Row::Tombstone(key, None));
        }
        if !prefix.is_empty() {
            self.state
                .tombstones
                .insert(prefix.clone(), self.index, self.now);
            self.store(Row::Tombstone(prefix.clone(), Some(self.index)));
        }
        self.changes.wakes.push(Wake::Tree(prefix));
        self.touch(Table::Kv);
    }

    fn insert(&mut self, entry: KvEntry) {
        let entry = entry.compact();
        let key = entry.key.clone();
        let entry = Arc::new(entry);
        self.store(Row::Kv(key.clone(), Some(Arc::clone(&entry))));
        self.changes.wakes.push(Wake::Key(key.clone()));
        self.state.kv.insert_mut(key, entry);
        self.touch(Table::Kv);
    }

    /// Moves `key` from the keys of session `from` to those of session `to`.
    fn hold(&mut self, key: &Bytes, from: Option<SessionId>, to: Option<SessionId>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            self.state.sessions.let_go(from, key);
        }
        if let Some(to) = to {
            self.state.sessions.hold(to, key.clone());
        }
    }
}
