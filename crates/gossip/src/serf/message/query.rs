//! Queries and their answers.

use bytes::Bytes;

use crate::msgpack::bodies;

/// What a query or an answer is, beside its fields.
pub mod flags {
    /// On a query: whoever gets it says so. On an answer: it only says so.
    pub const ACK: u32 = 1;
    /// On a query: whoever gets it does not pass it on.
    pub const NO_BROADCAST: u32 = 2;
}

bodies! {
    /// A question to all members, or to those that its filters name.
    pub QueryMessage {
        /// The address that answers go to, 4 or 16 bytes.
        addr: Bytes = "Addr",
        /// Who is to answer: [`Filter`](crate::serf::Filter).
        filters: Vec<Bytes> = "Filters",
        /// See [`flags`].
        flags: u32 = "Flags",
        /// Tells queries of the same time apart.
        id: u32 = "ID",
        /// The time of the queries' clock.
        ltime: u64 = "LTime",
        /// Its name.
        name: String = "Name",
        /// What comes with it.
        payload: Bytes = "Payload",
        /// The port that answers go to.
        port: u16 = "Port",
        /// How many others are to pass each answer on as well.
        relay_factor: u8 = "RelayFactor",
        /// Who asks.
        source_node: String = "SourceNode",
        /// For how long answers are taken, in nanoseconds.
        timeout: i64 = "Timeout",
    }

    /// An answer to a query, or the news that it has arrived.
    pub QueryResponse {
        /// See [`flags`].
        flags: u32 = "Flags",
        /// Who answers.
        from: String = "From",
        /// The number of the query.
        id: u32 = "ID",
        /// The time of the query.
        ltime: u64 = "LTime",
        /// The answer.
        payload: Bytes = "Payload",
    }
}

impl QueryMessage {
    /// Whether whoever gets it says so.
    pub fn wants_ack(&self) -> bool {
        self.flags & flags::ACK != 0
    }

    /// Whether whoever gets it passes it on.
    pub fn is_broadcast(&self) -> bool {
        self.flags & flags::NO_BROADCAST == 0
    }
}

impl QueryResponse {
    /// Whether it only says that the query has arrived.
    pub fn is_ack(&self) -> bool {
        self.flags & flags::ACK != 0
    }
}
