//! What a member counts.

use super::Engine;
use crate::serf::Status;

/// How a member is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// All members that are listed, this one included.
    pub members: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that left.
    pub left: usize,
    /// How ill this member seems to be: 0 is well, 7 the worst. See Lifeguard.
    pub health_score: u32,
    /// The time of the members' clock.
    pub member_time: u64,
    /// The time of the events' clock.
    pub event_time: u64,
    /// The time of the queries' clock.
    pub query_time: u64,
    /// Messages about members that wait to be gossiped.
    pub member_queue: usize,
    /// Intents that wait to be gossiped.
    pub intent_queue: usize,
    /// Events that wait to be gossiped.
    pub event_queue: usize,
    /// Queries that wait to be gossiped.
    pub query_queue: usize,
    /// Packets, streams and messages that were dropped because they are none of this cluster.
    pub dropped: u64,
    /// Whether what is sent is encrypted.
    pub encrypted: bool,
    /// How often the network coordinate had to start again.
    pub coordinate_resets: u64,
}

impl Engine {
    /// How this member is doing.
    pub fn stats(&self) -> Stats {
        let with = |status| {
            let members = self.serf.members.values();
            members.filter(|member| member.status == status).count()
        };
        let [intents, queries, events] = self.serf.queues();
        Stats {
            members: self.serf.members.len(),
            failed: with(Status::Failed),
            left: with(Status::Left),
            health_score: self.list.awareness,
            member_time: self.serf.clock.time(),
            event_time: self.serf.event_clock.time(),
            query_time: self.serf.query_clock.time(),
            member_queue: self.list.queue.len(),
            intent_queue: intents.len(),
            event_queue: events.len(),
            query_queue: queries.len(),
            dropped: self.list.dropped,
            encrypted: self.envelope.encrypts(),
            coordinate_resets: self.serf.coordinates.resets(),
        }
    }
}
