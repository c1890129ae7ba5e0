//! What a backend does for services.

use std::fmt::Debug;

use super::{BoxFuture, BoxStream};
use crate::{
    CheckResult, Instance, InstanceOptions, InstanceSet, RegisterOptions, RegistrationState,
    Result, Service, ServiceSummary,
};

/// Services and their instances.
pub trait ServiceBackend: Debug + Send + Sync {
    /// Starts to register `service` and to keep it registered, without waiting for anything. What
    /// can't be registered at all is refused at once.
    fn register(
        &self,
        service: &Service,
        options: &RegisterOptions,
    ) -> Result<Box<dyn KeptService>>;

    /// Registers `service` once and leaves it to the server.
    fn add<'a>(&'a self, service: &'a Service) -> BoxFuture<'a, Result<()>>;

    /// Removes the instance with this id. It is no error if there is none.
    fn deregister<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Every service, ordered by name.
    fn list(&self) -> BoxFuture<'_, Result<Vec<ServiceSummary>>>;

    /// The instances of the service `name` that `options` ask for; ordered by node and id, or by
    /// distance.
    fn instances<'a>(
        &'a self,
        name: &'a str,
        options: &'a InstanceOptions,
    ) -> BoxFuture<'a, Result<Vec<Instance>>>;

    /// Follows them: the set now, then each that differs. The stream never ends; it works only
    /// while it is polled.
    fn watch(
        &self,
        name: &str,
        options: &InstanceOptions,
    ) -> Result<BoxStream<'static, Result<InstanceSet>>>;

    /// What the checks of the instances of `name` say, ordered by node, instance and check.
    fn checks<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<CheckResult>>>;

    /// Takes the instance with this id out of service for `reason`, or, with `None`, brings it
    /// back.
    fn maintain<'a>(&'a self, id: &'a str, reason: Option<&'a str>) -> BoxFuture<'a, Result<()>>;
}

/// A service that is kept registered. Dropping it deregisters it in the background, by a task that
/// exists already; it never blocks, starts anything or panics.
pub trait KeptService: Debug + Send + Sync {
    /// The id of the instance.
    fn id(&self) -> &str;

    /// How far it is.
    fn state(&self) -> RegistrationState;

    /// How far it is now, and then whenever that changes. It ends after
    /// [`Released`](RegistrationState::Released).
    fn states(&self) -> BoxStream<'static, RegistrationState>;

    /// Registers something else under the same id, and keeps that.
    fn update(&self, service: &Service) -> Result<()>;

    /// Asks for the health now, instead of when it is time.
    fn check_now(&self);

    /// Drains and deregisters it, and says how that went.
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}
