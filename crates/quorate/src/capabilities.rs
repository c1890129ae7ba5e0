//! What a backend can do.

use std::time::Duration;

/// What a backend can do and how much of it. What it can't do gives a typed
/// [`Unsupported`](crate::ErrorKind::Unsupported) error, and what is too much an
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Keys can be read and written.
    pub kv: bool,
    /// The longest key, in bytes.
    pub max_key_bytes: usize,
    /// The largest value that can be written, in bytes. On Consul this is less than its own
    /// 512 KiB, because writes go through a transaction, which alone answers the new revision.
    pub max_value_bytes: usize,
    /// A key may have keys beneath it: `jobs` and `jobs/a`. On etcd v2 writing the second is a
    /// [`Conflict`](crate::ErrorKind::Conflict) while the first exists.
    pub keys_beneath_keys: bool,
    /// Several keys can be changed at once.
    pub transactions: bool,
    /// The most comparisons and operations of one transaction, together.
    pub max_txn_ops: usize,
    /// The largest transaction, in bytes as the backend encodes it. On Consul a value counts 4/3.
    pub max_txn_bytes: usize,
    /// A transaction can compare who holds a lock, so writes can be fenced.
    pub fenced_writes: bool,
    /// A committed transaction without a put says its revision.
    pub txn_always_has_revision: bool,
    /// Keys and prefixes can be watched.
    pub watch: bool,
    /// A watch sees every value that a key had, not only the last one of several that followed
    /// each other quickly.
    pub watch_every_change: bool,
    /// A deletion seen by a watch has the revision of the deletion itself, not only one that is
    /// at least as great.
    pub exact_delete_revision: bool,
    /// Locks can be taken.
    pub locks: bool,
    /// Semaphores can be taken.
    pub semaphores: bool,
    /// The largest value that a lock's key holds, in bytes.
    pub max_lock_value_bytes: usize,
    /// The shortest time that a lock or slot may live without renewal.
    pub min_ttl: Duration,
    /// The longest time that a lock or slot may live without renewal.
    pub max_ttl: Duration,
    /// The longest time for which a lock stays closed after its holder died; 0 where the backend
    /// has no such delay.
    pub max_lock_delay: Duration,
    /// Whoever waited longest gets the lock next.
    pub fair_locks: bool,
    /// Leaders can be elected.
    pub elections: bool,
    /// Services can be registered and found.
    pub services: bool,
    /// The nearest instances of a service can come first.
    pub service_distances: bool,
    /// Nodes can be listed.
    pub nodes: bool,
    /// Members can be listed and followed.
    pub members: bool,
    /// What the agent says of itself can be changed.
    pub tags: bool,
    /// Events can be fired and followed.
    pub events: bool,
    /// Events can be for some nodes only.
    pub event_filters: bool,
    /// Questions can be asked and answered.
    pub queries: bool,
    /// Everything can be saved into a file, and restored.
    pub snapshots: bool,
    /// What is written survives the end of the process that serves it.
    pub durable: bool,
    /// Other processes can reach the same data.
    pub shared: bool,
}
