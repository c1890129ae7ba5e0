//! What it means to hold a lock or a slot of a semaphore.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::backend::Lease;
use crate::{Error, ErrorKind, Key, Outcome, RetryAdvice};

/// A number that only grows from one holder of a lock to the next.
///
/// Send it with whatever the lock protects, and let the receiver refuse numbers that are smaller
/// than the greatest it has seen: then a holder that was paused for too long can't do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken(pub u64);

impl fmt::Display for FencingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<FencingToken> for u64 {
    fn from(token: FencingToken) -> Self {
        token.0
    }
}

/// Why a lock or slot is not held any more.
///
/// It is an error, so `?` takes it into [`Error`], whose [`native`](Error::native) gives it back,
/// and into error types of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// The time that the last successful renewal gave is over; the server may give it to another.
    #[error("it could not be renewed in time")]
    Expired,
    /// The server ended the session or lease behind it.
    #[error("the server ended the session behind it")]
    LeaseEnded,
    /// The server shows another holder, or none. Also where a session has just ended: it is seen to
    /// hold nothing before it is seen to be gone, and the loss is told at once.
    #[error("the server shows that it is not held any more")]
    TakenAway,
    /// This holder released it.
    #[error("it was released")]
    Released,
    /// The coordinator was closed.
    #[error("the coordinator was closed")]
    Closed,
}

/// Work under the lock or slot was dropped where it stood: what it had done by then is unknown.
impl From<LostReason> for Error {
    fn from(reason: LostReason) -> Self {
        stopped("work while it is held", reason)
    }
}

/// The error of `operation`, which was stopped when what it needed was lost.
pub(crate) fn stopped(operation: impl Into<String>, reason: LostReason) -> Error {
    Error::new(
        ErrorKind::LeaseLost,
        operation,
        "stopped, because it was lost",
    )
    .with_outcome(Outcome::Unknown)
    .with_advice(RetryAdvice::IfIdempotent)
    .with_source(reason)
}

/// How long to wait for a lock or slot that is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wait {
    /// Not at all: one attempt.
    Try,
    /// At most this long.
    AtMost(Duration),
    /// For as long as it takes.
    #[default]
    Forever,
}

/// What came of trying to get a lock or slot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "dropping a guard releases it"]
pub enum Acquisition<T> {
    /// It is held; or what was to be done with it was done.
    Acquired(T),
    /// It was taken for all of the time that was given. Nothing is left behind.
    TimedOut {
        /// Who held it when that was last seen. Empty if nobody did: then its last holder died,
        /// and the lock-delay keeps everybody out; or the backend does not say.
        holders: Vec<Holder>,
    },
}

impl<T> Acquisition<T> {
    /// What was acquired, if it was.
    pub fn acquired(self) -> Option<T> {
        match self {
            Self::Acquired(value) => Some(value),
            Self::TimedOut { .. } => None,
        }
    }

    /// The same with `change` made to what was acquired.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Acquisition<U> {
        match self {
            Self::Acquired(value) => Acquisition::Acquired(change(value)),
            Self::TimedOut { holders } => Acquisition::TimedOut { holders },
        }
    }
}

/// Who holds a lock or slot that was not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The session (Consul) or lease that holds it.
    pub owner: String,
    /// What it left there for others to read: the `value` of its options.
    pub value: Bytes,
}

impl Holder {
    /// A holder.
    pub fn new(owner: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self {
            owner: owner.into(),
            value: value.into(),
        }
    }
}

/// A proof of who holds a lock or slot, for [fenced writes](crate::Transaction::held). It can be
/// kept, and simply stops to hold when the lock is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    name: Key,
    key: String,
    owner: String,
    token: FencingToken,
}

impl Holding {
    /// The lock `name` is held by `owner` (a session or lease of the backend) through the
    /// backend's `key`, with `token`.
    #[must_use]
    pub fn new(name: Key, key: String, owner: String, token: FencingToken) -> Self {
        Self {
            name,
            key,
            owner,
            token,
        }
    }

    /// The name of the lock or semaphore.
    #[must_use]
    pub fn name(&self) -> &Key {
        &self.name
    }

    /// The key that the backend keeps for it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The session (Consul) or lease that owns the key.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The fencing token.
    #[must_use]
    pub fn token(&self) -> FencingToken {
        self.token
    }
}

/// A lock or slot that was acquired, as seen by those who work under it: it tells whether it is
/// still held, and can't release it. Clones tell the same.
///
/// The answers come from this machine's monotonic clock: what was acquired counts as lost at the
/// latest when the time that the last successful renewal gave is over, counted from when that
/// renewal was *sent*. No network is needed to find out, so nobody can hold it at the same time.
#[derive(Clone, Debug)]
pub struct Held {
    holding: Holding,
    lease: Arc<dyn Lease>,
}

impl Held {
    pub(crate) fn new(holding: Holding, lease: Arc<dyn Lease>) -> Self {
        Self { holding, lease }
    }

    /// The name of the lock or semaphore.
    #[must_use]
    pub fn name(&self) -> &Key {
        self.holding.name()
    }

    /// The number that only grows from holder to holder. See [`FencingToken`].
    #[must_use]
    pub fn fencing_token(&self) -> FencingToken {
        self.holding.token()
    }

    /// The proof for [fenced writes](crate::Transaction::held).
    #[must_use]
    pub fn holding(&self) -> &Holding {
        &self.holding
    }

    /// Until when it is certainly held, if nothing is heard of the server any more. Each renewal
    /// moves it on.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.lease.valid_until()
    }

    /// Whether it is held now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.lease.is_held()
    }

    /// Resolves when it is not held any more, at [`valid_until`](Self::valid_until) at the latest.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; ask again.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.lease.lost()
    }

    /// Runs `work`, and drops it when the lock or slot is lost. `work` gets no turn after
    /// [`valid_until`](Self::valid_until), not even in a process that was stopped meanwhile.
    ///
    /// ```
    /// # #[cfg(feature = "embedded")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
    /// let coordinator = quorate::connect("memory:").await?;
    /// let guard = coordinator.lock("jobs/nightly").acquire().await?;
    /// let result = guard.run_while_held(async { 6 * 7 }).await?;
    /// assert_eq!(result, 42);
    /// guard.release().await?;
    /// # coordinator.close().await
    /// # }
    /// # #[cfg(not(feature = "embedded"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// Why it was lost.
    ///
    /// # Cancel safety
    /// That of `work`. The lock or slot is still held afterwards.
    pub async fn run_while_held<F: Future>(&self, work: F) -> Result<F::Output, LostReason> {
        let (mut lost, mut work) = (pin!(self.lost()), pin!(work));
        poll_fn(|cx| {
            if let Poll::Ready(reason) = lost.as_mut().poll(cx) {
                return Poll::Ready(Err(reason));
            }
            // After the process was stopped for a while the timer may not have run yet: the clock
            // decides, before the work gets another turn.
            if !self.is_held() {
                return Poll::Ready(Err(LostReason::Expired));
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}
