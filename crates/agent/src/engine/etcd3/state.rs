use std::sync::Arc;

use bytes::Bytes;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::alarm::Alarm;
use super::auth::Auth;
use super::command::{Command, Reply};
use super::event::{Event, Revision};
use super::history::History;
use super::key_value::KeyValue;
use super::lease::Lease;
use super::refusal::Refusal;
use super::row::Row;
use crate::engine::Time;
use crate::engine::change::Changes;

/// The revision of a store that nothing was written to.
pub const FIRST_REVISION: i64 = 1;

/// etcd's v3 state at one moment. Cheap to clone: everything is shared until it changes.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) revision: i64,
    /// The last revision that was compacted; -1 before the first time.
    pub(super) compacted: i64,
    /// The revision up to which what is compacted may still be there.
    pub(super) sweeping: Option<i64>,
    /// The keys as they are now.
    pub(super) live: RedBlackTreeMapSync<Bytes, Arc<KeyValue>>,
    pub(super) history: History,
    pub(super) leases: RedBlackTreeMapSync<i64, Arc<Lease>>,
    /// The leases by when they end, soonest first.
    pub(super) deadlines: RedBlackTreeSetSync<(Time, i64)>,
    pub(super) alarms: RedBlackTreeSetSync<(Alarm, u64)>,
    pub(super) auth: Auth,
    pub(super) peers: Option<Arc<[String]>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            revision: FIRST_REVISION,
            compacted: -1,
            sweeping: None,
            live: RedBlackTreeMapSync::default(),
            history: History::default(),
            leases: RedBlackTreeMapSync::default(),
            deadlines: RedBlackTreeSetSync::default(),
            alarms: RedBlackTreeSetSync::default(),
            auth: Auth::default(),
            peers: None,
        }
    }
}

impl State {
    /// The newest revision.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The last revision that was compacted, the oldest one that can be read; -1 before the first
    /// compaction.
    #[must_use]
    pub fn compacted(&self) -> i64 {
        self.compacted
    }

    /// About how many bytes all keys have together, with what they were since the compaction.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.history.bytes()
    }

    /// Whether what was compacted is still being removed.
    #[must_use]
    pub fn is_sweeping(&self) -> bool {
        self.sweeping.is_some()
    }

    /// A key as it is now.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Arc<KeyValue>> {
        self.live.get(key)
    }

    /// The users and roles.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The alarms that are on, and whose.
    pub fn alarms(&self) -> impl Iterator<Item = (Alarm, u64)> {
        self.alarms.iter().copied()
    }

    /// Where the agent's own member would be reached by others, if a client has said so.
    #[must_use]
    pub fn peers(&self) -> Option<&Arc<[String]>> {
        self.peers.as_ref()
    }

    pub(crate) fn apply(
        &mut self,
        command: Command,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        let mut step = self.step(now, changes);
        let reply = step.carry_out(command)?;
        step.seal();
        Ok(reply)
    }

    /// Everything that is stored, as rows.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let marks = [self.marks()].into_iter().filter(|_| self.is_used());
        let versions = self.history.versions();
        let versions = versions.map(|(at, event)| Row::Version(at, Some(event.clone())));
        let leases = self.leases.iter();
        let leases = leases.map(|(id, lease)| Row::Lease(*id, Some(lease.ttl)));
        let alarms = self.alarms();
        let alarms = alarms.map(|(alarm, member)| Row::Alarm(alarm, member, true));
        marks
            .chain(versions)
            .chain(leases)
            .chain(alarms)
            .chain(self.auth.rows())
            .chain(self.peers.clone().map(Row::Peers))
    }

    fn is_used(&self) -> bool {
        self.revision > FIRST_REVISION || self.compacted >= 0
    }

    pub(super) fn marks(&self) -> Row {
        Row::Marks {
            revision: self.revision,
            compacted: self.compacted,
        }
    }

    pub(crate) fn restore(&mut self, row: Row, now: Time) {
        match row {
            Row::Version(at, Some(event)) => self.restore_version(at, event),
            Row::Marks {
                revision,
                compacted,
            } => {
                self.revision = self.revision.max(revision);
                self.compacted = self.compacted.max(compacted);
            }
            Row::Lease(id, Some(ttl)) => self.restore_lease(id, ttl, now),
            row @ (Row::User(..) | Row::Role(..) | Row::Auth(_)) => self.auth.restore(row),
            Row::Alarm(alarm, member, true) => self.alarms.insert_mut((alarm, member)),
            Row::Peers(peers) => self.peers = Some(peers),
            Row::Version(_, None) | Row::Lease(_, None) | Row::Alarm(_, _, false) => {}
        }
    }

    fn restore_version(&mut self, at: Revision, event: Event) {
        self.revision = self.revision.max(at.main);
        self.history.add(at, event);
    }

    /// To be called when all rows are restored, which come in any order.
    pub(crate) fn restored(&mut self) {
        let mut all: Vec<(Revision, Event)> = self
            .history
            .versions()
            .map(|(at, event)| (at, event.clone()))
            .collect();
        all.sort_unstable_by_key(|(at, _)| *at);
        for of_one in all.chunk_by(|(a, _), (b, _)| a.main == b.main) {
            for (_, event) in of_one {
                self.restore_key(event);
            }
            let events = of_one.iter().map(|(_, event)| event.clone()).collect();
            self.history.seal(of_one[0].0.main, events);
        }
        let kept: Vec<_> = self.live.values().cloned().collect();
        for kv in kept {
            self.attach(&kv.key, 0, kv.lease);
        }
        // What was being removed when the agent ended may still be there.
        self.sweeping = (self.compacted >= 0).then_some(self.compacted);
    }

    fn restore_key(&mut self, event: &Event) {
        if event.is_put() {
            let kv = Arc::clone(&event.kv);
            self.live.insert_mut(kv.key.clone(), kv);
        } else {
            self.live.remove_mut(&event.kv.key);
        }
    }

    /// When there is something to do next: a lease to end, or something to remove.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let lease = self.deadlines.first().map(|(at, _)| *at);
        let sweep = self.sweeping.map(|_| Time::START);
        [lease, sweep].into_iter().flatten().min()
    }
}
