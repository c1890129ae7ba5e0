//! What goes through the proxy.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::faults::Direction;

/// Counts of a whole proxy.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    accepted: AtomicU64,
    forwarded: [AtomicU64; 2],
    /// The numbers of the connections that are there.
    live: watch::Sender<BTreeSet<u64>>,
}

impl Traffic {
    /// Counts a new connection, which is there until the ticket is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Ticket {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        self.live.send_modify(|live| _ = live.insert(number));
        Ticket {
            traffic: self.clone(),
            number,
        }
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn forwarded(&self, direction: Direction) -> u64 {
        self.forwarded[direction.index()].load(Ordering::Relaxed)
    }

    pub(super) fn live(&self) -> BTreeSet<u64> {
        self.live.borrow().clone()
    }

    /// Resolves when none of these connections is there.
    pub(super) async fn until_gone(&self, connections: &BTreeSet<u64>) {
        let mut live = self.live.subscribe();
        // The sender is a field of this value, so it cannot have gone.
        drop(live.wait_for(|live| live.is_disjoint(connections)).await);
    }
}

/// One connection that is there.
#[derive(Debug)]
pub(super) struct Ticket {
    traffic: Arc<Traffic>,
    number: u64,
}

impl Ticket {
    pub(super) fn count(&self, direction: Direction, bytes: u64) {
        self.traffic.forwarded[direction.index()].fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.traffic
            .live
            .send_modify(|live| _ = live.remove(&self.number));
    }
}
