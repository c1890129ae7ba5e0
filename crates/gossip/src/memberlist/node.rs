//! A member as this one sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::suspicion::Suspicion;
use crate::address;
use crate::codec::{Alive, NodeState, RemoteNode, Versions};
use crate::engine::Time;

/// A member, this one or another.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: Arc<str>,
    pub(crate) addr: SocketAddr,
    pub(crate) meta: Bytes,
    pub(crate) versions: Versions,
    pub(crate) incarnation: u32,
    pub(crate) state: NodeState,
    /// Since when it is in this state.
    pub(crate) changed: Time,
    pub(super) suspicion: Option<Suspicion>,
}

impl Node {
    /// Whether it takes part as far as is known.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, NodeState::Alive | NodeState::Suspect)
    }

    /// Whether it failed, or left.
    pub(crate) fn is_gone(&self) -> bool {
        !self.is_live()
    }

    /// Whether it failed (not left) at most so long ago.
    pub(crate) fn died_within(&self, now: Time, span: Duration) -> bool {
        self.state == NodeState::Dead && now.saturating_sub(self.changed) <= span
    }

    /// Whether it understands packets with a checksum.
    pub(crate) fn takes_checksums(&self) -> bool {
        self.versions.protocol_max >= 5
    }

    pub(super) fn to_alive(&self) -> Alive {
        Alive {
            addr: address::to_bytes(self.addr.ip()),
            incarnation: self.incarnation,
            meta: self.meta.clone(),
            node: self.name.to_string(),
            port: self.addr.port(),
            versions: Bytes::copy_from_slice(&self.versions.to_bytes()),
        }
    }

    pub(super) fn to_remote(&self) -> RemoteNode {
        RemoteNode {
            addr: address::to_bytes(self.addr.ip()),
            incarnation: self.incarnation,
            meta: self.meta.clone(),
            name: self.name.to_string(),
            port: self.addr.port(),
            state: self.state,
            versions: Bytes::copy_from_slice(&self.versions.to_bytes()),
        }
    }
}
