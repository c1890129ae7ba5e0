//! A service that the client keeps registered.

use std::fmt;
use std::sync::Arc;

use quorate_consul::registration as native;

use super::{ConsulBackend, error, health};
use crate::backend::mapped::mapped;
use crate::backend::{BoxFuture, BoxStream, KeptService};
use crate::{Error, RegistrationState, Result, Service};

/// The client's guard. It keeps the agent that may be in this process.
pub(super) struct ConsulRegistration {
    guard: native::RegistrationGuard,
    backend: ConsulBackend,
}

impl ConsulRegistration {
    pub(super) fn new(guard: native::RegistrationGuard, backend: ConsulBackend) -> Self {
        Self { guard, backend }
    }

    fn operation(&self, verb: &str) -> String {
        format!("{verb} service `{}`", self.guard.service_id())
    }
}

impl KeptService for ConsulRegistration {
    fn id(&self) -> &str {
        self.guard.service_id()
    }

    fn state(&self) -> RegistrationState {
        state(&self.guard.state(), &self.backend.url)
    }

    fn states(&self) -> BoxStream<'static, RegistrationState> {
        let url = self.backend.url.clone();
        mapped(self.guard.states(), move |next| state(&next, &url))
    }

    fn update(&self, service: &Service) -> Result<()> {
        let operation = self.operation("update");
        let wanted = self.backend.registration(service, &operation)?;
        let updated = self.guard.update(wanted);
        updated.map_err(|error| self.backend.error(error, operation))
    }

    fn check_now(&self) {
        self.guard.check_now();
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let operation = self.operation("deregister");
            let Self { guard, backend } = *self;
            let released = guard.release().await;
            released.map_err(|error| backend.error(error, operation))
        })
    }
}

impl fmt::Debug for ConsulRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

fn state(native: &native::RegistrationState, url: &str) -> RegistrationState {
    let shared = |error: &Arc<quorate_consul::Error>| -> Arc<Error> {
        Arc::new(error::from_shared(error, url))
    };
    match native {
        native::RegistrationState::Registering { reason, tries, .. } => {
            RegistrationState::Registering {
                reason: reason.as_ref().map(shared),
                tries: *tries,
            }
        }
        native::RegistrationState::Registered {
            health, repairs, ..
        } => RegistrationState::Registered {
            health: health.as_ref().map(health::told),
            repairs: *repairs,
        },
        native::RegistrationState::Draining => RegistrationState::Draining,
        _ => RegistrationState::Released,
    }
}
