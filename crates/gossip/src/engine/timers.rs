//! What is to happen later.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{OpId, Time};

/// What is to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    Probe,
    ProbeTimeout(u32),
    ProbeEnd(u32),
    Nack(u32),
    PendingEnd(u32),
    Suspicion(Arc<str>),
    Gossip,
    PushPull,
    Reap,
    Reconnect,
    QueueCheck,
    QueryEnd(u64),
    IncomingQueryEnd(u64),
    CoalesceMembers,
    CoalesceUsers,
    Prune(Arc<str>),
    OpTimeout(OpId),
    JoinNext(OpId),
    LeavePropagated(OpId),
    SnapshotClocks,
}

/// Names one that was set.
pub(crate) type TimerKey = (Time, u64);

/// All that is to happen, in the order in which it is due.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    set: BTreeMap<TimerKey, Timer>,
    count: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Time, timer: Timer) -> TimerKey {
        self.count += 1;
        self.set.insert((at, self.count), timer);
        (at, self.count)
    }

    pub(crate) fn cancel(&mut self, key: TimerKey) {
        self.set.remove(&key);
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.set.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn due(&mut self, now: Time) -> Option<Timer> {
        let first = self.set.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
