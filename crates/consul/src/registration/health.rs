//! How a service says that it is.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use crate::HealthStatus;

/// How a service is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Passing, warning or critical.
    pub status: HealthStatus,
    /// Why, for people; what is longer than 4 KiB is cut by the agent.
    pub note: String,
}

impl Health {
    /// It is well.
    pub fn passing(note: impl Into<String>) -> Self {
        Self::new(HealthStatus::Passing, note)
    }

    /// It works, and somebody should look at it.
    pub fn warning(note: impl Into<String>) -> Self {
        Self::new(HealthStatus::Warning, note)
    }

    /// It can't be used.
    pub fn critical(note: impl Into<String>) -> Self {
        Self::new(HealthStatus::Critical, note)
    }

    fn new(status: HealthStatus, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { status, note }
    }
}

/// What asks a service how it is.
pub(super) type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Health> + Send>> + Send + Sync>;

/// Asks within `limit`. An answer always comes.
pub(super) async fn ask(probe: &Probe, limit: Duration) -> Health {
    match timeout(limit, caught(async { probe().await })).await {
        Ok(Some(health)) => health,
        Ok(None) => Health::critical("the health check panicked"),
        Err(_) => Health::critical(format!("the health check took longer than {limit:?}")),
    }
}

/// The output of `future`; `None` if it panicked.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        // After a panic it is dropped and never polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(None), |poll| poll.map(Some))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_or_panics_is_critical() {
        let limit = Duration::from_secs(5);
        let hangs: Probe = Arc::new(|| Box::pin(std::future::pending()));
        let health = ask(&hangs, limit).await;
        assert_eq!(
            health,
            Health::critical("the health check took longer than 5s")
        );
        let panics: Probe = Arc::new(|| Box::pin(async { panic!("of the service's own") }));
        let health = ask(&panics, limit).await;
        assert_eq!(health, Health::critical("the health check panicked"));
    }
}
