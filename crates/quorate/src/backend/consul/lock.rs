//! Locks on Consul.

use std::sync::Arc;

use quorate_consul::lock as native;
use quorate_consul::semaphore::SemaphoreGuard;

use super::ConsulBackend;
use crate::backend::native::{Guard, Held, waited};
use crate::backend::{BoxFuture, Hold, Lease, LockBackend};
use crate::{Acquisition, FencingToken, Holder, Holding, Key, LockOptions, LostReason, Result};

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
}

impl LockBackend for ConsulBackend {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        options: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        Box::pin(async move {
            let lock = self.native_lock(name, options);
            let within = |time| lock.acquire_within(time);
            let acquired = waited(options.wait, within, lock.acquire()).await;
            let operation = || format!("acquire lock `{name}`");
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquired.map(|guard| Held::hold(self, "lock", name, guard)))
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

impl From<native::Holder> for Holder {
    fn from(native: native::Holder) -> Self {
        Self::new(native.session, native.value)
    }
}

impl<G> From<native::Acquisition<G>> for Acquisition<G> {
    fn from(native: native::Acquisition<G>) -> Self {
        match native {
            native::Acquisition::Acquired(guard) => Self::Acquired(guard),
            native::Acquisition::TimedOut { holders, .. } => Self::TimedOut {
                holders: holders.into_iter().map(Holder::from).collect(),
            },
        }
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

macro_rules! guards {
    ($($guard:ty: $verb:literal, $release:ident, $key:expr;)*) => {$(
        impl Guard for $guard {
            type Error = quorate_consul::Error;
            const VERB: &'static str = $verb;

            fn holding(&self, name: &Key) -> Holding {
                let token = FencingToken(self.fencing_token());
                let (key, owner) = ($key(self, name), self.session_id().to_owned());
                Holding::new(name.clone(), key, owner, token)
            }

            fn lease(&self) -> Arc<dyn Lease> {
                Arc::new(self.lease())
            }

            fn release(self) -> impl Future<Output = Result<(), quorate_consul::Error>> + Send {
                self.$release()
            }
        }
    )*};
}

guards! {
    native::LockGuard: "release", release, |it: &Self, _: &Key| it.key().to_owned();
    quorate_consul::Leadership: "resign in", resign, |it: &Self, _: &Key| it.key().to_owned();
    // The contender's key lives as long as its session, and nobody takes the slot of a contender
    // that lives.
    SemaphoreGuard: "release", release, |it: &Self, name| format!("{name}/{}", it.session_id());
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
