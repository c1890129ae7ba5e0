//! Trying failed members again, and forgetting them at last.

use std::time::Duration;

use super::Status;
use crate::engine::{Dial, Engine, Timer};

/// How often the queues are looked at.
pub(super) const QUEUES_EVERY: Duration = Duration::from_secs(30);

impl Engine {
    /// Forgets who failed or left long ago.
    pub(crate) fn reap(&mut self) {
        let limits = self.config.limits.clone();
        self.after(limits.reap_interval, Timer::Reap);
        let now = self.now;
        let old = self.serf.members.values().filter(|member| {
            let gone_for = now.saturating_sub(member.gone_at);
            match member.status {
                Status::Failed => gone_for > limits.reconnect_timeout,
                Status::Left => gone_for > limits.tombstone_timeout,
                Status::Alive | Status::Leaving => false,
            }
        });
        let old: Vec<_> = old.map(|member| member.name.clone()).collect();
        old.iter().for_each(|name| self.erase(name));
        self.serf.intents.forget(now, limits.recent_intent_timeout);
    }

    /// Tries a failed member, the more likely the more have failed.
    pub(crate) fn reconnect(&mut self) {
        let every = self.config.limits.reconnect_interval;
        self.after(every, Timer::Reconnect);
        let members = self.serf.members.values();
        let (failed, there): (Vec<_>, Vec<_>) = members
            .filter(|member| member.status != Status::Left)
            .partition(|member| member.status == Status::Failed);
        if failed.is_empty() || self.rng.below(there.len().max(1)) >= failed.len() {
            return;
        }
        let to = failed[self.rng.below(failed.len())].address;
        let message = self.local_state(false).encode();
        self.dial(to, message, Dial::PushPull { to, join: None });
    }

    /// Drops what waits in queues that are too long.
    pub(crate) fn check_queues(&mut self) {
        self.after(QUEUES_EVERY, Timer::QueueCheck);
        self.shorten_queues(1);
    }

    /// Drops what waits in queues that are longer than `times` what they may be.
    pub(super) fn shorten_queues(&mut self, times: usize) {
        let most = self.config.limits.queue;
        let mut done = Vec::new();
        for queue in self.serf.queues_mut() {
            let waiting = queue.len();
            if waiting > most.saturating_mul(times) {
                tracing::warn!(
                    waiting,
                    most,
                    "a queue of gossip is too long: old messages are dropped"
                );
                done.extend(queue.prune(most));
            }
        }
        self.broadcasts_done(done);
    }
}
