//! Queries that this member asks.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::filter::Filter;
use super::keys::KeyReport;
use super::message::{QueryMessage, QueryResponse, SerfMessage, flags};
use crate::address;
use crate::engine::{Engine, Failure, OpId, Output, Phase, QueryItem, Time, Timer, TimerKey};

/// What names of queries that only members ask begin with.
pub(super) const INTERNAL: &str = "_serf_";

/// How many answers are taken: as many as there can be members.
const MOST_ANSWERS: usize = 1 << 17;

/// The one of them that users may ask: members only acknowledge it.
const PING: &str = "_serf_ping";

/// A question to all members, or to some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuerySpec {
    /// Its name.
    pub name: String,
    /// What comes with it.
    pub payload: Bytes,
    /// Who is to answer. Default: everybody.
    pub filters: Vec<Filter>,
    /// Whether members say that they got it. Default: no.
    pub ack: bool,
    /// How many others pass each answer on as well. Default: none.
    pub relay_factor: u8,
    /// For how long answers are taken. Default: 16 gossip intervals times the decimal digits of
    /// the cluster's size, 3.2 s for up to 9 members in a LAN.
    pub timeout: Option<Duration>,
}

impl QuerySpec {
    /// A question of this name to everybody.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// What comes with it.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<Bytes>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Adds a condition on who is to answer.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Whether members say that they got it.
    #[must_use]
    pub fn with_ack(mut self, ack: bool) -> Self {
        self.ack = ack;
        self
    }

    /// How many others pass each answer on as well.
    #[must_use]
    pub fn with_relay_factor(mut self, others: u8) -> Self {
        self.relay_factor = others;
        self
    }

    /// For how long answers are taken.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// What the answers to a query are for.
#[derive(Debug)]
pub(super) enum Purpose {
    User(OpId),
    Keys(OpId, KeyReport),
    Conflict { answers: usize, for_us: usize },
}

/// A query that was asked and whose time is not over.
#[derive(Debug)]
pub(super) struct OwnQuery {
    ltime: u64,
    id: u32,
    acks: BTreeSet<String>,
    answers: BTreeSet<String>,
    pub(super) purpose: Purpose,
    timer: TimerKey,
}

impl Engine {
    /// Asks. What comes back is [`Output::Query`] until [`QueryItem::Done`].
    ///
    /// # Errors
    ///
    /// [`Failure`]: too large, a reserved name, a filter that is none, or the member leaves.
    pub fn query(&mut self, now: Time, op: OpId, spec: &QuerySpec) -> Result<(), Failure> {
        self.advance(now);
        // Whoever wants to know whether members answer may ask what they ask each other.
        let ping = spec.name == PING && spec.payload.is_empty();
        if spec.name.starts_with(INTERNAL) && !ping {
            return Err(Failure::ReservedName);
        }
        spec.filters.iter().try_for_each(Filter::check)?;
        self.ask(spec, Purpose::User(op))
    }

    /// Stops taking answers. Nothing happens if the query has ended.
    pub fn end_query(&mut self, now: Time, op: OpId) {
        self.advance(now);
        let found = self
            .serf
            .own
            .iter()
            .find(|(_, query)| matches!(query.purpose, Purpose::User(other) if other == op));
        if let Some((&key, _)) = found {
            self.query_ended(key);
        }
    }

    /// How long a query waits for answers unless it says otherwise.
    pub fn default_query_timeout(&self) -> Duration {
        let mult = self.config.limits.query_timeout_mult;
        self.config
            .profile
            .query_timeout(mult, self.serf.members.len())
    }

    pub(super) fn ask(&mut self, spec: &QuerySpec, purpose: Purpose) -> Result<(), Failure> {
        if self.phase != Phase::Running {
            return Err(Failure::Leaving);
        }
        let timeout = spec.timeout.unwrap_or_else(|| self.default_query_timeout());
        let message = QueryMessage {
            addr: address::to_bytes(self.config.address.ip()),
            filters: spec
                .filters
                .iter()
                .map(|filter| filter.encode().into())
                .collect(),
            flags: if spec.ack { flags::ACK } else { 0 },
            id: self.rng.next_u32(),
            ltime: self.serf.query_clock.time(),
            name: spec.name.clone(),
            payload: spec.payload.clone(),
            port: self.config.address.port(),
            relay_factor: spec.relay_factor,
            source_node: self.config.name.clone(),
            timeout: i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX),
        };
        let bytes = SerfMessage::Query(message.clone()).encode();
        let (len, limit) = (bytes.len(), self.config.limits.query);
        if len > limit {
            return Err(Failure::QueryTooLarge { len, limit });
        }
        self.serf.query_clock.tick();
        let key = self.serf.next_key();
        let timer = self.after(timeout, Timer::QueryEnd(key));
        let query = OwnQuery {
            ltime: message.ltime,
            id: message.id,
            acks: BTreeSet::new(),
            answers: BTreeSet::new(),
            purpose,
            timer,
        };
        self.serf.own.insert(key, query);
        self.query_message(&message);
        self.serf.query_queue.push(bytes.into(), None);
        Ok(())
    }

    /// An answer or an acknowledgement came in.
    pub(super) fn query_response(&mut self, response: QueryResponse) {
        let found = self
            .serf
            .own
            .iter_mut()
            .find(|(_, query)| query.ltime == response.ltime && query.id == response.id);
        let Some((&key, query)) = found else {
            return;
        };
        let from = response.from.clone();
        if query.acks.len().max(query.answers.len()) >= MOST_ANSWERS {
            return;
        }
        if response.is_ack() {
            // Some come twice, because they are passed on by others as well.
            if let (true, Purpose::User(op)) = (query.acks.insert(from.clone()), &query.purpose) {
                let item = QueryItem::Ack { from };
                self.out.push_back(Output::Query { op: *op, item });
            }
            return;
        }
        if !query.answers.insert(from.clone()) {
            return;
        }
        let payload = response.payload;
        match &mut query.purpose {
            Purpose::User(op) => {
                let item = QueryItem::Response { from, payload };
                self.out.push_back(Output::Query { op: *op, item });
            }
            Purpose::Keys(_, report) => {
                report.add(from, &payload);
                if report.responses >= report.nodes {
                    self.query_ended(key);
                }
            }
            Purpose::Conflict { .. } => self.conflict_answer(key, &payload),
        }
    }

    /// The time of a query is over, or everything has come in.
    pub(crate) fn query_ended(&mut self, key: u64) {
        let Some(query) = self.serf.own.remove(&key) else {
            return;
        };
        self.timers.cancel(query.timer);
        match query.purpose {
            Purpose::User(op) => {
                let item = QueryItem::Done;
                self.out.push_back(Output::Query { op, item });
            }
            Purpose::Keys(op, report) => {
                let result = report.into_result();
                self.finish(op, result);
            }
            Purpose::Conflict { answers, for_us } => self.conflict_decided(answers, for_us),
        }
    }

    /// Whether an address is our own.
    pub(super) fn is_here(&self, to: SocketAddr) -> bool {
        to == self.config.address
    }
}
