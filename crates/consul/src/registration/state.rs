//! How far a registration is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::watch;

use super::Health;
use crate::Error;

/// How far a registration is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RegistrationState {
    /// The service is not at the agent yet, or not any more, and this is being mended.
    #[non_exhaustive]
    Registering {
        /// Why: what the last try said, or what was found amiss.
        reason: Option<Arc<Error>>,
        /// The tries so far, this time.
        tries: u32,
    },
    /// The agent has the service as it should be, as of the last look.
    #[non_exhaustive]
    Registered {
        /// What the agent was told last; `None` without a health closure.
        health: Option<Health>,
        /// How often the service had to be registered again so far.
        repairs: u64,
    },
    /// It is in maintenance, and will be deregistered.
    Draining,
    /// It was deregistered, or the client was closed. Nothing follows.
    Released,
}

impl RegistrationState {
    pub(super) fn starting() -> Self {
        Self::Registering {
            reason: None,
            tries: 0,
        }
    }

    /// Whether the agent has the service, as far as is known.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        matches!(self, Self::Registered { .. })
    }
}

/// Follows the state of a registration: the state now, then every newer one. States that came and
/// went between two looks are not told. It ends after [`RegistrationState::Released`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct States {
    /// The receiver, or the wait for its next value. The wait owns it, so that nothing is lost.
    step: Step,
}

type Changed = Pin<Box<dyn Future<Output = (bool, watch::Receiver<RegistrationState>)> + Send>>;

enum Step {
    First(watch::Receiver<RegistrationState>),
    Waiting(Changed),
    Ended,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::First(_) => "First",
            Self::Waiting(_) => "Waiting",
            Self::Ended => "Ended",
        })
    }
}

impl States {
    pub(super) fn new(states: watch::Receiver<RegistrationState>) -> Self {
        let step = Step::First(states);
        Self { step }
    }

    /// The next state; `None` after the last.
    ///
    /// # Cancel safety
    ///
    /// Safe: no state is lost that would not be replaced by a newer one.
    pub async fn next(&mut self) -> Option<RegistrationState> {
        std::future::poll_fn(|cx| self.poll_state(cx)).await
    }

    fn poll_state(&mut self, cx: &mut Context<'_>) -> Poll<Option<RegistrationState>> {
        let receiver = match std::mem::replace(&mut self.step, Step::Ended) {
            Step::Ended => return Poll::Ready(None),
            Step::First(receiver) => receiver,
            Step::Waiting(mut changed) => match changed.as_mut().poll(cx) {
                Poll::Pending => {
                    self.step = Step::Waiting(changed);
                    return Poll::Pending;
                }
                Poll::Ready((false, _)) => return Poll::Ready(None),
                Poll::Ready((true, receiver)) => receiver,
            },
        };
        let mut receiver = receiver;
        let state = receiver.borrow_and_update().clone();
        if !matches!(state, RegistrationState::Released) {
            self.step = Step::Waiting(Box::pin(async move {
                let changed = receiver.changed().await.is_ok();
                (changed, receiver)
            }));
        }
        Poll::Ready(Some(state))
    }
}

impl Stream for States {
    type Item = RegistrationState;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_state(cx)
    }
}
