//! Locks on Consul.

use std::fmt;
use std::sync::Arc;

use quorate_consul::lock as native;
use tokio::time::Instant;

use super::ConsulBackend;
use crate::backend::{BoxFuture, Grip, Hold, Lease, LockBackend};
use crate::{
    Acquisition, FencingToken, Holder, Holding, Key, LockOptions, LostReason, Result, Wait,
};

impl ConsulBackend {
    /// The lock of the client: the key that `consul lock NAME` uses.
    fn native_lock(&self, name: &Key, options: &LockOptions) -> native::Lock {
        let label = options
            .label
            .clone()
            .unwrap_or_else(|| format!("quorate lock {name}"));
        let options = native::LockOptions::new()
            .with_value(options.value.clone())
            .with_session_name(label)
            .with_ttl(options.ttl)
            .with_lock_delay(options.lock_delay);
        self.client
            .lock(format!("{name}/.lock"))
            .with_options(options)
    }

    fn lock_hold(&self, name: &Key, guard: native::LockGuard) -> Hold {
        let token = FencingToken(guard.fencing_token());
        let (key, owner) = (guard.key().to_owned(), guard.session_id().to_owned());
        Hold {
            holding: Holding::new(name.clone(), key, owner, token),
            lease: Arc::new(ConsulLease(guard.lease())),
            grip: Box::new(ConsulGrip {
                guard,
                title: format!("lock `{name}`"),
                backend: self.clone(),
            }),
        }
    }
}

impl LockBackend for ConsulBackend {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        options: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        Box::pin(async move {
            let lock = self.native_lock(name, options);
            let acquired = match options.wait {
                Wait::Try => lock.try_acquire().await,
                Wait::AtMost(time) => lock.acquire_within(time).await,
                Wait::Forever => lock.acquire().await.map(native::Acquisition::Acquired),
            };
            let operation = || format!("acquire lock `{name}`");
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquisition(acquired, |guard| self.lock_hold(name, guard)))
        })
    }

    fn destroy<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let lock = self.native_lock(name, &LockOptions::default());
            let destroyed = lock.destroy().await;
            destroyed.map_err(|error| self.error(error, format!("destroy lock `{name}`")))
        })
    }
}

/// What the client acquired, or who kept it from that.
pub(super) fn acquisition<G>(
    acquired: native::Acquisition<G>,
    hold: impl FnOnce(G) -> Hold,
) -> Acquisition<Hold> {
    match acquired {
        native::Acquisition::Acquired(guard) => Acquisition::Acquired(hold(guard)),
        native::Acquisition::TimedOut { holders, .. } => {
            let holder = |holder: native::Holder| Holder::new(holder.session, holder.value);
            Acquisition::TimedOut {
                holders: holders.into_iter().map(holder).collect(),
            }
        }
    }
}

/// For how long the client holds something.
#[derive(Debug)]
pub(super) struct ConsulLease(pub(super) quorate_consul::Lease);

impl Lease for ConsulLease {
    fn valid_until(&self) -> Instant {
        self.0.valid_until()
    }

    fn is_held(&self) -> bool {
        self.0.is_valid()
    }

    fn lost(&self) -> BoxFuture<'static, LostReason> {
        let lost = self.0.lost();
        Box::pin(async move { lost.await.into() })
    }
}

/// The reason in the words of this layer.
impl From<quorate_consul::LostReason> for LostReason {
    fn from(native: quorate_consul::LostReason) -> Self {
        match native {
            quorate_consul::LostReason::DeadlinePassed => Self::Expired,
            quorate_consul::LostReason::NotHolder => Self::TakenAway,
            quorate_consul::LostReason::Released => Self::Released,
            quorate_consul::LostReason::Closed => Self::Closed,
            // Gone or destroyed; whatever else there will be ends the session too.
            _ => Self::LeaseEnded,
        }
    }
}

/// What the client acquired. It keeps the agent that may be in this process.
pub(super) struct ConsulGrip<G> {
    pub(super) guard: G,
    /// What is released, for errors.
    pub(super) title: String,
    pub(super) backend: ConsulBackend,
}

/// A guard of the client.
pub(super) trait Guard: fmt::Debug + Send + Sync + 'static {
    fn release(self) -> impl Future<Output = Result<(), quorate_consul::Error>> + Send;
}

impl Guard for native::LockGuard {
    fn release(self) -> impl Future<Output = Result<(), quorate_consul::Error>> + Send {
        self.release()
    }
}

impl<G: Guard> Grip for ConsulGrip<G> {
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let Self {
                guard,
                title,
                backend,
            } = *self;
            let released = guard.release().await;
            released.map_err(|error| backend.error(error, format!("release {title}")))
        })
    }
}

impl<G: fmt::Debug> fmt::Debug for ConsulGrip<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_consul::LostReason as Native;

    #[test]
    fn every_reason_has_its_own() {
        for (native, expected) in [
            (Native::DeadlinePassed, LostReason::Expired),
            (Native::SessionGone, LostReason::LeaseEnded),
            (Native::NotHolder, LostReason::TakenAway),
            (Native::Released, LostReason::Released),
            (Native::Destroyed, LostReason::LeaseEnded),
            (Native::Closed, LostReason::Closed),
        ] {
            assert_eq!(LostReason::from(native), expected, "{native:?}");
        }
    }
}
