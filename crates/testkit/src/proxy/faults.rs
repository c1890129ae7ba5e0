//! What is wrong with the network at the moment.

use std::net::SocketAddr;
use std::time::Duration;

/// One of the two directions of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server: requests.
    ToServer,
    /// From the server to the client: answers.
    ToClient,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    pub(super) const fn index(self) -> usize {
        match self {
            Self::ToServer => 0,
            Self::ToClient => 1,
        }
    }
}

/// What happens to new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    Open,
    Refuse,
    BlackHole,
}

/// All faults at one instant. Counters grow by one for each command, so that a connection sees the
/// commands given since it began, and only those.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    pub(super) server: SocketAddr,
    pub(super) entrance: Entrance,
    pub(super) cuts: u64,
    lanes: [Rule; 2],
}

/// What happens in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rule {
    pub(super) delay: Duration,
    pub(super) hold: bool,
    pub(super) half_closes: u64,
    pub(super) limits: u64,
    pub(super) limit: Option<Limit>,
}

/// How many bytes go through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) bytes: u64,
    pub(super) then: AtLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtLimit {
    Cut,
    Hold,
}

impl Faults {
    pub(super) fn none(server: SocketAddr) -> Self {
        Self {
            server,
            entrance: Entrance::Open,
            cuts: 0,
            lanes: [Rule::default(); 2],
        }
    }

    /// Ends every fault that lasts.
    pub(super) fn end(&mut self) {
        self.entrance = Entrance::Open;
        for lane in &mut self.lanes {
            *lane = Rule {
                half_closes: lane.half_closes,
                limits: lane.limits,
                ..Rule::default()
            };
        }
    }

    pub(super) fn lane(&self, direction: Direction) -> Rule {
        self.lanes[direction.index()]
    }

    pub(super) fn lane_mut(&mut self, direction: Direction) -> &mut Rule {
        &mut self.lanes[direction.index()]
    }
}
