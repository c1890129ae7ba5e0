//! A service that is kept registered.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::backend::{BoxStream, KeptService};
use crate::{Error, ErrorKind, Health, Result, Service};

/// How far a registration is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RegistrationState {
    /// The server does not have the service yet, or not any more, and this is being mended.
    Registering {
        /// Why: what the last try said, or what was found amiss; `None` before the first try.
        reason: Option<Arc<Error>>,
        /// The tries so far, this time.
        tries: u32,
    },
    /// The server has the service as it should be, as of the last look.
    Registered {
        /// What the server was told last; `None` without a health closure.
        health: Option<Health>,
        /// How often the service had to be registered again so far.
        repairs: u64,
    },
    /// It is in maintenance, and will be deregistered.
    Draining,
    /// It was deregistered, or the coordinator was closed. Nothing follows.
    Released,
}

impl RegistrationState {
    /// Whether the server has the service, as far as is known.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        matches!(self, Self::Registered { .. })
    }

    /// Why it is not registered, if trying again will not help by itself.
    fn refusal(&self) -> Option<&Arc<Error>> {
        match self {
            Self::Registering { reason, .. } => reason.as_ref().filter(|error| {
                matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied
                        | ErrorKind::Unauthenticated
                        | ErrorKind::InvalidArgument
                        | ErrorKind::Unsupported
                )
            }),
            _ => None,
        }
    }
}

/// A service that is kept registered for as long as this value lives:
/// [`Services::register`](crate::Services::register) gives one.
///
/// A task behind it tells the server how the service is, and repairs what it finds amiss: a server
/// that was restarted and forgot, a service that somebody removed or changed. It tries again with
/// jittered pauses of up to 10 s. [`state`](Self::state) says how far it is.
///
/// [`release`](Self::release) drains and deregisters it. Dropping it deregisters it too, in the
/// background and without draining.
#[must_use = "dropping a registration deregisters the service"]
pub struct Registration(Box<dyn KeptService>);

impl Registration {
    pub(super) fn new(kept: Box<dyn KeptService>) -> Self {
        Self(kept)
    }

    /// The id of the instance.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.id()
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> RegistrationState {
        self.0.state()
    }

    /// How far it is now, and then whenever that changes. States that came and went between two
    /// looks are not told. It ends after [`RegistrationState::Released`].
    pub fn states(&self) -> RegistrationStates {
        RegistrationStates(self.0.states())
    }

    /// Waits until the server has the service.
    ///
    /// # Errors
    /// What the server says that will not change by itself: `PermissionDenied`,
    /// `InvalidArgument`. It goes on trying all the same, now and then. `Closed` when the
    /// coordinator was closed.
    ///
    /// # Cancel safety
    /// Dropping this future only stops the waiting.
    pub async fn registered(&self) -> Result<(), Arc<Error>> {
        let mut states = self.states();
        while let Some(state) = states.next().await {
            if let Some(refusal) = state.refusal() {
                return Err(Arc::clone(refusal));
            }
            match state {
                RegistrationState::Registering { .. } => {}
                RegistrationState::Registered { .. } | RegistrationState::Draining => return Ok(()),
                RegistrationState::Released => break,
            }
        }
        let operation = format!("wait for service `{}`", self.id());
        Err(Arc::new(Error::closed(operation)))
    }

    /// Changes what is registered: tags, port, labels, checks. The id stays, and one in `service`
    /// is ignored. It is sent at once, and kept from then on.
    ///
    /// # Errors
    /// `InvalidArgument` for what can't be registered; `Closed`. What the server says of it is seen
    /// in the [`state`](Self::state).
    pub fn update(&self, service: impl Into<Service>) -> Result<()> {
        self.0.update(&service.into())
    }

    /// Asks the health closure now, instead of when it is time. Does nothing without one.
    pub fn check_now(&self) {
        self.0.check_now();
    }

    /// Puts the service into maintenance for as long as
    /// [`drain`](crate::RegisterOptions::drain) says, then deregisters it.
    ///
    /// # Errors
    /// What deregistering answers, after several tries. The server may have the service still;
    /// nobody renews its health any more. `Closed` when the coordinator was closed before.
    ///
    /// # Cancel safety
    /// Once polled, the service is drained and deregistered even if this is dropped.
    pub async fn release(self) -> Result<()> {
        self.0.release().await
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Follows how far a registration is: [`Registration::states`].
#[must_use = "streams do nothing unless polled"]
pub struct RegistrationStates(BoxStream<'static, RegistrationState>);

impl RegistrationStates {
    /// The next state; `None` after the last.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing that would not be replaced by something newer.
    pub async fn next(&mut self) -> Option<RegistrationState> {
        poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }
}

impl Stream for RegistrationStates {
    type Item = RegistrationState;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for RegistrationStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistrationStates")
    }
}
