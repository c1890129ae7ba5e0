//! Services that stay registered, whatever happens to the agent.

mod drift;
mod guard;
mod health;
mod options;
mod state;
mod task;

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::error::Class;
use crate::{Client, Error, ErrorKind, ServiceRegistration};

pub use guard::RegistrationGuard;
pub use health::Health;
use health::Probe;
pub use options::{
    DEFAULT_AUDIT_INTERVAL, DEFAULT_HEALTH_TTL, MAX_REPAIR_PAUSE, RegistrationOptions,
};
pub use state::{RegistrationState, States};
use task::Keeper;

/// A service that is to be registered, and kept so; from [`Client::registration`].
///
/// [`start`](Self::start) gives a guard that holds the desired state. A task behind it registers
/// the service, tells the agent how it is, and repairs what it finds amiss: an agent that was
/// restarted and forgot, a service that somebody removed or changed, a check that is gone. It
/// tries again with jittered pauses of up to [`MAX_REPAIR_PAUSE`] for as long as the guard lives.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::ServiceRegistration;
/// use quorate_consul::registration::Health;
///
/// let service = ServiceRegistration::new("web").with_id("web-1").with_port(8080);
/// let guard = client
///     .registration(service)
///     .with_health(async || Health::passing("42 connections"))
///     .start()?;
/// guard.registered().await?;
/// assert!(client.agent().service("web-1").await?.is_some());
///
/// guard.release().await?; // drained and deregistered
/// assert!(client.agent().service("web-1").await?.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Registration {
    client: Client,
    service: ServiceRegistration,
    options: RegistrationOptions,
    probe: Option<Probe>,
}

impl Client {
    /// A service to register at the agent and to keep registered. Nothing is sent yet.
    #[must_use]
    pub fn registration(&self, service: ServiceRegistration) -> Registration {
        Registration {
            client: self.clone(),
            service,
            options: RegistrationOptions::default(),
            probe: None,
        }
    }
}

impl Registration {
    /// Sets how it is kept.
    #[must_use]
    pub fn with_options(mut self, options: RegistrationOptions) -> Self {
        self.options = options;
        self
    }

    /// Asks `health` how the service is, three times within the TTL of
    /// [`RegistrationOptions::health_ttl`], and tells the agent, which takes the service for
    /// critical when it is told nothing for that long. A call of `health` that takes longer than a
    /// third of the TTL, or panics, counts as critical.
    ///
    /// The check is the service's own, beside those that the registration has.
    #[must_use]
    pub fn with_health<F>(mut self, health: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Health> + Send + 'static,
    {
        self.probe = Some(Arc::new(move || Box::pin(health())));
        self
    }

    /// Starts to register the service, and to keep it registered. The guard says how far that is:
    /// [`RegistrationGuard::registered`] waits for the first success.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a service without a name, for more labels or longer ones than Consul
    /// takes, for a check that can't be; `Closed` when the client was closed.
    pub fn start(self) -> Result<RegistrationGuard, Error> {
        let id = self.service.id().to_owned();
        let operation = format!("register service `{}`", id.escape_debug());
        if id.is_empty() {
            return Err(Error::invalid(operation, "name: must not be empty"));
        }
        self.options.validate(&operation)?;
        self.service
            .validate()
            .map_err(|bad| Error::invalid(operation.clone(), bad))?;
        let tasks = self.client.tasks().spawner();
        if tasks.is_cancelled() {
            return Err(Error::new(Class::refused(ErrorKind::Closed), operation));
        }
        let (orders, inbox) = mpsc::unbounded_channel();
        let (state, states) = watch::channel(RegistrationState::starting());
        let keeper = Keeper::new(self.client, self.service, self.options, self.probe, state);
        let stop = tasks.cancelled();
        tasks.spawn(keeper.run(inbox, stop));
        Ok(RegistrationGuard::new(id, orders, states))
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("service", &self.service)
            .field("options", &self.options)
            .field("health", &self.probe.is_some())
            .finish_non_exhaustive()
    }
}
