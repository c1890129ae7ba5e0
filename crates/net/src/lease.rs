//! For how long something that has to be renewed may be relied on, by the local clock.
//!
//! Whoever renews it has a [`Validity`]; whoever relies on it has a [`Lease`] of it.

mod validity;

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use validity::State;
pub use validity::{Renewal, Validity, random_up_to};

/// Why something can't be relied on any more: the words of a protocol.
pub trait Reason: Copy + fmt::Debug + Send + Sync + 'static {
    /// No renewal succeeded in time, by the local monotonic clock.
    const DEADLINE_PASSED: Self;
}

/// A view of how long a session, a lock or a slot may be relied on.
///
/// It needs no network: it is valid until an instant of the local monotonic clock that every
/// successful renewal moves forward, measured from the *start* of that renewal. Once it was not
/// valid it never is again, whatever the server answers later. Clones see the same.
///
/// The monotonic clock of Linux stands still while the machine is suspended, and servers count by
/// clocks of their own. Where that can do harm, pass the fencing token along with every write to
/// the protected resource.
pub struct Lease<R> {
    state: watch::Receiver<State<R>>,
    own: Option<watch::Receiver<Option<R>>>,
}

impl<R: Reason> Lease<R> {
    fn new(state: watch::Receiver<State<R>>) -> Self {
        Self { state, own: None }
    }

    /// A lease that ends with this one, and by itself with a reason of its own.
    #[must_use]
    pub fn narrowed(&self, own: watch::Receiver<Option<R>>) -> Self {
        Self {
            state: self.state.clone(),
            own: Some(own),
        }
    }

    /// Whether it may be relied on at this moment.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.lost_reason().is_none()
    }

    /// When it ends unless a renewal succeeds before. Meaningless once it is lost.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.state.borrow().deadline
    }

    /// Why it can't be relied on any more; `None` while it can.
    #[must_use]
    pub fn lost_reason(&self) -> Option<R> {
        if let Some(reason) = self.own.as_ref().and_then(|own| *own.borrow()) {
            return Some(reason);
        }
        let State { deadline, lost } = *self.state.borrow();
        lost.or_else(|| (Instant::now() >= deadline).then_some(R::DEADLINE_PASSED))
    }

    /// Runs `work`, and drops it when this can't be relied on any more. `work` gets no turn after
    /// the deadline, not even in a process that was stopped meanwhile.
    ///
    /// # Errors
    ///
    /// Why it can't be relied on any more.
    ///
    /// # Cancel safety
    ///
    /// That of `work`.
    pub async fn run_while_valid<F: Future>(&self, work: F) -> Result<F::Output, R> {
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
    ///
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = R> + Send + 'static + use<R> {
        let mut lease = self.clone();
        async move {
            loop {
                if let Some(reason) = lease.lost_reason() {
                    return reason;
                }
                let deadline = lease.valid_until();
                tokio::select! {
                    () = sleep_until(deadline) => {}
                    () = changed(Some(&mut lease.state)) => {}
                    () = changed(lease.own.as_mut()) => {}
                }
            }
        }
    }
}

/// Waits for news; for ever when there is nobody left to bring any.
async fn changed<T>(receiver: Option<&mut watch::Receiver<T>>) {
    if let Some(receiver) = receiver
        && receiver.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

impl<R> Clone for Lease<R> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            own: self.own.clone(),
        }
    }
}

impl<R: Reason> fmt::Debug for Lease<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("valid_until", &self.valid_until())
            .field("lost_reason", &self.lost_reason())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::validity::tests::{Why, validity};
    use super::*;

    const TTL: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_the_deadline_even_if_nobody_says_so() {
        let begun = Instant::now();
        let validity = validity(TTL);
        let lease = validity.lease();
        drop(validity);
        assert!(lease.is_valid());
        assert_eq!(lease.lost().await, Why::DeadlinePassed);
        assert_eq!(begun.elapsed(), TTL);
        assert!(!lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_moves_the_end() {
        let begun = Instant::now();
        let validity = validity(TTL);
        let lost = validity.lease().lost();
        validity.confirm(begun + 2 * TTL).unwrap();
        assert_eq!(lost.await, Why::DeadlinePassed);
        assert_eq!(begun.elapsed(), 2 * TTL);
    }

    #[tokio::test]
    async fn work_gets_no_turn_after_a_standstill_that_outlasted_the_deadline() {
        let validity = validity(Duration::from_millis(20));
        let lease = validity.lease();
        let deadline = lease.valid_until();
        let ended = crate::task::spawn(async move {
            let mut turns = 0;
            let work = poll_fn(|cx| {
                turns += 1;
                // The whole thread stands still, so no timer runs before the next turn.
                while Instant::now() <= deadline {
                    std::hint::spin_loop();
                }
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            });
            let ended = lease.run_while_valid(work).await;
            (ended, turns)
        });
        let ended = ended.join().await.unwrap();
        assert_eq!(ended, (Err(Why::DeadlinePassed), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_in_time_keeps_its_result() {
        let validity = validity(TTL);
        let lease = validity.lease();
        assert_eq!(lease.run_while_valid(async { 7 }).await, Ok(7));
        let endless = std::future::pending::<()>();
        let ended = lease.run_while_valid(endless).await;
        assert_eq!(ended, Err(Why::DeadlinePassed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_narrowed_lease_ends_with_either() {
        let validity = validity(TTL);
        let lease = validity.lease();
        let (own, receiver) = watch::channel(None);
        let narrow = lease.narrowed(receiver);
        own.send_replace(Some(Why::TakenAway));
        assert_eq!(narrow.lost().await, Why::TakenAway);
        assert!(lease.is_valid() && !narrow.is_valid());
        validity.lose(Why::Released);
        assert_eq!(lease.lost().await, Why::Released);
        assert_eq!(
            narrow.lost_reason(),
            Some(Why::TakenAway),
            "the first reason stays"
        );
    }
}
