//! How long a command may take to end once its lock was lost.

use std::time::{Duration, Instant};

use quorate::{Acquisition, Wait};
use tokio::time::timeout;

use super::hold::{Contended, Guard};
use super::terms::Terms;

/// For how long the server is asked who can hold the lock now. The command stands still meanwhile.
pub(crate) const ASK: Duration = Duration::from_secs(1);

/// A time in which nobody else can hold the lock; perhaps none.
#[derive(Debug)]
pub(crate) struct Respite {
    /// When the command has to be gone.
    pub(crate) kill_at: Instant,
    /// The lock, held once more.
    pub(crate) again: Option<Guard>,
}

impl Respite {
    /// Until `kill_at`.
    pub(crate) fn until(kill_at: Instant) -> Self {
        Self {
            kill_at,
            again: None,
        }
    }

    /// Finds out whether anybody else can hold a lock that was valid until `valid_until` and was
    /// lost before. That its session has ended is not enough: somebody may have released the key
    /// before, which no lock-delay follows. So the lock is tried. If it is acquired, it is ours
    /// again; if it is refused although nobody holds it, the lock-delay keeps everybody out.
    /// Places of a semaphore know no such delay.
    pub(crate) async fn after_loss(
        contended: &Contended,
        terms: &Terms,
        valid_until: Instant,
    ) -> Self {
        let now = Instant::now();
        let asks = contended.has_lock_delay() && terms.may_ask(now, valid_until);
        if !asks {
            return Self::until(now);
        }
        match timeout(ASK, contended.acquire(Wait::Try)).await {
            Ok(Ok(Acquisition::Acquired(guard))) => {
                let valid_until = guard.held().valid_until().into_std();
                Self {
                    kill_at: terms.kill_at_while_held(Instant::now(), valid_until),
                    again: Some(guard),
                }
            }
            Ok(Ok(Acquisition::TimedOut { holders })) if holders.is_empty() => {
                Self::until(terms.kill_at_in_lock_delay(Instant::now(), valid_until))
            }
            _ => Self::until(now),
        }
    }

    /// Resolves when the lock that is held once more is lost once more.
    pub(crate) async fn lost(&self) {
        match &self.again {
            Some(guard) => drop(guard.held().lost().await),
            None => std::future::pending().await,
        }
    }

    /// Gives back what is held once more.
    pub(crate) async fn end(self) {
        if let Some(guard) = self.again
            && let Err(error) = guard.release().await
        {
            tracing::debug!(%error, "the lock was not released and ends with its time");
        }
    }
}
