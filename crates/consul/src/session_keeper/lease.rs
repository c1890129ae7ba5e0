//! For how long a session, or something that it holds, may be relied on.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::error::Class;
use crate::{Error, ErrorKind, Outcome, RetryAdvice};

/// Why a session, lock or semaphore slot can't be relied on any more.
///
/// It is an error, so `?` takes it into a `Box<dyn Error>`, into [`Error`](crate::Error) (with this
/// as its source) and into error types of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// No renewal succeeded for as long as the TTL, by the local monotonic clock.
    #[error("no renewal succeeded within the TTL")]
    DeadlinePassed,
    /// The server says that the session does not exist: it expired, was destroyed by somebody
    /// else, or its node or a check of it failed.
    #[error("the session does not exist any more")]
    SessionGone,
    /// The server shows that the session holds the lock or slot no more: an operator released or
    /// deleted the key, or rewrote the semaphore's record; or the session has just ended. The end
    /// of a session frees its keys in the same step, and that is often seen before the next renewal
    /// could tell that the session is gone. What is lost is said at once, so nothing is asked to
    /// find out which it was: [`SessionApi::info`](crate::SessionApi::info) on the guard's
    /// `session_id` does.
    #[error("the server shows that it is not held any more")]
    NotHolder,
    /// It was given back by its owner.
    #[error("it was released")]
    Released,
    /// The session was destroyed by its owner.
    #[error("the session was destroyed")]
    Destroyed,
    /// The client was closed.
    #[error("the client was closed")]
    Closed,
}

impl LostReason {
    /// The kind of an error that it is the reason for.
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::NotHolder => ErrorKind::NotHolder,
            Self::Closed => ErrorKind::Closed,
            _ => ErrorKind::LeaseLost,
        }
    }
}

/// Work under a lock, slot or session was dropped where it stood: what it had done by then is
/// unknown.
impl From<LostReason> for Error {
    fn from(reason: LostReason) -> Self {
        let class = Class::new(reason.kind(), Outcome::Unknown, RetryAdvice::IfIdempotent);
        Self::new(class, "work while it is held").with_source(reason)
    }
}

/// What a keeper's task knows about its session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// Start of the last renewal that succeeded + TTL.
    pub(crate) deadline: Instant,
    /// Set once, and never unset.
    pub(crate) lost: Option<LostReason>,
}

/// A view of how long a session, lock or semaphore slot may be relied on.
///
/// It needs no network: it is valid until an instant of the local monotonic clock that every
/// successful renewal moves forward, measured from the *start* of that renewal. Once it was not
/// valid it never is again, whatever the server answers later. Clones see the same.
///
/// The monotonic clock of Linux stands still while the machine is suspended. Where that can
/// happen, pass the fencing token along with every write to the protected resource.
#[derive(Clone)]
pub struct Lease {
    session: watch::Receiver<State>,
    own: Option<watch::Receiver<Option<LostReason>>>,
}

impl Lease {
    pub(crate) fn of_session(session: watch::Receiver<State>) -> Self {
        Self { session, own: None }
    }

    /// A lease that ends with this one, and by itself with a reason of its own.
    pub(crate) fn narrowed(&self, own: watch::Receiver<Option<LostReason>>) -> Self {
        Self {
            session: self.session.clone(),
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
        self.session.borrow().deadline
    }

    /// Why it can't be relied on any more; `None` while it can.
    #[must_use]
    pub fn lost_reason(&self) -> Option<LostReason> {
        if let Some(reason) = self.own.as_ref().and_then(|own| *own.borrow()) {
            return Some(reason);
        }
        let State { deadline, lost } = *self.session.borrow();
        lost.or_else(|| (Instant::now() >= deadline).then_some(LostReason::DeadlinePassed))
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
    ///
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
                    () = changed(Some(&mut lease.session)) => {}
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
    use std::time::Duration;

    use super::*;

    const TTL: Duration = Duration::from_secs(15);

    fn session() -> (watch::Sender<State>, Lease) {
        let (sender, receiver) = watch::channel(State {
            deadline: Instant::now() + TTL,
            lost: None,
        });
        (sender, Lease::of_session(receiver))
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_the_deadline_even_if_nobody_says_so() {
        let begun = Instant::now();
        let (sender, lease) = session();
        drop(sender);
        assert!(lease.is_valid());
        assert_eq!(lease.lost().await, LostReason::DeadlinePassed);
        assert_eq!(begun.elapsed(), TTL);
        assert!(!lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_moves_the_end() {
        let begun = Instant::now();
        let (sender, lease) = session();
        let lost = lease.lost();
        sender.send_modify(|state| state.deadline += TTL);
        assert_eq!(lost.await, LostReason::DeadlinePassed);
        assert_eq!(begun.elapsed(), 2 * TTL);
    }

    #[test]
    fn a_loss_becomes_an_error_that_says_why() {
        fn lose(reason: LostReason) -> Result<(), Error> {
            Err(reason)?;
            Ok(())
        }
        for (reason, kind) in [
            (LostReason::DeadlinePassed, ErrorKind::LeaseLost),
            (LostReason::SessionGone, ErrorKind::LeaseLost),
            (LostReason::NotHolder, ErrorKind::NotHolder),
            (LostReason::Closed, ErrorKind::Closed),
        ] {
            let error = lose(reason).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown));
            let source = std::error::Error::source(&error).unwrap();
            assert_eq!(source.downcast_ref(), Some(&reason));
        }
    }

    #[tokio::test]
    async fn work_gets_no_turn_after_a_standstill_that_outlasted_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(20);
        let (_sender, receiver) = watch::channel(State {
            deadline,
            lost: None,
        });
        let lease = Lease::of_session(receiver);
        let ended = quorate_net::task::spawn(async move {
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
        assert_eq!(ended, (Err(LostReason::DeadlinePassed), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_in_time_keeps_its_result() {
        let (_sender, lease) = session();
        assert_eq!(lease.run_while_valid(async { 7 }).await, Ok(7));
        let endless = std::future::pending::<()>();
        let ended = lease.run_while_valid(endless).await;
        assert_eq!(ended, Err(LostReason::DeadlinePassed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_narrowed_lease_ends_with_either() {
        let (sender, lease) = session();
        let (own, receiver) = watch::channel(None);
        let narrow = lease.narrowed(receiver);
        own.send_replace(Some(LostReason::NotHolder));
        assert_eq!(narrow.lost().await, LostReason::NotHolder);
        assert!(lease.is_valid() && !narrow.is_valid());
        sender.send_modify(|state| state.lost = Some(LostReason::SessionGone));
        assert_eq!(lease.lost().await, LostReason::SessionGone);
        assert_eq!(
            narrow.lost_reason(),
            Some(LostReason::NotHolder),
            "the first reason stays"
        );
    }
}
