//! What an engine wants done.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Failure, OpId, Outcome};
use crate::codec::Keyring;
use crate::event::Event;
use crate::serf::SnapshotWrite;

/// Names a stream that an engine asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialId(pub(crate) u64);

/// Something to do for an engine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// Send a packet: [`Envelope::seal_packet`](crate::codec::Envelope::seal_packet) makes it.
    Packet {
        /// To whom.
        to: SocketAddr,
        /// What, without layers.
        message: Vec<u8>,
        /// Whether with a checksum.
        checksum: bool,
    },
    /// Connect, send the label and
    /// [`Envelope::seal_stream`](crate::codec::Envelope::seal_stream), read one message, and give
    /// it to [`Engine::dialed`](super::Engine::dialed).
    Dial {
        /// Comes back with the answer.
        id: DialId,
        /// To whom.
        to: SocketAddr,
        /// What, without layers.
        message: Vec<u8>,
    },
    /// Tell the user.
    Event(Event),
    /// Tell who asked a query.
    Query {
        /// The query.
        op: OpId,
        /// What happened.
        item: QueryItem,
    },
    /// Tell who asked for something that took time.
    Finished {
        /// What was asked for.
        op: OpId,
        /// What came of it.
        result: Result<Outcome, Failure>,
    },
    /// The keys have changed: whoever keeps them in a file writes them there.
    Keyring(Keyring),
    /// Write to the snapshot file.
    Snapshot(SnapshotWrite),
    /// Most members say that somebody else has our name: stop.
    NameLost,
}

/// Something that happened to a query of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryItem {
    /// A member has got it.
    Ack {
        /// Which.
        from: String,
    },
    /// A member has answered.
    Response {
        /// Which.
        from: String,
        /// What.
        payload: Bytes,
    },
    /// Its time is over, and nothing follows.
    Done,
}
