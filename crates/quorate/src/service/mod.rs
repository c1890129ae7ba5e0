//! Services: registering them, and finding their instances.

mod instance;
mod options;
mod registration;
mod spec;

use std::sync::Arc;

use tokio::time::timeout;

pub use instance::{Instance, InstanceOptions, InstanceSet, Near, ServiceSummary, WantedHealth};
pub use options::{HealthProbe, RegisterOptions};
pub use registration::{Registration, RegistrationState, RegistrationStates};
pub use spec::{CheckProbe, Service, ServiceCheck};

use crate::backend::ServiceBackend;
use crate::gate::Gate;
use crate::{CheckResult, Error, ErrorKind, Feed, Outcome, Result};

/// The services: [`Coordinator::services`](crate::Coordinator::services).
///
/// On Consul and the embedded agent, services are registered at the agent that answers, and found
/// wherever in the datacenter they are.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::{Health, RegisterOptions, Service};
///
/// let coordinator = quorate::connect("memory:").await?;
/// let services = coordinator.services();
///
/// // Registered, kept so, and asked how it is, for as long as the value lives.
/// let web = Service::new("web").with_id("web-1").with_address("10.0.0.7").with_port(8080);
/// let options = RegisterOptions::default().with_health(async || Health::passing("42 users"));
/// let registration = services.register_with(web, &options).await?;
///
/// let instances = services.instances("web").await?;
/// assert_eq!(instances[0].to_string(), "10.0.0.7:8080");
///
/// registration.release().await?; // drained and deregistered
/// assert!(services.instances("web").await?.is_empty());
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Services {
    backend: Arc<dyn ServiceBackend>,
    gate: Gate,
}

impl Services {
    pub(crate) fn new(backend: Arc<dyn ServiceBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }

    /// Registers `service`, and keeps it registered for as long as the returned value lives.
    ///
    /// # Errors
    /// As [`register_with`](Self::register_with).
    ///
    /// # Cancel safety
    /// As [`register_with`](Self::register_with).
    pub async fn register(&self, service: impl Into<Service>) -> Result<Registration> {
        self.register_with(service, &RegisterOptions::default())
            .await
    }

