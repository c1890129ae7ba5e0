//! Queries that came in.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::filter::all_hold;
use super::message::{QueryMessage, QueryResponse, flags};
use super::query::INTERNAL;
use crate::address;
use crate::engine::{Engine, Time, Timer, TimerKey};
use crate::event::{Event, QueryEvent, QueryKey};

/// A query that may be answered.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) ltime: u64,
    pub(super) id: u32,
    pub(super) to: SocketAddr,
    pub(super) asks: String,
    pub(super) relay_factor: u8,
    pub(super) deadline: Time,
    /// What ends it; queries that members ask each other are answered at once and need none.
    timer: Option<TimerKey>,
}

/// How many wait for an answer; when there are more, the oldest cannot be answered any more.
const MOST: usize = 4096;

/// No query is open for longer, whatever it says.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Engine {
    /// A query came in, also one of our own. `true` if it is news to pass on.
    pub(super) fn query_message(&mut self, query: &QueryMessage) -> bool {
        self.serf.query_clock.witness(query.ltime);
        let now = self.serf.query_clock.time();
        if !self.serf.queries.insert(query.ltime, query.id, now) {
            return false;
        }
        let (name, tags) = (&self.config.name, &self.config.tags);
        let to = address::from_bytes(&query.addr, query.port);
        if let Some(to) = to.filter(|_| all_hold(&query.filters, name, tags)) {
            self.take_query(query, to);
        }
        query.is_broadcast()
    }

    fn take_query(&mut self, query: &QueryMessage, to: SocketAddr) {
        let nanos = u64::try_from(query.timeout).unwrap_or_default();
        let timeout = Duration::from_nanos(nanos).min(LONGEST);
        let mut incoming = Incoming {
            ltime: query.ltime,
            id: query.id,
            to,
            asks: query.source_node.clone(),
            relay_factor: query.relay_factor,
            deadline: self.now.saturating_add(timeout),
            timer: None,
        };
        if query.wants_ack() {
            let ack = QueryResponse {
                flags: flags::ACK,
                from: self.config.name.clone(),
                id: query.id,
                ltime: query.ltime,
                payload: Bytes::new(),
            };
            self.send_response(&incoming, &ack);
        }
        if let Some(internal) = query.name.strip_prefix(INTERNAL) {
            self.answer_internal(internal, &query.payload, &incoming);
            return;
        }
        let key = self.serf.next_key();
        let timer = Timer::IncomingQueryEnd(key);
        incoming.timer = Some(self.timers.set(incoming.deadline, timer));
        self.serf.incoming.insert(key, incoming);
        if self.serf.incoming.len() > MOST
            && let Some((_, oldest)) = self.serf.incoming.pop_first()
        {
            self.incoming_answered(&oldest);
        }
        self.tell(Event::Query(QueryEvent {
            key: QueryKey(key),
            ltime: query.ltime,
            name: query.name.clone(),
            payload: query.payload.clone(),
            from: query.source_node.clone(),
            timeout,
        }));
    }

    /// A query cannot be answered any more: nothing of it waits.
    pub(super) fn incoming_answered(&mut self, incoming: &Incoming) {
        if let Some(timer) = incoming.timer {
            self.timers.cancel(timer);
        }
    }

    /// The time for an answer is over.
    pub(crate) fn incoming_query_ended(&mut self, key: u64) {
        self.serf.incoming.remove(&key);
    }

    /// What members ask each other.
    fn answer_internal(&mut self, name: &str, payload: &Bytes, incoming: &Incoming) {
        let answer = match name {
            // The acknowledgement is the answer.
            "ping" => None,
            "conflict" => self.who_has(payload),
            "install-key" | "use-key" | "remove-key" | "list-keys" => {
                Some(self.change_keys(name, payload))
            }
            _ => {
                tracing::warn!(name, "an internal query that is not known");
                None
            }
        };
        if let Some(payload) = answer {
            self.send_answer(incoming, payload.into());
        }
    }
}
