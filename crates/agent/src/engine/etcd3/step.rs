use std::sync::Arc;

use bytes::Bytes;

use super::command::{Command, Op, Reply};
use super::event::{Event, EventKind, Revision};
use super::key_value::KeyValue;
use super::refusal::Refusal;
use super::row::Row;
use super::state::State;
use crate::engine::change::{Changes, Wake};
use crate::engine::{Row as AnyRow, Time};

/// One change in progress: one revision, if it changes any key.
pub(super) struct Step<'a> {
    pub(super) state: &'a mut State,
    pub(super) changes: &'a mut Changes,
    pub(super) now: Time,
    /// What has changed so far.
    events: Vec<Event>,
}

impl State {
    pub(super) fn step<'a>(&'a mut self, now: Time, changes: &'a mut Changes) -> Step<'a> {
        Step {
            state: self,
            changes,
            now,
            events: Vec::new(),
        }
    }
}

impl Step<'_> {
    /// Nothing has changed where this refuses.
    pub(super) fn carry_out(&mut self, command: Command) -> Result<Reply, Refusal> {
        command.op.check()?;
        self.state.refuse_for_alarms(&command.op)?;
        self.state.refuse_for_users(&command)?;
        match command.op {
            Op::Put(put) => self.put(&put).map(Reply::Put),
            Op::Delete(delete) => Ok(Reply::Delete(self.delete(&delete))),
            Op::Txn(txn) => self.txn(txn.inner()).map(Reply::Txn),
            Op::Compact(revision) => self.compact(revision),
            Op::Grant { id, ttl, at_least } => self.grant(id, ttl, at_least),
            Op::Revoke(id) => self.revoke(id),
            Op::KeepAlive(id) => Ok(self.keep_alive(id)),
            Op::Auth(change) => self.change_auth(*change),
            Op::SetAlarm { alarm, member, on } => Ok(self.set_alarm(alarm, member, on)),
            Op::SetPeers(peers) => {
                let peers: Arc<[String]> = peers.into();
                self.state.peers = Some(Arc::clone(&peers));
                self.store(Row::Peers(peers));
                Ok(Reply::Done(self.revision()))
            }
        }
    }

    /// The revision that readers see who read now.
    pub(super) fn revision(&self) -> i64 {
        self.state.revision + i64::from(!self.events.is_empty())
    }

    /// The revision of the next change, which is that of all of this step.
    pub(super) fn next_revision(&self) -> i64 {
        self.state.revision + 1
    }

    /// Writes a key.
    pub(super) fn put_key(&mut self, kv: KeyValue) {
        let kv = Arc::new(kv);
        let key = kv.key.clone();
        self.state.live.insert_mut(key, Arc::clone(&kv));
        self.record(Event {
            kind: EventKind::Put,
            kv,
        });
    }

    /// Removes a key that is there.
    pub(super) fn delete_key(&mut self, kv: &KeyValue) {
        self.state.live.remove_mut(&kv.key);
        self.state.attach(&kv.key, kv.lease, 0);
        let revision = self.next_revision();
        let removed = KeyValue::removed(kv.key.clone(), revision);
        self.record(Event {
            kind: EventKind::Delete,
            kv: Arc::new(removed),
        });
    }

    fn record(&mut self, event: Event) {
        let at = Revision {
            main: self.next_revision(),
            sub: u32::try_from(self.events.len()).unwrap_or(u32::MAX),
        };
        self.state.history.add(at, event.clone());
        self.store(Row::Version(at, Some(event.clone())));
        self.wake(event.kv.key.clone(), at.main);
        self.events.push(event);
    }

    fn wake(&mut self, key: Bytes, revision: i64) {
        self.changes.wakes.push(Wake::Etcd3 { key, revision });
    }

    /// Ends the revision, if this was one.
    pub(super) fn seal(self) {
        if !self.events.is_empty() {
            self.state.revision += 1;
            let revision = self.state.revision;
            self.state.history.seal(revision, self.events.into());
        }
    }

    /// Says that `row` has to be stored.
    pub(super) fn store(&mut self, row: Row) {
        self.changes.rows.push(AnyRow::Etcd3(row));
    }
}
