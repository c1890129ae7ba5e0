//! Semaphores on etcd v3.

use std::time::Duration;

use quorate_etcd::v3 as native;

use super::Etcd3Backend;
use super::lock::queue;
use crate::backend::native::{Held, Native as _, waited};
use crate::backend::{BoxFuture, Hold, SemaphoreBackend};
use crate::{Acquisition, Key, Result, SemaphoreOptions};

impl Etcd3Backend {
    fn native_semaphore(&self, name: &Key, limit: u32) -> native::Semaphore {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let place = self.layout.hidden(&format!("_semaphores/{name}"));
        self.client.semaphore(&place, limit)
    }
}

impl SemaphoreBackend for Etcd3Backend {
    /// `Lease.LeaseGrant`, `KV.Txn`, and a watch of those before us.
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

    /// `KV.Txn`: what is agreed on is forgotten.
    fn destroy<'a>(&'a self, name: &'a Key, limit: u32) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let destroyed = self.native_semaphore(name, limit).destroy().await;
            destroyed.map_err(|error| self.error(error, format!("destroy semaphore `{name}`")))
        })
    }
}
