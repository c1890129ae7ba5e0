//! The unified layer: what every backend of quorate promises, whatever stands behind it.

mod capabilities;
mod fault;
mod kv;
mod listing;
mod lock;
mod lock_lost;
mod semaphore;
mod target;
mod transaction;
mod watch;

pub use target::{REMOTE, Unified};

use crate::trial::Case;

/// Every case.
pub fn cases() -> Vec<Case<Unified>> {
    let tables: [Vec<Case<Unified>>; 9] = [
        fault::cases(),
        watch::cases(),
        lock_lost::cases(),
        lock::cases(),
        semaphore::cases(),
        kv::cases(),
        listing::cases(),
        transaction::cases(),
        capabilities::cases(),
    ];
    tables.into_iter().flatten().collect()
}