    /// [`register`](Self::register) as `options` say. Returns when the server has the service.
    ///
    /// # Errors
    /// `InvalidArgument` for what can't be registered; what the server refuses for good; after
    /// [`wait`](RegisterOptions::wait) what the last try said, or `Timeout`. Then nothing is kept,
    /// and what may be registered is deregistered in the background. `Unsupported`; `Closed`.
    ///
    /// # Cancel safety
    /// Dropping this future deregisters in the background.
    pub async fn register_with(
        &self,
        service: impl Into<Service>,
        options: &RegisterOptions,
    ) -> Result<Registration> {
        let service = service.into();
        let registration = self.keep_registered(service, options)?;
        let operation = || format!("register service `{}`", registration.id());
        let waiting = async {
            match timeout(options.wait, registration.registered()).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(refused)) => Err(unshared(refused, operation())),
                Err(_) => Err(not_in_time(&registration, operation(), options)),
            }
        };
        self.gate.run(operation, waiting).await?;
        Ok(registration)
    }

    /// Starts to register `service`, and to keep it registered, without waiting for anything: for
    /// a program that starts whether or not there is a server yet. [`Registration::registered`]
    /// waits.
    ///
    /// # Errors
    /// `InvalidArgument` for what can't be registered; `Unsupported`; `Closed`.
    pub fn keep_registered(
        &self,
        service: impl Into<Service>,
        options: &RegisterOptions,
    ) -> Result<Registration> {
        let service = service.into();
        self.gate
            .check(|| format!("register service `{}`", service.id()))?;
        let kept = self.backend.register(&service, options)?;
        Ok(Registration::new(kept))
    }

    /// Registers `service` once and leaves it to the server, which keeps it until it is
    /// [deregistered](Self::deregister), whatever becomes of this program. One with the same id is
    /// replaced.
    ///
    /// # Errors
    /// `InvalidArgument` for what can't be registered, and those of every write.
    ///
    /// # Cancel safety
    /// A dropped call may have registered it.
    pub async fn add(&self, service: impl Into<Service>) -> Result<()> {
        let service = service.into();
        let operation = || format!("register service `{}`", service.id());
        self.gate.run(operation, self.backend.add(&service)).await
    }

    /// Removes the instance with this id. It is no error if there is none.
    ///
    /// # Errors
    /// Those of every write.
    ///
    /// # Cancel safety
    /// A dropped call may have removed it.
    pub async fn deregister(&self, id: &str) -> Result<()> {
        let operation = || format!("deregister service `{id}`");
        self.gate.run(operation, self.backend.deregister(id)).await
    }

    /// Every service, ordered by name.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn list(&self) -> Result<Vec<ServiceSummary>> {
        let operation = || "list the services".to_owned();
        self.gate.run(operation, self.backend.list()).await
    }

    /// The instances of the service `name` that pass all their checks. A service that does not
    /// exist has none, which is no error.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn instances(&self, name: &str) -> Result<Vec<Instance>> {
        self.instances_with(name, &InstanceOptions::default()).await
    }

    /// The instances of the service `name` that `options` ask for: ordered by node and id, or the
    /// nearest first.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn instances_with(
        &self,
        name: &str,
        options: &InstanceOptions,
    ) -> Result<Vec<Instance>> {
        let operation = || format!("list the instances of service `{name}`");
        let instances = self.backend.instances(name, options);
        self.gate.run(operation, instances).await
    }

    /// Follows the instances of the service `name` that pass all their checks.
    ///
    /// ```
    /// # #[cfg(feature = "embedded")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
    /// use quorate::Service;
    ///
    /// let coordinator = quorate::connect("memory:").await?;
    /// let services = coordinator.services();
    /// let mut sets = services.watch("web")?;
    /// assert!(sets.next().await.unwrap()?.instances.is_empty(), "there is none yet");
    ///
    /// let registration = services.register(Service::new("web").with_port(80)).await?;
    /// let set = sets.next().await.unwrap()?;
    /// assert_eq!((set.added.len(), set.instances[0].port), (1, 80));
    ///
    /// registration.release().await?;
    /// assert_eq!(sets.next().await.unwrap()?.removed.len(), 1);
    /// # coordinator.close().await
    /// # }
    /// # #[cfg(not(feature = "embedded"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// `Unsupported`; `Closed`.
    pub fn watch(&self, name: &str) -> Result<Feed<InstanceSet>> {
        self.watch_with(name, &InstanceOptions::default())
    }

    /// Follows the instances of the service `name` that `options` ask for: the set now, then every
    /// set that differs in something that a caller could notice. That the text of a check changed
    /// is no such thing.
    ///
    /// # Errors
    /// `Unsupported`; `Closed`.
    pub fn watch_with(&self, name: &str, options: &InstanceOptions) -> Result<Feed<InstanceSet>> {
        let subject = format!("watch service `{name}`");
        self.gate.check(|| subject.clone())?;
        let sets = self.backend.watch(name, options)?;
        Ok(Feed::new(subject, sets, self.gate.closed()))
    }

    /// What the checks of the instances of `name` said last. Consul tells of a text that changes
    /// while the status stays only after some minutes.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn checks(&self, name: &str) -> Result<Vec<CheckResult>> {
        let operation = || format!("list the checks of service `{name}`");
        self.gate.run(operation, self.backend.checks(name)).await
    }

    /// Takes the instance with this id out of service, for a reason that people can read: it is
    /// not among those that pass any more. It lasts until it is ended, also beyond a restart of
    /// the server. While it lasts, doing it again changes nothing.
    ///
    /// # Errors
    /// `NotFound` if the agent that answers has no such instance, and those of every write.
    ///
    /// # Cancel safety
    /// A dropped call may have happened.
    pub async fn begin_maintenance(&self, id: &str, reason: &str) -> Result<()> {
        let operation = || format!("begin the maintenance of service `{id}`");
        let begun = self.backend.maintain(id, Some(reason));
        self.gate.run(operation, begun).await
    }

    /// Brings the instance with this id back into service; nothing happens if it is in it.
    ///
    /// # Errors
    /// As [`begin_maintenance`](Self::begin_maintenance).
    ///
    /// # Cancel safety
    /// A dropped call may have happened.
    pub async fn end_maintenance(&self, id: &str) -> Result<()> {
        let operation = || format!("end the maintenance of service `{id}`");
        let ended = self.backend.maintain(id, None);
        self.gate.run(operation, ended).await
    }
}

/// Why it is not registered after all the time that was given.
fn not_in_time(registration: &Registration, operation: String, options: &RegisterOptions) -> Error {
    match registration.state() {
        RegistrationState::Registering {
            reason: Some(reason),
            ..
        } => unshared(reason, operation),
        _ => {
            let detail = format!("not registered within {:?}", options.wait);
            // What was sent may still arrive; it is undone in the background.
            Error::new(ErrorKind::Timeout, operation, detail).with_outcome(Outcome::Unknown)
        }
    }
}

/// An error of one's own made of one that others have too.
fn unshared(shared: Arc<Error>, operation: String) -> Error {
    match Arc::try_unwrap(shared) {
        Ok(error) => error,
        Err(shared) => {
            let error = Error::new(shared.kind(), operation, "")
                .with_outcome(shared.outcome())
                .with_advice(shared.advice());
            let error = match shared.target() {
                Some(target) => error.with_target(target),
                None => error,
            };
            error.with_source(shared)
        }
    }
}
