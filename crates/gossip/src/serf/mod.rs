//! Serf, on top of the list of members: who wants to leave, tags, user events, queries, keys,
//! coordinates, and what is remembered over a restart.

pub(crate) mod buffer;
mod clock;
mod coalesce;
mod conflict;
mod events;
mod filter;
mod force_leave;
mod incoming;
mod intents;
mod join;
mod keys;
mod leave;
mod location;
mod member;
pub mod message;
mod query;
mod reap;
mod respond;
mod snapshot;
mod start;
mod state;
mod status;
pub(crate) mod tags;
mod user_event;

use std::collections::{BTreeMap, HashMap};

pub use coalesce::Coalesce;
pub use filter::Filter;
pub use keys::{KeyChange, KeyReport};
pub use member::{Member, Status};
pub use query::QuerySpec;
pub use snapshot::{Snapshot, SnapshotWrite};

use crate::coordinate::{Coordinate, CoordinateClient};
use crate::engine::EngineConfig;
use crate::memberlist::Queue;
use buffer::{EventBuffer, QueryBuffer};
use clock::LamportClock;
use coalesce::{MemberCoalescer, UserCoalescer};
use incoming::Incoming;
use intents::Intents;
use query::OwnQuery;
use snapshot::SnapshotLog;

/// What the upper layer knows.
#[derive(Debug)]
pub(crate) struct Serf {
    pub(crate) clock: LamportClock,
    pub(crate) event_clock: LamportClock,
    pub(crate) query_clock: LamportClock,
    pub(crate) members: BTreeMap<String, Member>,
    intents: Intents,
    intent_queue: Queue,
    query_queue: Queue,
    event_queue: Queue,
    events: EventBuffer,
    queries: QueryBuffer,
    /// Queries that this member asked.
    own: BTreeMap<u64, OwnQuery>,
    /// Queries that it may answer.
    incoming: BTreeMap<u64, Incoming>,
    next_key: u64,
    resolving_conflict: bool,
    pub(crate) coordinates: CoordinateClient,
    places: HashMap<String, Coordinate>,
    member_coalescer: MemberCoalescer,
    user_coalescer: UserCoalescer,
    snapshot: Option<SnapshotLog>,
}

impl Serf {
    pub(crate) fn new(config: &EngineConfig) -> Self {
        Self {
            clock: LamportClock::default(),
            event_clock: LamportClock::default(),
            query_clock: LamportClock::default(),
            members: BTreeMap::new(),
            intents: Intents::default(),
            intent_queue: Queue::default(),
            query_queue: Queue::default(),
            event_queue: Queue::default(),
            events: EventBuffer::new(config.limits.remembered),
            queries: QueryBuffer::new(config.limits.remembered),
            own: BTreeMap::new(),
            incoming: BTreeMap::new(),
            next_key: 0,
            resolving_conflict: false,
            coordinates: CoordinateClient::default(),
            places: HashMap::new(),
            member_coalescer: MemberCoalescer::new(config.coalesce_members),
            user_coalescer: UserCoalescer::new(config.coalesce_users),
            snapshot: config.snapshot.clone().map(SnapshotLog::new),
        }
    }

    /// What is to be gossiped, in the order in which packets are filled.
    pub(crate) fn queues(&self) -> [&Queue; 3] {
        [&self.intent_queue, &self.query_queue, &self.event_queue]
    }

    pub(crate) fn queues_mut(&mut self) -> [&mut Queue; 3] {
        [
            &mut self.intent_queue,
            &mut self.query_queue,
            &mut self.event_queue,
        ]
    }

    fn next_key(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }
}
