//! How a service is kept registered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Health;
use crate::backend::BoxFuture;

/// What asks a service how it is.
pub type HealthProbe = Arc<dyn Fn() -> BoxFuture<'static, Health> + Send + Sync>;

/// How a service is kept registered.
#[derive(Clone)]
#[non_exhaustive]
pub struct RegisterOptions {
    /// Asks the service how it is; default: nobody is asked. See
    /// [`with_health`](Self::with_health).
    pub health: Option<HealthProbe>,
    /// How long the server waits for word of the health closure before it takes the service for
    /// critical. At least 1 s, default 15 s. The closure is asked three times within it.
    pub ttl: Duration,
    /// How often it is looked whether the server still has the service as it should be. At least
    /// 100 ms, default 10 s.
    pub audit_interval: Duration,
    /// For how long the service is in maintenance, so that nobody new comes, before
    /// [`release`](crate::Registration::release) deregisters it. Default: not at all.
    pub drain: Duration,
    /// How long [`register`](crate::Services::register) waits until the server has it: default
    /// 15 s.
    pub wait: Duration,
}

impl Default for RegisterOptions {
    fn default() -> Self {
        Self {
            health: None,
            ttl: Duration::from_secs(15),
            audit_interval: Duration::from_secs(10),
            drain: Duration::ZERO,
            wait: Duration::from_secs(15),
        }
    }
}

impl RegisterOptions {
    /// Asks `health` how the service is, three times within the [`ttl`](Self::ttl), and tells the
    /// server, which takes the service for critical when it is told nothing for that long. A call
    /// of `health` that takes longer than a third of it, or panics, counts as critical.
    #[must_use]
    pub fn with_health<F>(mut self, health: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Health> + Send + 'static,
    {
        self.health = Some(Arc::new(move || Box::pin(health())));
        self
    }

    /// Sets how long the server waits for word of the health closure.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets how often it is looked whether the server still has the service.
    #[must_use]
    pub fn with_audit_interval(mut self, interval: Duration) -> Self {
        self.audit_interval = interval;
        self
    }

    /// Sets for how long the service is in maintenance before it is deregistered.
    #[must_use]
    pub fn with_drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Sets how long to wait until the server has it.
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

impl fmt::Debug for RegisterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterOptions")
            .field("health", &self.health.is_some())
            .field("ttl", &self.ttl)
            .field("audit_interval", &self.audit_interval)
            .field("drain", &self.drain)
            .field("wait", &self.wait)
            .finish()
    }
}
