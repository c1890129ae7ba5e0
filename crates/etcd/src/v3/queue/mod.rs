//! What locks, semaphores and elections have in common: a queue of keys, each of them bound to a lease.
//!
//! Each contender has a lease of its own and the key `NAME/LEASE` (the lease in hexadecimal), as
//! etcd's own recipes lay it out: `etcdctl lock`, `etcdctl elect` and Go's package `concurrency`
//! take part in the same queues. The key that was made first holds; each of the others waits for
//! the one before it to go, so that a release wakes one and not all. Of a semaphore the first few
//! hold, and all of them have agreed how many that are.
//!
//! To those recipes everything below `NAME/` is in the queue, so that who holds `a/b` holds up `a`
//! as well; here only keys count whose rest has no further `/`.

mod entry;
mod join;
mod place;

use bytes::Bytes;

use super::kv::KeyValue;
use super::lease::LeaseId;
use crate::queue;

pub use crate::queue::{DEFAULT_TTL, MIN_TTL};
pub(crate) use place::Place;

/// Somebody in a queue: who holds, or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The key.
    pub key: Bytes,
    /// What the contender put there for others to read.
    pub value: Bytes,
    /// The lease that the key goes with.
    pub lease: Option<LeaseId>,
    /// The revision at which the key was made: of a holder, its fencing token.
    pub create_revision: i64,
}

impl From<KeyValue> for Holder {
    fn from(kv: KeyValue) -> Self {
        Self {
            key: kv.key,
            value: kv.value,
            lease: kv.lease,
            create_revision: kv.create_revision,
        }
    }
}

/// How an attempt to acquire within a time ended.
pub type Acquisition<G> = queue::Acquisition<G, Holder>;
/// Options of locks, semaphores and elections.
pub type QueueOptions = queue::QueueOptions<Bytes>;
pub(crate) type Tenure = queue::Tenure<Place>;
