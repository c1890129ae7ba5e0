//! How a registration is kept.

use std::time::Duration;

use quorate_net::secret::Secret;

use crate::{Error, WriteOptions};

/// The TTL of the check that the health closure feeds.
pub const DEFAULT_HEALTH_TTL: Duration = Duration::from_secs(15);
/// How often it is looked whether the agent still has the service as it should be.
pub const DEFAULT_AUDIT_INTERVAL: Duration = Duration::from_secs(10);
/// The longest pause between two tries to repair; each is drawn at random below.
pub const MAX_REPAIR_PAUSE: Duration = Duration::from_secs(10);

/// How a registration is kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrationOptions {
    /// How long the agent waits for word of the health closure before it takes the service for
    /// critical. At least 1 s, default 15 s. It is told after each third of it.
    pub health_ttl: Duration,
    /// How often the service at the agent is compared with what it should be. At least 100 ms,
    /// default 10 s.
    pub audit_interval: Duration,
    /// Lets the agent remove the service when it was critical for this long: that of a process
    /// that died without a word. At least 1 min, default never.
    pub deregister_critical_after: Option<Duration>,
    /// For how long the service is in maintenance, so that nobody new comes, before a
    /// [`release`](super::RegistrationGuard::release) deregisters it. Default: not at all.
    pub drain: Duration,
    /// The ACL token of every call, and so the one with which the agent keeps the service in the
    /// catalog. Default: that of the service, see
    /// [`with_token`](crate::ServiceRegistration::with_token), else the client's.
    pub token: Option<Secret>,
}

impl Default for RegistrationOptions {
    fn default() -> Self {
        Self {
            health_ttl: DEFAULT_HEALTH_TTL,
            audit_interval: DEFAULT_AUDIT_INTERVAL,
            deregister_critical_after: None,
            drain: Duration::ZERO,
            token: None,
        }
    }
}

impl RegistrationOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the agent waits for word of the health closure.
    #[must_use]
    pub fn with_health_ttl(mut self, ttl: Duration) -> Self {
        self.health_ttl = ttl;
        self
    }

    /// Sets how often the service at the agent is looked at.
    #[must_use]
    pub fn with_audit_interval(mut self, interval: Duration) -> Self {
        self.audit_interval = interval;
        self
    }

    /// Lets the agent remove the service when it was critical for this long.
    #[must_use]
    pub fn with_deregister_critical_after(mut self, after: Duration) -> Self {
        self.deregister_critical_after = Some(after);
        self
    }

    /// Sets for how long the service is in maintenance before it is deregistered.
    #[must_use]
    pub fn with_drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Sets the ACL token of every call.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// How long a call may take: one that takes longer than a beat only delays the next, and an
    /// agent that is down is noticed by it.
    fn call_timeout(&self) -> Duration {
        (self.health_ttl / 3).clamp(Duration::from_secs(1), Duration::from_secs(5))
    }

    pub(super) fn write(&self) -> WriteOptions {
        let mut write = WriteOptions::new().with_timeout(self.call_timeout());
        write.token.clone_from(&self.token);
        write
    }

    pub(super) fn validate(&self, operation: &str) -> Result<(), Error> {
        let least = [
            ("health_ttl", self.health_ttl, Duration::from_secs(1)),
            (
                "audit_interval",
                self.audit_interval,
                Duration::from_millis(100),
            ),
            (
                "deregister_critical_after",
                self.deregister_critical_after.unwrap_or(Duration::MAX),
                Duration::from_secs(60),
            ),
        ];
        for (field, value, least) in least {
            if value < least {
                let why = format!("{field}: {value:?} is less than {least:?}");
                return Err(Error::invalid(operation, why));
            }
        }
        Ok(())
    }
}
