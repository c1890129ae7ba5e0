use bytes::Bytes;
use rpds::RedBlackTreeSetSync;

use super::state::State;
use crate::engine::Time;

/// The shortest life of a lease in seconds on a server with etcd's own settings.
pub const MIN_LEASE_TTL: i64 = 2;
/// The longest life of a lease in seconds.
pub const MAX_LEASE_TTL: i64 = 9_000_000_000;

/// Something that keys end with.
#[derive(Clone, Debug)]
pub struct Lease {
    /// How many seconds it lives without being kept alive.
    pub ttl: i64,
    /// When it ends.
    pub expires: Time,
    pub(super) keys: RedBlackTreeSetSync<Bytes>,
}

impl Lease {
    /// How many seconds are left of it at `now`, begun ones not counted.
    #[must_use]
    pub fn remaining(&self, now: Time) -> i64 {
        i64::try_from(now.until(self.expires).as_secs()).unwrap_or(i64::MAX)
    }

    /// The keys that end with it, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Bytes> {
        self.keys.iter()
    }
}

impl State {
    /// A lease.
    #[must_use]
    pub fn lease(&self, id: i64) -> Option<&Lease> {
        self.leases.get(&id).map(|lease| &**lease)
    }

    /// The ids of all leases, those that end soonest first.
    pub fn lease_ids(&self) -> impl Iterator<Item = i64> {
        self.deadlines.iter().map(|(_, id)| *id)
    }
}
