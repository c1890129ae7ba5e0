//! The failure detector and the list of members: HashiCorp's memberlist, which is SWIM with
//! suspicion, push/pull and the Lifeguard extensions.

mod awareness;
mod exchange;
mod node;
mod ping;
mod probe;
mod queue;
mod refute;
mod roster;
mod rumor;
mod start;
mod suspicion;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use node::Node;
pub(crate) use queue::Queue;
pub(crate) use roster::Roster;
pub(crate) use rumor::LONGEST_NAME;

use probe::Probe;

/// What the lower layer knows.
#[derive(Debug)]
pub(crate) struct Memberlist {
    /// Everybody, this member included.
    pub(crate) roster: Roster,
    /// What is to be gossiped about members.
    pub(crate) queue: Queue,
    /// Our own incarnation.
    incarnation: u32,
    /// The number of the latest ping.
    seq: u32,
    /// Whose turn it is to be probed, and where in that order we are.
    turns: Vec<Arc<str>>,
    turn: usize,
    probe: Option<Probe>,
    /// Probes that we make for others.
    relayed: HashMap<u32, probe::Relayed>,
    /// How ill we seem to be: Lifeguard's score.
    pub(crate) awareness: u32,
    /// Whether we say that we leave.
    leaving: bool,
    /// What was dropped.
    pub(crate) dropped: u64,
}

impl Memberlist {
    pub(crate) fn new() -> Self {
        Self {
            roster: Roster::default(),
            queue: Queue::default(),
            incarnation: 0,
            seq: 0,
            turns: Vec::new(),
            turn: 0,
            probe: None,
            relayed: HashMap::new(),
            awareness: 0,
            leaving: false,
            dropped: 0,
        }
    }

    fn next_seq(&mut self) -> u32 {
        self.seq = self.seq.wrapping_add(1);
        self.seq
    }
}
