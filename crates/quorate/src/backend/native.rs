//! What the clients hand out, in the words of this layer: leases, guards and offices of any of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_net::lease::Reason;
use tokio::time::Instant;

use super::{BoxFuture, Elected, Grip, Hold, Lease, Office};
use crate::{Acquisition, Error, Holding, Key, LostReason, Result, Wait};

/// For how long a client holds something.
impl<R: Reason + Into<LostReason>> Lease for quorate_net::lease::Lease<R> {
    fn valid_until(&self) -> Instant {
        self.valid_until()
    }

    fn is_held(&self) -> bool {
        self.is_valid()
    }

    fn lost(&self) -> BoxFuture<'static, LostReason> {
        let lost = self.lost();
        Box::pin(async move { lost.await.into() })
    }
}

/// A backend on a client.
pub(super) trait Native: Clone + Send + Sync + 'static {
    /// The client's error.
    type Error: Send;

    /// The same in the words of this layer.
    fn error(&self, error: Self::Error, operation: String) -> Error;
}

/// Something that a client holds.
pub(super) trait Guard: fmt::Debug + Send + Sync + 'static {
    /// The client's error.
    type Error: Send;
    /// What giving it back is called.
    const VERB: &'static str = "release";

    /// Who holds it, as what is called `name` here.
    fn holding(&self, name: &Key) -> Holding;

    /// For how long.
    fn lease(&self) -> Arc<dyn Lease>;

    /// Gives it back.
    fn release(self) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A guard of a leader.
pub(super) trait Leads<B>: Guard {
    /// Changes what others read of the leader.
    fn proclaim(
        &self,
        backend: &B,
        value: Bytes,
        operation: String,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// A guard, and the backend that it is of: that may be served in this process, and lives as long.
pub(super) struct Held<G, B> {
    guard: G,
    /// What is held, for errors: ``lock `jobs` ``.
    title: String,
    backend: B,
}

impl<B: Native> Held<(), B> {
    /// A lock or slot that a client acquired.
    pub(super) fn hold<G>(backend: &B, what: &str, name: &Key, guard: G) -> Hold
    where
        G: Guard<Error = B::Error>,
    {
        Hold {
            holding: guard.holding(name),
            lease: guard.lease(),
            grip: Box::new(Held {
                guard,
                title: format!("{what} `{name}`"),
                backend: backend.clone(),
            }),
        }
    }

    /// An election that was won.
    pub(super) fn elected<G>(backend: &B, name: &Key, leadership: G) -> Elected
    where
        G: Leads<B> + Guard<Error = B::Error>,
    {
        Elected {
            holding: leadership.holding(name),
            lease: leadership.lease(),
            office: Box::new(Held {
                guard: leadership,
                title: format!("election `{name}`"),
                backend: backend.clone(),
            }),
        }
    }
}

impl<B: Native, G: Guard<Error = B::Error>> Grip for Held<G, B> {
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let Self {
                guard,
                title,
                backend,
            } = *self;
            let released = guard.release().await;
            released.map_err(|error| backend.error(error, format!("{} {title}", G::VERB)))
        })
    }
}

impl<B: Native, G: Leads<B> + Guard<Error = B::Error>> Office for Held<G, B> {
    fn proclaim(&self, value: Bytes) -> BoxFuture<'_, Result<()>> {
        let operation = format!("proclaim in {}", self.title);
        Box::pin(self.guard.proclaim(&self.backend, value, operation))
    }
}

impl<G: fmt::Debug, B> fmt::Debug for Held<G, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

/// Waits as `wait` says: for a time with `within`, or with `forever`.
pub(super) async fn waited<G, A, E, W>(
    wait: Wait,
    within: impl FnOnce(Duration) -> W,
    forever: impl Future<Output = Result<G, E>>,
) -> Result<Acquisition<G>, E>
where
    A: Into<Acquisition<G>>,
    W: Future<Output = Result<A, E>>,
{
    let time = match wait {
        Wait::Try => Duration::ZERO,
        Wait::AtMost(time) => time,
        Wait::Forever => return forever.await.map(Acquisition::Acquired),
    };
    within(time).await.map(A::into)
}
