//! Locks on etcd v3.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd::v3::{self as native, QueueOptions};

use super::{Etcd3Backend, unsigned};
use crate::backend::bounds::{check_beside, check_times};
use crate::backend::native::{Guard, Held, Native as _, waited};
use crate::backend::{BoxFuture, Hold, Lease, LockBackend};
use crate::{
    Acquisition, Error, ErrorKind, FencingToken, Holder, Holding, Key, LockOptions, Result,
};

impl Etcd3Backend {
    /// The lock of the client, which is that of `etcdctl lock`.
    fn native_lock(&self, name: &Key) -> native::Lock {
        self.client
            .lock(&self.layout.hidden(&format!("_locks/{name}")))
    }
}

impl LockBackend for Etcd3Backend {
    /// `Lease.LeaseGrant`, `KV.Txn`, and a watch of the key before ours.
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

    /// `KV.Range`: of a lock that nobody holds nothing is kept.
    fn destroy<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let operation = || format!("destroy lock `{name}`");
            let queue = self.native_lock(name).queue().await;
            let queue = queue.map_err(|error| self.error(error, operation()))?;
            if queue.is_empty() {
                return Ok(());
            }
            let error = Error::new(ErrorKind::Conflict, operation(), "it is in use");
            Err(error.with_target(self.url.as_str()))
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
    check_beside(value, operation)?;
    let queue = QueueOptions::new().with_ttl(ttl).with_lock_delay(delay);
    Ok(queue.with_value(value.clone()))
}

impl From<native::Holder> for Holder {
    fn from(native: native::Holder) -> Self {
        let lease = native.lease.map(|lease| lease.to_string());
        Self::new(lease.unwrap_or_default(), native.value)
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

macro_rules! guards {
    ($($guard:ty: $verb:literal, $release:ident;)*) => {$(
        impl Guard for $guard {
            type Error = native::Error;
            const VERB: &'static str = $verb;

            fn holding(&self, name: &Key) -> Holding {
                let token = FencingToken(unsigned(self.fencing_token()));
                let (key, owner) = (self.key().to_owned(), self.lease_id().to_string());
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
