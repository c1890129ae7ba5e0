//! Semaphores on etcd v2.

use std::sync::Arc;
use std::time::Duration;

use quorate_etcd::v2 as native;

use super::Etcd2Backend;
use super::lock::{Etcd2Grip, Etcd2Lease, Guard, acquisition, patience, queue};
use crate::backend::{BoxFuture, Hold, SemaphoreBackend};
use crate::{Acquisition, FencingToken, Holding, Key, Result, SemaphoreOptions};

impl Etcd2Backend {
    fn native_semaphore(&self, name: &Key, limit: u32) -> native::Semaphore {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.client.semaphore(&self.layout.name(name), limit)
    }

    fn slot_hold(&self, name: &Key, guard: native::SemaphoreGuard) -> Hold {
        let token = FencingToken(guard.fencing_token());
        let (key, owner) = (guard.key().to_owned(), guard.id().to_owned());
        Hold {
            holding: Holding::new(name.clone(), key, owner, token),
            lease: Arc::new(Etcd2Lease(guard.lease())),
            grip: Box::new(Etcd2Grip {
                guard,
                title: format!("semaphore `{name}`"),
                backend: self.clone(),
            }),
        }
    }
}

impl SemaphoreBackend for Etcd2Backend {
    /// `POST /v2/keys/_semaphores/NAME?ttl=…`.
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        limit: u32,
        options: &'a SemaphoreOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        Box::pin(async move {
            let operation = || format!("acquire semaphore `{name}`");
            let queue = queue(options.ttl, Duration::ZERO, &options.value, operation)?;
            let semaphore = self.native_semaphore(name, limit).with_options(queue);
            let acquired = match patience(options.wait) {
                Some(time) => semaphore.acquire_within(time).await,
                None => semaphore.acquire().await.map(native::Acquisition::Acquired),
            };
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquisition(acquired, |guard| self.slot_hold(name, guard)))
        })
    }

    /// `DELETE /v2/keys/_semaphores/NAME?dir=true`.
    fn destroy<'a>(&'a self, name: &'a Key, limit: u32) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let destroyed = self.native_semaphore(name, limit).destroy().await;
            destroyed.map_err(|error| self.error(error, format!("destroy semaphore `{name}`")))
        })
    }
}

impl Guard for native::SemaphoreGuard {
    fn release(self) -> impl Future<Output = Result<(), native::Error>> + Send {
        self.release()
    }
}
