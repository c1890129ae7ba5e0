//! For how long a lock, slot or leadership may be relied on.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::error::{Class, Error, ErrorKind, Outcome, RetryAdvice};

/// Why a lock, slot or leadership can't be relied on any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// No renewal succeeded for as long as the TTL, by the local monotonic clock.
    #[error("no renewal succeeded within the TTL")]
    DeadlinePassed,
    /// The server shows that the entry is gone: it expired, or somebody deleted it.
    #[error("the entry is gone")]
    EntryGone,
    /// It was given back by its owner.
    #[error("it was released")]
    Released,
    /// The client was closed.
    #[error("the client was closed")]
    Closed,
}

impl LostReason {
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::EntryGone => ErrorKind::NotHolder,
            Self::Closed => ErrorKind::Closed,
            Self::DeadlinePassed | Self::Released => ErrorKind::LeaseLost,
        }
    }
}

/// Work under a lock was dropped where it stood: what it had done by then is unknown.
impl From<LostReason> for Error {
    fn from(reason: LostReason) -> Self {
        let class = Class::new(reason.kind(), Outcome::Unknown, RetryAdvice::IfIdempotent);
        Self::new(class, "work while it is held").with_source(reason)
    }
}

/// What the task of an entry knows about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// Start of the last renewal that succeeded + TTL.
    pub(crate) deadline: Instant,
    /// Set once, and never unset.
    pub(crate) lost: Option<LostReason>,
}

/// A view of how long a lock, slot or leadership may be relied on.
///
/// It needs no network: it is valid until an instant of the local monotonic clock that every
/// successful renewal moves forward, measured from the *start* of that renewal. Once it was not
/// valid it never is again, whatever the server answers later. Clones see the same.
///
/// Servers end entries by the clocks of two of their members: the one that took the renewal and
/// the one that leads. If those differ, an entry may go early. Where that or a suspended machine
/// would do harm, pass the fencing token along with every write to the protected resource.
#[derive(Clone)]
pub struct Lease(watch::Receiver<State>);

impl Lease {
    pub(crate) fn new(state: watch::Receiver<State>) -> Self {
        Self(state)
    }

    /// Whether it may be relied on at this moment.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.lost_reason().is_none()
    }

    /// When it ends unless a renewal succeeds before. Meaningless once it is lost.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.0.borrow().deadline
    }

    /// Why it can't be relied on any more; `None` while it can.
    #[must_use]
    pub fn lost_reason(&self) -> Option<LostReason> {
        let State { deadline, lost } = *self.0.borrow();
        lost.or_else(|| (Instant::now() >= deadline).then_some(LostReason::DeadlinePassed))
    }

    /// Runs `work`, and drops it when this can't be relied on any more. `work` gets no turn after
    /// the deadline, not even in a process that was stopped meanwhile.
    ///
    /// # Errors
    /// Why it can't be relied on any more.
    ///
    /// # Cancel safety
    /// That of `work`.
    pub async fn run_while_valid<F: Future>(&self, work: F) -> Result<F::Output, LostReason> {
        let (mut lost, mut work) = (pin!(self.lost()), pin!(work));
        poll_fn(|cx| {
            if let Poll::Ready(reason) = lost.as_mut().poll(cx) {
                return Poll::Ready(Err(reason));
            }
            // After a standstill the timer may not have run yet: the clock decides.
            if let Some(reason) = self.lost_reason() {
                return Poll::Ready(Err(reason));
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    /// Resolves when it can't be relied on any more: at the deadline at the latest, with no
    /// network needed. At once if that was before.
    ///
    /// # Cancel safety
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        let mut lease = self.clone();
        async move {
            loop {
                if let Some(reason) = lease.lost_reason() {
                    return reason;
                }
                let deadline = lease.valid_until();
                tokio::select! {
                    () = sleep_until(deadline) => {}
                    () = changed(&mut lease.0) => {}
                }
            }
        }
    }
}

/// Waits for news; for ever when there is nobody left to bring any.
async fn changed(state: &mut watch::Receiver<State>) {
    if state.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("valid_until", &self.valid_until())
            .field("lost_reason", &self.lost_reason())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const TTL: Duration = Duration::from_secs(15);

    fn lease() -> (watch::Sender<State>, Lease) {
        let state = State {
            deadline: Instant::now() + TTL,
            lost: None,
        };
        let (sender, receiver) = watch::channel(state);
        (sender, Lease::new(receiver))
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_lost_at_its_deadline_without_anybody_saying_so() {
        let (sender, lease) = lease();
        drop(sender);
        let begun = Instant::now();
        assert_eq!(lease.lost().await, LostReason::DeadlinePassed);
        assert!(begun.elapsed() >= TTL && begun.elapsed() < TTL + Duration::from_millis(10));
        assert!(!lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_moves_the_deadline() {
        let (sender, lease) = lease();
        tokio::time::advance(TTL / 2).await;
        sender.send_modify(|state| state.deadline = Instant::now() + TTL);
        tokio::time::advance(TTL * 3 / 4).await;
        assert!(lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_dropped_when_it_is_lost() {
        let (sender, lease) = lease();
        let work = lease.run_while_valid(std::future::pending::<()>());
        sender.send_modify(|state| state.lost = Some(LostReason::EntryGone));
        assert_eq!(work.await, Err(LostReason::EntryGone));
        assert_eq!(
            lease.run_while_valid(async { 1 }).await,
            Err(LostReason::EntryGone)
        );
    }
}
