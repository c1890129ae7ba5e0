//! Who goes first inside this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The right to be the one who deals with a name; the next in line gets it when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// One queue for each name, first come first served, all inside this process.
#[derive(Debug, Default)]
pub(crate) struct Turnstile {
    // A std mutex: it is held for a look-up, and never across an await.
    queues: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Turnstile {
    /// Waits for the turn at `name`.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue.
    pub(crate) async fn enter(&self, name: &str) -> Turn {
        let queue = self.queue(name);
        match queue.clone().acquire_owned().await {
            Ok(permit) => Turn(permit),
            // Nothing closes these semaphores.
            Err(_) => std::future::pending().await,
        }
    }

    /// The turn at `name`, if nobody has it and nobody waits for it.
    pub(crate) fn try_enter(&self, name: &str) -> Option<Turn> {
        self.queue(name).try_acquire_owned().ok().map(Turn)
    }

    fn queue(&self, name: &str) -> Arc<Semaphore> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has a turn or waits for one keeps a reference to its queue.
        queues.retain(|_, queue| Arc::strong_count(queue) > 1);
        let queue = queues
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(1)));
        Arc::clone(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_the_next_when_the_turn_is_dropped() {
        let turnstile = Turnstile::default();
        let first = turnstile.enter("a").await;
        assert!(turnstile.try_enter("a").is_none());
        assert!(turnstile.try_enter("b").is_some());
        drop(first);
        assert!(turnstile.try_enter("a").is_some());
    }

    #[tokio::test]
    async fn queues_that_nobody_uses_are_forgotten() {
        let turnstile = Turnstile::default();
        for name in ["a", "b", "c"] {
            drop(turnstile.enter(name).await);
        }
        assert_eq!(turnstile.queues.lock().unwrap().len(), 1);
    }
}
