//! The tasks of a client's sessions, locks and semaphores.

use std::time::Duration;

use quorate_net::task::TaskGroup;

use super::Turnstile;
use crate::Client;

/// How long the tasks get to give back what they hold, and to end their sessions.
const GRACE: Duration = Duration::from_secs(5);

/// What the sessions, locks and semaphores of a client and its clones share.
///
/// Their tasks hold the client, so they go on when it is dropped, until their own handles are: each
/// task ends with the handles and guards that it serves.
#[derive(Debug, Default)]
pub(crate) struct Tenants {
    tasks: TaskGroup,
    turns: Turnstile,
}

impl Client {
    pub(crate) fn tasks(&self) -> &TaskGroup {
        &self.inner.tenants.tasks
    }

    /// The queues of those who wait for the same key.
    pub(crate) fn turns(&self) -> &Turnstile {
        &self.inner.tenants.turns
    }

    /// Gives back every lock and slot that this client and its clones hold, ends the sessions that
    /// they keep, and returns when no task of theirs is left: after 5 s at most, and if nothing is
    /// held, at once. Guards and keepers say [`LostReason::Closed`](crate::LostReason) from then
    /// on, and new ones can't be had. All other calls go on working.
    ///
    /// # Cancel safety
    ///
    /// Everything is still ended in the background if this is dropped; call it again to go on
    /// waiting.
    pub async fn close(&self) {
        let left = self.tasks().shutdown(GRACE).await;
        if left > 0 {
            tracing::warn!(
                left,
                "sessions were left to their TTL: closing took too long"
            );
        }
    }
}
