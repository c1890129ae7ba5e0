//! The unified layer: what every backend of quorate promises, whatever stands behind it.

mod capabilities;
mod election;
mod event;
mod fault;
mod kv;
mod listing;
mod lock;
mod lock_lost;
mod node;
mod registration;
mod semaphore;
mod service;
mod snapshot;
mod target;
mod transaction;
mod tree;
mod watch;

pub use target::{CONSUL, CONSULS, NESTED, REMOTE, REMOTE_CONSULS, TRANSACTIONS, Unified};

use crate::trial::Case;

/// Every case.
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
