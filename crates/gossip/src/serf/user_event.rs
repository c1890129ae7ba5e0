//! User events.

use bytes::Bytes;

use super::message::{SerfMessage, UserEventMessage};
use crate::engine::{Engine, Failure, Phase, Time};
use crate::event::{Event, UserEvent};

/// More than this no limit allows.
const SANE: usize = 9216;

/// Nobody can have sent more than this, whatever comes in.
pub(super) const LARGEST: usize = 16 << 10;

impl Engine {
    /// Sends an event to all members, this one included. With `coalesce`, members that coalesce
    /// deliver only the latest of several with this name.
    ///
    /// # Errors
    ///
    /// [`Failure::EventTooLarge`] and [`Failure::Leaving`].
    pub fn user_event(
        &mut self,
        now: Time,
        name: &str,
        payload: Bytes,
        coalesce: bool,
    ) -> Result<u64, Failure> {
        self.advance(now);
        if self.phase != Phase::Running {
            return Err(Failure::Leaving);
        }
        let limit = self.config.limits.user_event.min(SANE);
        let event = UserEventMessage {
            coalesce,
            ltime: self.serf.event_clock.time(),
            name: name.to_owned(),
            payload,
        };
        let len = name.len() + event.payload.len();
        let message = SerfMessage::UserEvent(event.clone()).encode();
        for len in [len, message.len()] {
            if len > limit {
                return Err(Failure::EventTooLarge { len, limit });
            }
        }
        self.serf.event_clock.tick();
        self.user_event_message(&event);
        self.serf.event_queue.push(message.into(), None);
        Ok(event.ltime)
    }

    /// An event came in. `true` if it is news to pass on.
    pub(super) fn user_event_message(&mut self, event: &UserEventMessage) -> bool {
        if event.name.len() + event.payload.len() > LARGEST {
            return false;
        }
        self.serf.event_clock.witness(event.ltime);
        let now = self.serf.event_clock.time();
        if !self.serf.events.insert(event, now) {
            return false;
        }
        self.tell(Event::User(UserEvent {
            ltime: event.ltime,
            name: event.name.clone(),
            payload: event.payload.clone(),
            coalesce: event.coalesce,
        }));
        true
    }
}
