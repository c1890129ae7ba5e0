//! The rules of keys and sessions once more, as naively as they can be written down.

use std::collections::BTreeMap;

use quorate_agent::engine::consul::{KvVerb, SessionId};

/// An entry without its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) value: u8,
    pub(crate) lock_index: u64,
    pub(crate) session: Option<SessionId>,
    pub(crate) create_index: u64,
    pub(crate) modify_index: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) deletes: bool,
    pub(crate) delay: u64,
    pub(crate) ttl: Option<u64>,
    pub(crate) deadline: Option<u64>,
}

/// One write of a key, alone or in a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) verb: KvVerb,
    pub(crate) key: &'static str,
    pub(crate) value: u8,
    pub(crate) index: u64,
    pub(crate) session: SessionId,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) index: u64,
    pub(crate) table: u64,
    pub(crate) now: u64,
    pub(crate) entries: BTreeMap<String, Entry>,
    /// The index and the time of the end.
    pub(crate) tombstones: BTreeMap<String, (u64, u64)>,
    pub(crate) sessions: BTreeMap<SessionId, Lease>,
    pub(crate) delays: BTreeMap<String, u64>,
}

impl Model {
    pub(crate) fn delayed(&self, key: &str) -> bool {
        self.delays.get(key).is_some_and(|until| self.now < *until)
    }

    /// One write at the next index; `None` when an acquire has no such session.
    pub(crate) fn single(&mut self, op: &Op) -> Option<bool> {
        if op.verb == KvVerb::Lock && self.delayed(op.key) {
            return Some(false);
        }
        self.index += 1;
        self.run(op)
    }

    /// A transaction; the places of the operations that failed.
    pub(crate) fn txn(&mut self, ops: &[Op]) -> Vec<usize> {
        let refused = |op: &Op| {
            let empty = op.key.is_empty() && op.verb != KvVerb::DeleteTree;
            empty || (op.verb == KvVerb::Lock && self.delayed(op.key))
        };
        let failed: Vec<usize> = (0..ops.len()).filter(|at| refused(&ops[*at])).collect();
        if !failed.is_empty() {
            return failed;
        }
        self.index += 1;
        let before = self.clone();
        let failed = (0..ops.len()).filter(|at| self.run(&ops[*at]) != Some(true));
        let failed: Vec<usize> = failed.collect();
        if !failed.is_empty() {
            *self = before;
        }
        failed
    }

    fn run(&mut self, op: &Op) -> Option<bool> {
        let key = op.key;
        let old = self.entries.get(key).cloned();
        let holder = old.as_ref().and_then(|old| old.session);
        let current = old.as_ref().map(|old| old.modify_index);
        Some(match op.verb {
            KvVerb::Set => self.write(op, holder, Some(0)),
            KvVerb::Cas => current.unwrap_or(0) == op.index && self.write(op, holder, Some(0)),
            KvVerb::Lock => {
                self.sessions.get(&op.session)?;
                let count = if holder.is_none() { 1 } else { 0 };
                let count = old.map_or(0, |old| old.lock_index) + count;
                let free = holder.is_none_or(|holder| holder == op.session);
                free && self.write(op, Some(op.session), Some(count))
            }
            KvVerb::Unlock => holder == Some(op.session) && self.write(op, None, None),
            KvVerb::Delete => self.remove(key),
            KvVerb::DeleteCas => {
                current.is_none_or(|current| current == op.index) && self.remove(key)
            }
            KvVerb::DeleteTree => self.remove_tree(key),
            KvVerb::Get => old.is_some(),
            KvVerb::CheckNotExists => old.is_none(),
            KvVerb::CheckIndex => current == Some(op.index),
            KvVerb::CheckSession => old.is_some() && holder == Some(op.session),
            _ => true,
        })
    }

    fn write(&mut self, op: &Op, session: Option<SessionId>, lock_index: Option<u64>) -> bool {
        let old = self.entries.get(op.key);
        let mut entry = Entry {
            value: op.value,
            lock_index: lock_index.unwrap_or_else(|| old.map_or(0, |old| old.lock_index)),
            session,
            create_index: old.map_or(self.index, |old| old.create_index),
            modify_index: old.map_or(self.index, |old| old.modify_index),
        };
        if old != Some(&entry) {
            entry.modify_index = self.index;
            self.table = self.index;
            self.entries.insert(op.key.into(), entry);
        }
        true
    }

    fn bury(&mut self, key: &str) {
        let end = (self.now + 15 * 60).next_multiple_of(30);
        self.tombstones.insert(key.into(), (self.index, end));
        self.table = self.index;
    }

    fn remove(&mut self, key: &str) -> bool {
        if self.entries.remove(key).is_some() {
            self.bury(key);
        }
        true
    }

    fn remove_tree(&mut self, prefix: &str) -> bool {
        let count = self.entries.len();
        self.entries.retain(|key, _| !key.starts_with(prefix));
        if self.entries.len() < count {
            self.tombstones.retain(|key, _| !key.starts_with(prefix));
            self.table = self.index;
            if !prefix.is_empty() {
                self.bury(prefix);
            }
        }
        true
    }

    pub(crate) fn end(&mut self, id: SessionId) {
        self.index += 1;
        let Some(lease) = self.sessions.remove(&id) else {
            return;
        };
        let held = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.session == Some(id));
        let held: Vec<String> = held.map(|(key, _)| key.clone()).collect();
        for key in held {
            if lease.delay > 0 {
                self.delays
                    .insert(key.clone(), self.now + lease.delay.min(60));
            }
            if lease.deletes {
                self.remove(&key);
            } else if let Some(entry) = self.entries.get_mut(&key) {
                entry.session = None;
                entry.modify_index = self.index;
                self.table = self.index;
            }
        }
    }

    pub(crate) fn renew(&mut self, id: SessionId) {
        let now = self.now;
        if let Some(lease) = self.sessions.get_mut(&id) {
            lease.deadline = lease.ttl.map(|ttl| now + 2 * ttl);
        }
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let end = self.now + seconds;
        loop {
            let deadlines = self.sessions.values().filter_map(|lease| lease.deadline);
            let ends = self.tombstones.values().map(|(_, end)| *end);
            let Some(next) = deadlines.chain(ends).min().filter(|next| *next <= end) else {
                break;
            };
            self.now = next;
            let due = self
                .sessions
                .iter()
                .filter(|(_, it)| it.deadline == Some(next));
            let due: Vec<SessionId> = due.map(|(id, _)| *id).collect();
            for id in due {
                self.end(id);
            }
            self.tombstones.retain(|_, (_, end)| *end > next);
        }
        self.now = end;
    }

    pub(crate) fn key_index(&self, key: &str) -> u64 {
        let own = self.entries.get(key).map(|entry| entry.modify_index);
        own.unwrap_or(self.table.max(1))
    }

    pub(crate) fn prefix_index(&self, prefix: &str) -> u64 {
        if prefix.is_empty() {
            return self.table.max(1);
        }
        let live = self
            .entries
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        let live = live.map(|(_, entry)| entry.modify_index);
        let dead = self
            .tombstones
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        let dead = dead.map(|(_, (index, _))| *index);
        live.chain(dead).max().unwrap_or(self.table.max(1))
    }
}
