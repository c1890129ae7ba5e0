use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rpds::RedBlackTreeSetSync;

use super::command::Reply;
use super::lease::{Lease, MAX_LEASE_TTL};
use super::refusal::Refusal;
use super::row::Row;
use super::state::State;
use super::step::Step;
use crate::engine::Time;
use crate::engine::change::{Changes, Topic, Wake};

impl State {
    /// Ends the leases whose time is up, each in a revision of its own, and removes a part of
    /// what was compacted.
    pub(crate) fn expire(&mut self, now: Time, changes: &mut Changes) {
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > now {
                break;
            }
            let mut step = self.step(now, changes);
            step.end(id);
            step.seal();
        }
        self.step(now, changes).sweep();
    }

    /// Moves a key from one lease to another, where 0 is none.
    pub(super) fn attach(&mut self, key: &Bytes, from: i64, to: i64) {
        if from == to {
            return;
        }
        if let Some(mut lease) = self.leases.get(&from).map(|lease| Lease::clone(lease)) {
            lease.keys.remove_mut(key);
            self.leases.insert_mut(from, Arc::new(lease));
        }
        if let Some(mut lease) = self.leases.get(&to).map(|lease| Lease::clone(lease)) {
            lease.keys.insert_mut(key.clone());
            self.leases.insert_mut(to, Arc::new(lease));
        }
    }

    /// A lease of before the restart, which has its whole time again, as in etcd.
    pub(super) fn restore_lease(&mut self, id: i64, ttl: i64, now: Time) {
        let expires = end(ttl, now);
        self.deadlines.insert_mut((expires, id));
        let lease = Lease {
            ttl,
            expires,
            keys: RedBlackTreeSetSync::default(),
        };
        self.leases.insert_mut(id, Arc::new(lease));
    }
}

fn end(ttl: i64, now: Time) -> Time {
    now.after(Duration::from_secs(u64::try_from(ttl).unwrap_or(0)))
}

impl Step<'_> {
    pub(super) fn grant(&mut self, id: i64, ttl: i64, at_least: i64) -> Result<Reply, Refusal> {
        if ttl > MAX_LEASE_TTL {
            return Err(Refusal::LeaseTtlTooLarge);
        }
        if self.state.leases.contains_key(&id) {
            return Err(Refusal::LeaseExists);
        }
        let ttl = ttl.max(at_least);
        self.state.restore_lease(id, ttl, self.now);
        self.store(Row::Lease(id, Some(ttl)));
        let revision = self.revision();
        Ok(Reply::Granted { revision, ttl })
    }

    pub(super) fn revoke(&mut self, id: i64) -> Result<Reply, Refusal> {
        if !self.state.leases.contains_key(&id) {
            return Err(Refusal::LeaseNotFound);
        }
        self.end(id);
        Ok(Reply::Done(self.revision()))
    }

    pub(super) fn keep_alive(&mut self, id: i64) -> Reply {
        let revision = self.revision();
        let Some(lease) = self.state.leases.get(&id) else {
            return Reply::KeptAlive { revision, ttl: 0 };
        };
        let ttl = lease.ttl;
        let renewed = Lease {
            expires: end(ttl, self.now),
            ..Lease::clone(lease)
        };
        let was = lease.expires;
        self.state.deadlines.remove_mut(&(was, id));
        self.state.deadlines.insert_mut((renewed.expires, id));
        self.state.leases.insert_mut(id, Arc::new(renewed));
        // Nothing is stored, but readers are to see how long it lives now.
        self.changes.wakes.push(Wake::Topic(Topic::Etcd3Leases));
        Reply::KeptAlive { revision, ttl }
    }

    /// Ends a lease that is there, and removes its keys in their order.
    fn end(&mut self, id: i64) {
        let Some(lease) = self.state.leases.get(&id).cloned() else {
            return;
        };
        for key in lease.keys() {
            if let Some(kv) = self.state.live.get(key).cloned() {
                self.delete_key(&kv);
            }
        }
        self.state.deadlines.remove_mut(&(lease.expires, id));
        self.state.leases.remove_mut(&id);
        self.store(Row::Lease(id, None));
        self.changes.wakes.push(Wake::Topic(Topic::Etcd3Leases));
    }
}
