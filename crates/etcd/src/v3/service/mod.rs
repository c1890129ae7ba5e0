//! Locks and elections that servers run: the services `Lock` and `Election`.
//!
//! [`Client::lock`](super::Client::lock) and [`Client::election`](super::Client::election) are
//! nearly always better: they keep their lease, know when they are lost, and win with a key that is
//! there. These are for leases that are kept elsewhere. All of them share the same queues.

mod election;
mod lock;

use std::time::Duration;

pub use election::{ElectionService, LeaderKey, ObserveService};
pub use lock::LockService;

/// For calls that wait for others.
const FOR_EVER: Duration = Duration::MAX;
