//! Semaphores on Consul.

use quorate_consul::semaphore as native;

use super::ConsulBackend;
use crate::backend::native::{Held, waited};
use crate::backend::{BoxFuture, Hold, SemaphoreBackend};
use crate::{Acquisition, Key, Result, SemaphoreOptions};

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
            let within = |time| semaphore.acquire_within(time);
            let acquired = waited(options.wait, within, semaphore.acquire()).await;
            let operation = || format!("acquire semaphore `{name}`");
            let acquired = acquired.map_err(|error| self.error(error, operation()))?;
            Ok(acquired.map(|guard| Held::hold(self, "semaphore", name, guard)))
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
