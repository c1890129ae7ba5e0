//! Messages in, events out.

use std::net::SocketAddr;

use bytes::Bytes;

use super::message::{MessageKind, SerfMessage};
use super::user_event::LARGEST;
use crate::engine::{Engine, Output};
use crate::event::Event;
use crate::msgpack::DecodeError;

/// How large an answer to a query may be.
const LARGEST_ANSWER: usize = 64 << 10;

impl Engine {
    /// A message of Serf came in.
    pub(crate) fn serf_message(&mut self, from: SocketAddr, bytes: &Bytes) {
        // Only an answer may be larger, and that only as far as a packet is.
        let answer = bytes.first() == Some(&MessageKind::QueryResponse.byte());
        let limit = if answer { LARGEST_ANSWER } else { LARGEST };
        if bytes.len() > limit {
            let error = DecodeError::TooLarge {
                what: "a message of Serf",
                size: bytes.len() as u64,
                limit: limit as u64,
            };
            return self.undecodable(from, &error);
        }
        self.decoded(from, bytes);
        // What others send may not wait until the queues are looked at the next time.
        self.shorten_queues(2);
    }

    fn decoded(&mut self, from: SocketAddr, bytes: &Bytes) {
        match SerfMessage::decode(bytes) {
            Ok(SerfMessage::Leave(intent)) => {
                if self.leave_intent(&intent) {
                    self.gossip_intent(bytes.clone());
                }
            }
            Ok(SerfMessage::Join(intent)) => {
                if self.join_intent(&intent) {
                    self.gossip_intent(bytes.clone());
                }
            }
            Ok(SerfMessage::UserEvent(event)) => {
                if self.user_event_message(&event) {
                    self.serf.event_queue.push(bytes.clone(), None);
                }
            }
            Ok(SerfMessage::Query(query)) => {
                if self.query_message(&query) {
                    self.serf.query_queue.push(bytes.clone(), None);
                }
            }
            Ok(SerfMessage::QueryResponse(response)) => self.query_response(response),
            Ok(SerfMessage::Relay(relay)) => self.pass_on(&relay),
            Ok(SerfMessage::State(_)) => {}
            Err(error) => self.undecodable(from, &error),
        }
    }

    /// Tells the user, at once or together with what follows.
    pub(super) fn tell(&mut self, event: Event) {
        let event = match event {
            Event::Members(event) => self.coalesce_members(event).map(Event::Members),
            Event::User(event) => self.coalesce_user(event).map(Event::User),
            query @ Event::Query(_) => Some(query),
        };
        if let Some(event) = event {
            self.out.push_back(Output::Event(event));
        }
    }
}
