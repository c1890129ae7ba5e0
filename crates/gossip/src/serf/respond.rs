//! Answering queries.

use std::net::SocketAddr;

use bytes::Bytes;

use super::Status;
use super::incoming::Incoming;
use super::message::{QueryResponse, Relay, SerfMessage};
use crate::engine::{Engine, Failure, Time};
use crate::event::QueryKey;
use crate::memberlist::Node;

impl Engine {
    /// Answers a query, once.
    ///
    /// # Errors
    ///
    /// [`Failure::ResponseTooLarge`]; [`Failure::NoSuchQuery`] when its time is over or it was
    /// answered.
    pub fn respond(&mut self, now: Time, key: QueryKey, payload: Bytes) -> Result<(), Failure> {
        self.advance(now);
        let incoming = self.serf.incoming.get(&key.0);
        let incoming = incoming.filter(|incoming| self.now <= incoming.deadline);
        let incoming = incoming.cloned().ok_or(Failure::NoSuchQuery)?;
        let response = self.response(&incoming, payload);
        let limit = self.config.limits.query_response;
        let len = SerfMessage::QueryResponse(response.clone()).encode().len();
        if len > limit {
            return Err(Failure::ResponseTooLarge { len, limit });
        }
        self.serf.incoming.remove(&key.0);
        self.incoming_answered(&incoming);
        self.send_response(&incoming, &response);
        Ok(())
    }

    fn response(&self, incoming: &Incoming, payload: Bytes) -> QueryResponse {
        QueryResponse {
            flags: 0,
            from: self.config.name.clone(),
            id: incoming.id,
            ltime: incoming.ltime,
            payload,
        }
    }

    /// Answers what members ask each other.
    pub(super) fn send_answer(&mut self, incoming: &Incoming, payload: Bytes) {
        let response = self.response(incoming, payload);
        self.send_response(incoming, &response);
    }

    /// Sends an answer to who asks, and by others to him as well if he wants that.
    pub(super) fn send_response(&mut self, incoming: &Incoming, response: &QueryResponse) {
        if self.is_here(incoming.to) {
            return self.query_response(response.clone());
        }
        let message: Bytes = SerfMessage::QueryResponse(response.clone()).encode().into();
        self.send_user(incoming.to, &message);
        if incoming.relay_factor > 0 {
            self.send_around(incoming, message);
        }
    }

    fn send_around(&mut self, incoming: &Incoming, message: Bytes) {
        let others = usize::from(incoming.relay_factor);
        if self.serf.members.len() < others + 1 {
            return;
        }
        let relay = Relay {
            to: incoming.to,
            name: incoming.asks.clone(),
            message,
        };
        let bytes: Bytes = relay.encode().into();
        if bytes.len() > self.config.limits.query_response {
            return;
        }
        let me = self.config.name.clone();
        let (members, roster) = (&self.serf.members, &self.list.roster);
        let alive = |name: &str| members.get(name).is_some_and(|m| m.status == Status::Alive);
        let fits = |node: &Node| {
            *node.name != *me
                && alive(&node.name)
                && node.takes_checksums()
                && node.addr != relay.to
        };
        let chosen = roster.sample(&mut self.rng, others, fits);
        for (to, _) in chosen {
            self.send_user(to, &bytes);
        }
    }

    /// Passes a message on; only to members, or strangers could send anything anywhere by us.
    pub(super) fn pass_on(&mut self, relay: &Relay) {
        let known = match self.list.roster.get(&relay.name) {
            Some(node) => node.addr == relay.to,
            None => self.list.roster.iter().any(|node| node.addr == relay.to),
        };
        if known {
            self.send_user(relay.to, &relay.message);
        }
    }

    fn send_user(&mut self, to: SocketAddr, message: &Bytes) {
        let message = crate::engine::user(message);
        self.send_alone(to, false, message.to_vec());
    }
}
