//! Locks on etcd v2.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd::v2::{self as native, QueueOptions};

use super::{Etcd2Backend, value};
use crate::backend::bounds::{check_beside, check_times};
use crate::backend::native::{Guard, Held, waited};
use crate::backend::{BoxFuture, Hold, Lease, LockBackend};
use crate::{Acquisition, FencingToken, Holder, Holding, Key, LockOptions, LostReason, Result};

impl Etcd2Backend {
    /// The lock of the client: that of python-etcd, so that its contenders and ours exclude each
    /// other.
    fn native_lock(&self, name: &Key) -> native::Lock {
        self.client.lock(&self.layout.name(name))
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
            let within = |time| lock.acquire_within(time);
            let acquired = waited(options.wait, within, lock.acquire()).await;
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquired.map(|guard| Held::hold(self, "lock", name, guard)))
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
    check_times(ttl, delay, &operation)?;
    Ok(QueueOptions::new()
        .with_ttl(ttl)
        .with_lock_delay(delay)
        .with_value(checked_value(value, operation)?))
}

/// What others read of a holder, as etcd keeps it, if it is not too large.
pub(super) fn checked_value(value: &Bytes, operation: impl Fn() -> String) -> Result<String> {
    check_beside(value, operation)?;
    Ok(value::encode(value))
}

impl From<native::Holder> for Holder {
    fn from(native: native::Holder) -> Self {
        Self::new(native.id, value::decode(native.value))
    }
}

impl<G> From<native::Acquisition<G>> for Acquisition<G> {
    fn from(native: native::Acquisition<G>) -> Self {
        match native {
            native::Acquisition::Acquired(guard) => Self::Acquired(guard),
            native::Acquisition::TimedOut { holders } => Self::TimedOut {
                holders: holders.into_iter().map(Holder::from).collect(),
            },
        }
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

macro_rules! guards {
    ($($guard:ty: $verb:literal, $release:ident;)*) => {$(
        impl Guard for $guard {
            type Error = native::Error;
            const VERB: &'static str = $verb;

            fn holding(&self, name: &Key) -> Holding {
                let token = FencingToken(self.fencing_token());
                let (key, owner) = (self.key().to_owned(), self.id().to_owned());
                Holding::new(name.clone(), key, owner, token)
            }

            fn lease(&self) -> Arc<dyn Lease> {
                Arc::new(self.lease())
            }

            fn release(self) -> impl Future<Output = Result<(), native::Error>> + Send {
                self.$release()
            }
        }
    )*};
}

guards! {
    native::LockGuard: "release", release;
    native::SemaphoreGuard: "release", release;
    native::Leadership: "resign in", resign;
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
