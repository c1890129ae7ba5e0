//! Semaphores on etcd v2.

use std::time::Duration;

use quorate_etcd::v2 as native;

use super::Etcd2Backend;
use super::lock::queue;
use crate::backend::native::{Held, waited};
use crate::backend::{BoxFuture, Hold, SemaphoreBackend};
use crate::{Acquisition, Key, Result, SemaphoreOptions};

impl Etcd2Backend {
    fn native_semaphore(&self, name: &Key, limit: u32) -> native::Semaphore {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.client.semaphore(&self.layout.name(name), limit)
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
            let within = |time| semaphore.acquire_within(time);
            let acquired = waited(options.wait, within, semaphore.acquire()).await;
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquired.map(|guard| Held::hold(self, "semaphore", name, guard)))
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
