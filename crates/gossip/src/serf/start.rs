//! Beginning, with what is remembered.

use crate::engine::{Engine, Timer};
use crate::serf::Snapshot;

/// How many of the members of last time are tried.
const TRIED: usize = 16;

impl Engine {
    /// Sets the clocks to where they were, and starts what is done regularly.
    pub(crate) fn start_serf(&mut self) {
        if let Some(Snapshot {
            clock,
            event_clock,
            query_clock,
            ..
        }) = self.config.snapshot
        {
            self.serf.clock.witness(clock);
            self.serf.event_clock.witness(event_clock);
            self.serf.query_clock.witness(query_clock);
            // What was delivered before is not delivered again.
            self.serf.events.least = event_clock.saturating_add(1);
            self.serf.queries.least = query_clock.saturating_add(1);
            self.after(super::snapshot::CLOCKS_EVERY, Timer::SnapshotClocks);
        }
        let limits = self.config.limits.clone();
        self.after(limits.reap_interval, Timer::Reap);
        self.after(limits.reconnect_interval, Timer::Reconnect);
        self.after(super::reap::QUEUES_EVERY, Timer::QueueCheck);
    }

    /// Joins who was there last time.
    pub(crate) fn announce_self(&mut self) {
        let Some(snapshot) = &self.config.snapshot else {
            return;
        };
        let others = snapshot.alive.iter();
        let others = others.filter(|(name, _)| **name != self.config.name);
        let others: Vec<_> = others.map(|(_, address)| *address).collect();
        let others = self.rng.choose(others, TRIED);
        if others.is_empty() {
            return;
        }
        let op = self.internal_op();
        self.begin_join(op, others.into_iter(), false);
    }
}
