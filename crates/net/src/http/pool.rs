//! The connections that wait for their next request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;
use crate::endpoint::EndpointId;

/// Idle connections, a stack for each server: the one used last is used next, so that the others
/// grow old and go.
///
/// A std mutex, because it is held for a push or a pop and never across an await.
pub(super) struct Pool {
    stacks: Box<[Mutex<Vec<Connection>>]>,
    max_idle: usize,
    max_age: Duration,
}

impl Pool {
    pub(super) fn new(endpoints: usize, max_idle: usize, max_age: Duration) -> Self {
        Self {
            stacks: (0..endpoints).map(|_| Mutex::default()).collect(),
            max_idle,
            max_age,
        }
    }

    /// Takes the connection to `id` that was used last.
    pub(super) fn take(&self, id: EndpointId, now: Instant) -> Option<Connection> {
        let old;
        let taken = {
            let mut stack = self.stack(id);
            old = self.split_old(&mut stack, now);
            stack.pop()
        };
        // Closing connections takes system calls: not under the lock.
        drop(old);
        taken
    }

    /// Keeps a connection to `id` for the next request, or closes it if there are enough.
    pub(super) fn put(&self, id: EndpointId, mut connection: Connection) {
        connection.idle_since = Instant::now();
        connection.reused = true;
        let mut stack = self.stack(id);
        if stack.len() < self.max_idle {
            stack.push(connection);
        } else {
            drop(stack);
            drop(connection);
        }
    }

    /// How many connections are idle.
    pub(super) fn idle(&self) -> usize {
        self.stacks.iter().map(|stack| lock(stack).len()).sum()
    }

    /// Splits off the connections that are too old: the oldest are at the bottom.
    fn split_old(&self, stack: &mut Vec<Connection>, now: Instant) -> Vec<Connection> {
        let is_old = |connection: &Connection| {
            now.saturating_duration_since(connection.idle_since) >= self.max_age
        };
        match stack.first() {
            Some(bottom) if is_old(bottom) => {
                let count = stack
                    .iter()
                    .take_while(|connection| is_old(connection))
                    .count();
                stack.drain(..count).collect()
            }
            _ => Vec::new(),
        }
    }

    fn stack(&self, id: EndpointId) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        lock(&self.stacks[id.index()])
    }
}

/// A panic cannot leave a stack half changed, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
