//! A registration that is being kept.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::state::{RegistrationState, States};
use super::task::Order;
use crate::error::Class;
use crate::{Error, ErrorKind, ServiceRegistration};

/// A service that is kept registered for as long as this value lives.
///
/// [`release`](Self::release) drains and deregisters it, and says whether that worked. Dropping the
/// guard deregisters it too, in the background and without draining, with two tries of one second.
#[must_use = "dropping the guard deregisters the service"]
pub struct RegistrationGuard {
    id: String,
    orders: mpsc::UnboundedSender<Order>,
    states: watch::Receiver<RegistrationState>,
}

impl RegistrationGuard {
    pub(super) fn new(
        id: String,
        orders: mpsc::UnboundedSender<Order>,
        states: watch::Receiver<RegistrationState>,
    ) -> Self {
        Self { id, orders, states }
    }

    /// The id of the service at its agent.
    #[must_use]
    pub fn service_id(&self) -> &str {
        &self.id
    }

    /// How far the registration is.
    #[must_use]
    pub fn state(&self) -> RegistrationState {
        self.states.borrow().clone()
    }

    /// Follows how far it is.
    pub fn states(&self) -> States {
        States::new(self.states.clone())
    }

    /// Waits until the agent has the service.
    ///
    /// # Errors
    ///
    /// What the agent says that will not change by itself: `PermissionDenied`, `InvalidArgument`.
    /// The guard goes on trying all the same, now and then. `Closed` when the client was closed.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it only stops the waiting.
    pub async fn registered(&self) -> Result<(), Arc<Error>> {
        let mut states = self.states.clone();
        let settled = states.wait_for(|state| match state {
            RegistrationState::Registering { reason, .. } => {
                reason.as_deref().is_some_and(is_final)
            }
            _ => true,
        });
        match settled.await.as_deref() {
            Ok(RegistrationState::Registered { .. } | RegistrationState::Draining) => Ok(()),
            Ok(RegistrationState::Registering {
                reason: Some(reason),
                ..
            }) => Err(Arc::clone(reason)),
            _ => Err(Arc::new(self.ended("wait for"))),
        }
    }

    /// Changes what is registered: tags, port, labels, checks. The id stays; one that is named in
    /// `service` is ignored. It is sent at once, and kept from then on. A token that the service
    /// brings is used from then on, so that an old one can be taken away afterwards.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for what can't be registered, `Closed` when the client was closed. What the
    /// agent says of it is seen in the [`state`](Self::state).
    pub fn update(&self, service: ServiceRegistration) -> Result<(), Error> {
        let service = service.with_id(&self.id);
        let invalid = |bad| Error::invalid(format!("update service `{}`", self.id), bad);
        service.validate().map_err(invalid)?;
        let order = Order::Update(Box::new(service));
        self.orders.send(order).map_err(|_| self.ended("update"))
    }

    /// Asks the health closure now, instead of when it is time. Does nothing without one.
    pub fn check_now(&self) {
        // A task that has ended has nobody to tell.
        let _ = self.orders.send(Order::CheckNow);
    }

    /// Puts the service into maintenance for as long as [`drain`](super::RegistrationOptions::drain)
    /// says, then deregisters it.
    ///
    /// # Errors
    ///
    /// What deregistering answers, after several tries within the client's time for a call. The
    /// agent may have the service still; nobody renews its health check any more. `Closed` when the
    /// client was closed before.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the service is drained and deregistered even if this is dropped.
    pub async fn release(self) -> Result<(), Error> {
        let (reply, done) = oneshot::channel();
        if self.orders.send(Order::Release(reply)).is_err() {
            return Err(self.ended("release"));
        }
        done.await.unwrap_or_else(|_| Err(self.ended("release")))
    }

    fn ended(&self, verb: &str) -> Error {
        let operation = format!("{verb} service `{}`", self.id.escape_debug());
        Error::new(Class::refused(ErrorKind::Closed), operation)
    }
}

/// Whether trying again will not help by itself.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::Unauthenticated
            | ErrorKind::InvalidArgument
            | ErrorKind::Unsupported
    )
}

impl fmt::Debug for RegistrationGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationGuard")
            .field("service", &self.id)
            .field("state", &*self.states.borrow())
            .finish_non_exhaustive()
    }
}
