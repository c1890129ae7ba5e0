//! The unified layer: what every backend of quorate promises, whatever stands behind it.

mod capabilities;
mod election;
mod event;
mod fault;
mod kv;
mod listing;
mod lock;
mod lock_lost;
mod member;
mod node;
mod registration;
mod semaphore;
mod service;
mod snapshot;
mod target;
mod transaction;
mod tree;
mod watch;

pub use target::{
    COMPACTION, CONSUL, CONSULS, ETCD3S, NESTED, REMOTE, REMOTE_CONSULS, SERF, TRANSACTIONS,
    Unified,
};

use crate::trial::Case;

pub use member::cases as member_cases;

/// Every case of keys, locks, elections, services, nodes and events.
pub fn cases() -> Vec<Case<Unified>> {
    let tables = [
        fault::cases(),
        watch::cases(),
        lock_lost::cases(),
        lock::cases(),
        semaphore::cases(),
        election::cases(),
        service::cases(),
        registration::cases(),
        node::cases(),
        event::cases(),
        snapshot::cases(),
        kv::cases(),
        listing::cases(),
        transaction::cases(),
        tree::cases(),
        capabilities::cases(),
    ];
    tables.into_iter().flatten().collect()
}
