//! Telling everybody something.

use bytes::Bytes;
use quorate_net::call::Operation;
use quorate_wire::serf::{Command, Event as Request};

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;

/// How to send an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventOptions {
    /// Whether agents tell only the last one of several events with the same name, after a second
    /// without another. Default no: each is told, at once.
    pub coalesce: bool,
}

impl EventOptions {
    /// Sets whether agents tell only the last one of several events with the same name.
    #[must_use]
    pub fn with_coalesce(mut self, coalesce: bool) -> Self {
        self.coalesce = coalesce;
        self
    }
}

impl Client {
    /// Sends a user event to all members.
    ///
    /// Name and payload together have 512 bytes at most, and so has the message that is made of
    /// them; with a name of one letter some 480 bytes of payload are safe. The agent's own
    /// limit may be another, so it is the agent that refuses. Events are told at most once, and to
    /// members that are reached.
    ///
    /// Protocol: `event`.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](crate::ErrorKind). [`ErrorKind::Indeterminate`](crate::ErrorKind)
    /// when the answer was lost: the event may have been sent.
    ///
    /// # Cancel safety
    /// The event may be sent.
    pub async fn event(&self, name: &str, payload: impl Into<Bytes>) -> Result<(), Error> {
        self.event_with(name, payload, EventOptions::default())
            .await
    }

    /// Sends a user event, with options.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    ///
    /// # Cancel safety
    /// The event may be sent.
    pub async fn event_with(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
        options: EventOptions,
    ) -> Result<(), Error> {
        let body = request(name, payload.into(), options);
        let call = Call::write(Operation::new("send event", name), Command::Event, &body);
        self.ask(&call).await.map(drop)
    }
}

pub(crate) fn request(name: &str, payload: Bytes, options: EventOptions) -> Request {
    Request {
        coalesce: options.coalesce,
        name: name.to_owned(),
        payload,
    }
}
