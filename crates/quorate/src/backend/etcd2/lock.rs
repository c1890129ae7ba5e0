//! Locks on etcd v2.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd::v2::{self as native, QueueOptions};
use tokio::time::Instant;

use super::{Etcd2Backend, value};
use crate::backend::{BoxFuture, Grip, Hold, Lease, LockBackend};
use crate::{
    Acquisition, Error, FencingToken, Holder, Holding, Key, LockOptions, LostReason, Result, Wait,
};

/// The largest value beside a lock: everybody who waits reads it.
pub(super) const MAX_VALUE_BYTES: usize = 64 * 1024;
/// The longest TTL.
pub(super) const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest lock-delay.
pub(super) const MAX_DELAY: Duration = Duration::from_secs(60);

impl Etcd2Backend {
    /// The lock of the client: that of python-etcd, so that its contenders and ours exclude each
    /// other.
    fn native_lock(&self, name: &Key) -> native::Lock {
        self.client.lock(&self.layout.name(name))
    }

    fn lock_hold(&self, name: &Key, guard: native::LockGuard) -> Hold {
        let token = FencingToken(guard.fencing_token());
        let (key, owner) = (guard.key().to_owned(), guard.id().to_owned());
        Hold {
            holding: Holding::new(name.clone(), key, owner, token),
            lease: Arc::new(Etcd2Lease(guard.lease())),
            grip: Box::new(Etcd2Grip {
                guard,
                title: format!("lock `{name}`"),
                backend: self.clone(),
            }),
        }
    }
}

impl LockBackend for Etcd2Backend {
    /// `POST /v2/keys/_locks/NAME?ttl=…`, and a watch of the entry before ours.
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        options: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        Box::pin(async move {
            let operation = || format!("acquire lock `{name}`");
            let queue = queue(options.ttl, options.lock_delay, &options.value, operation)?;
            let lock = self.native_lock(name).with_options(queue);
            let acquired = match patience(options.wait) {
                Some(time) => lock.acquire_within(time).await,
                None => lock.acquire().await.map(native::Acquisition::Acquired),
            };
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquisition(acquired, |guard| self.lock_hold(name, guard)))
        })
    }

    /// `DELETE /v2/keys/_locks/NAME?dir=true`.
    fn destroy<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let destroyed = self.native_lock(name).destroy().await;
            destroyed.map_err(|error| self.error(error, format!("destroy lock `{name}`")))
        })
    }
}

/// Options in the words of the client.
pub(super) fn queue(
    ttl: Duration,
    delay: Duration,
    value: &Bytes,
    operation: impl Fn() -> String,
) -> Result<QueueOptions> {
    let refuse = |detail: String| Err(Error::invalid(operation(), detail));
    if ttl > MAX_TTL {
        return refuse(format!("ttl: {ttl:?} is more than {MAX_TTL:?}"));
    }
    if delay > MAX_DELAY {
        return refuse(format!("lock_delay: {delay:?} is more than {MAX_DELAY:?}"));
    }
    Ok(QueueOptions::new()
        .with_ttl(ttl)
        .with_lock_delay(delay)
        .with_value(checked_value(value, operation)?))
}

/// What others read of a holder, as etcd keeps it, if it is not too large.
pub(super) fn checked_value(value: &Bytes, operation: impl Fn() -> String) -> Result<String> {
    if value.len() > MAX_VALUE_BYTES {
        let bytes = value.len();
        let detail = format!("value: {bytes} bytes, more than the {MAX_VALUE_BYTES} allowed");
        return Err(Error::invalid(operation(), detail));
    }
    Ok(value::encode(value))
}

/// How long to wait; `None` for ever.
pub(super) fn patience(wait: Wait) -> Option<Duration> {
    match wait {
        Wait::Try => Some(Duration::ZERO),
        Wait::AtMost(time) => Some(time),
        Wait::Forever => None,
    }
}

/// What the client acquired, or who kept it from that.
pub(super) fn acquisition<G, H>(
    acquired: native::Acquisition<G>,
    hold: impl FnOnce(G) -> H,
) -> Acquisition<H> {
    match acquired {
        native::Acquisition::Acquired(guard) => Acquisition::Acquired(hold(guard)),
        native::Acquisition::TimedOut { holders } => Acquisition::TimedOut {
            holders: holders.into_iter().map(holder).collect(),
        },
    }
}

pub(super) fn holder(native: native::Holder) -> Holder {
    Holder::new(native.id, value::decode(native.value))
}

/// For how long the client holds something.
#[derive(Debug)]
pub(super) struct Etcd2Lease(pub(super) native::Lease);

impl Lease for Etcd2Lease {
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
impl From<native::LostReason> for LostReason {
    fn from(native: native::LostReason) -> Self {
        match native {
            native::LostReason::DeadlinePassed => Self::Expired,
            native::LostReason::EntryGone => Self::TakenAway,
            native::LostReason::Released => Self::Released,
            native::LostReason::Closed => Self::Closed,
            // Whatever else there will be ends the entry too.
            _ => Self::LeaseEnded,
        }
    }
}

/// What the client acquired.
pub(super) struct Etcd2Grip<G> {
    pub(super) guard: G,
    /// What is released, for errors.
    pub(super) title: String,
    pub(super) backend: Etcd2Backend,
}

/// A guard of the client.
pub(super) trait Guard: fmt::Debug + Send + Sync + 'static {
    fn release(self) -> impl Future<Output = Result<(), native::Error>> + Send;
}

impl Guard for native::LockGuard {
    fn release(self) -> impl Future<Output = Result<(), native::Error>> + Send {
        self.release()
    }
}

impl<G: Guard> Grip for Etcd2Grip<G> {
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

impl<G: fmt::Debug> fmt::Debug for Etcd2Grip<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use native::LostReason as Native;

    #[test]
    fn every_reason_has_its_own() {
        for (native, expected) in [
            (Native::DeadlinePassed, LostReason::Expired),
            (Native::EntryGone, LostReason::TakenAway),
            (Native::Released, LostReason::Released),
            (Native::Closed, LostReason::Closed),
        ] {
            assert_eq!(LostReason::from(native), expected, "{native:?}");
        }
    }
}
