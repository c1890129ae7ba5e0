//! Serf's messages, which travel inside of memberlist's [`Kind::User`](crate::codec::Kind::User).

mod conflict;
mod intent;
mod key;
mod query;
mod relay;
mod state;
mod user_event;

pub use conflict::ConflictMember;
pub use intent::{JoinIntent, LeaveIntent};
pub use key::{KeyRequest, KeyResponse};
pub use query::{QueryMessage, QueryResponse, flags};
pub use relay::Relay;
pub use state::{EventsAt, Names, Slots, State, StatusTimes, StoredEvent};
pub use user_event::UserEventMessage;

use crate::msgpack::{Body as _, DecodeError};

/// The byte that a message of Serf starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageKind {
    /// Somebody leaves.
    Leave = 0,
    /// Somebody is back.
    Join = 1,
    /// Clocks and events, in a push/pull.
    State = 2,
    /// A user event.
    UserEvent = 3,
    /// A question to all.
    Query = 4,
    /// An answer or an acknowledgement, sent directly.
    QueryResponse = 5,
    /// The answer to the question who has a name.
    ConflictResponse = 6,
    /// Inside of a query: what to do with a key.
    KeyRequest = 7,
    /// Inside of an answer: what was done with it.
    KeyResponse = 8,
    /// An answer that somebody else is to pass on.
    Relay = 9,
}

impl MessageKind {
    /// The byte on the wire.
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// A message of Serf as it comes in a packet, or the state of a push/pull.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SerfMessage {
    /// See [`LeaveIntent`].
    Leave(LeaveIntent),
    /// See [`JoinIntent`].
    Join(JoinIntent),
    /// See [`State`].
    State(State),
    /// See [`UserEventMessage`].
    UserEvent(UserEventMessage),
    /// See [`QueryMessage`].
    Query(QueryMessage),
    /// See [`QueryResponse`].
    QueryResponse(QueryResponse),
    /// See [`Relay`].
    Relay(Relay),
}

impl SerfMessage {
    /// Reads a message that starts with the byte that names it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is no such message.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&kind, body) = bytes.split_first().ok_or(DecodeError::Truncated)?;
        Ok(match kind {
            0 => Self::Leave(LeaveIntent::decode(body)?),
            1 => Self::Join(JoinIntent::decode(body)?),
            2 => Self::State(State::decode(body)?),
            3 => Self::UserEvent(UserEventMessage::decode(body)?),
            4 => Self::Query(QueryMessage::decode(body)?),
            5 => Self::QueryResponse(QueryResponse::decode(body)?),
            9 => Self::Relay(Relay::decode_body(body)?),
            other => return Err(DecodeError::Kind(other)),
        })
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Leave(body) => body.encode(MessageKind::Leave.byte()),
            Self::Join(body) => body.encode(MessageKind::Join.byte()),
            Self::State(body) => body.encode(MessageKind::State.byte()),
            Self::UserEvent(body) => body.encode(MessageKind::UserEvent.byte()),
            Self::Query(body) => body.encode(MessageKind::Query.byte()),
            Self::QueryResponse(body) => body.encode(MessageKind::QueryResponse.byte()),
            Self::Relay(body) => body.encode(),
        }
    }
}
