//! Semaphores on Consul.

use std::sync::Arc;

use quorate_consul::lock::Acquisition as NativeAcquisition;
use quorate_consul::semaphore as native;

use super::ConsulBackend;
use super::lock::{ConsulGrip, ConsulLease, Guard, acquisition};
use crate::backend::{BoxFuture, Hold, SemaphoreBackend};
use crate::{Acquisition, FencingToken, Holding, Key, Result, SemaphoreOptions, Wait};

impl ConsulBackend {
    /// The semaphore of the client: the keys that `consul lock -n LIMIT NAME` uses.
    fn native_semaphore(
        &self,
        name: &Key,
        limit: u32,
        options: &SemaphoreOptions,
    ) -> native::Semaphore {
        let label = options
            .label
            .clone()
            .unwrap_or_else(|| format!("quorate semaphore {name}"));
        let options = native::SemaphoreOptions::new()
            .with_value(options.value.clone())
            .with_session_name(label)
            .with_ttl(options.ttl);
        self.client
            .semaphore(name.as_str(), limit)
            .with_options(options)
    }

    fn slot_hold(&self, name: &Key, guard: native::SemaphoreGuard) -> Hold {
        let token = FencingToken(guard.fencing_token());
        let owner = guard.session_id().to_owned();
        // The contender's key lives as long as its session, and nobody takes the slot of a
        // contender that lives.
        let key = format!("{name}/{owner}");
        Hold {
            holding: Holding::new(name.clone(), key, owner, token),
            lease: Arc::new(ConsulLease(guard.lease())),
            grip: Box::new(ConsulGrip {
                guard,
                title: format!("semaphore `{name}`"),
                backend: self.clone(),
            }),
        }
    }
}

impl SemaphoreBackend for ConsulBackend {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        limit: u32,
        options: &'a SemaphoreOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        Box::pin(async move {
            let semaphore = self.native_semaphore(name, limit, options);
            let acquired = match options.wait {
                Wait::Try => semaphore.try_acquire().await,
                Wait::AtMost(time) => semaphore.acquire_within(time).await,
                Wait::Forever => semaphore.acquire().await.map(NativeAcquisition::Acquired),
            };
            let operation = || format!("acquire semaphore `{name}`");
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquisition(acquired, |guard| self.slot_hold(name, guard)))
        })
    }

    fn destroy<'a>(&'a self, name: &'a Key, limit: u32) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let semaphore = self.native_semaphore(name, limit, &SemaphoreOptions::default());
            let destroyed = semaphore.destroy().await;
            destroyed.map_err(|error| self.error(error, format!("destroy semaphore `{name}`")))
        })
    }
}

impl Guard for native::SemaphoreGuard {
    fn release(self) -> impl Future<Output = Result<(), quorate_consul::Error>> + Send {
        self.release()
    }
}
