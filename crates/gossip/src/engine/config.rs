//! How a member behaves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::profile::Profile;
use crate::serf::{Coalesce, Snapshot};

/// What an [`Engine`](super::Engine) is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EngineConfig {
    /// Its name, which nobody else in the cluster has.
    pub name: String,
    /// Where the others reach it, by UDP and TCP.
    pub address: SocketAddr,
    /// What it says about itself; at most 512 bytes when encoded.
    pub tags: BTreeMap<String, String>,
    /// How fast it probes and gossips.
    pub profile: Profile,
    /// Sizes and times of Serf.
    pub limits: Limits,
    /// Whether to deliver only the last of several changes of a member. Default: no.
    pub coalesce_members: Option<Coalesce>,
    /// Whether to deliver only the last of several user events that allow it. Default: no.
    pub coalesce_users: Option<Coalesce>,
    /// Whether to keep a network coordinate. Default: yes.
    pub coordinates: bool,
    /// Whether to ask the others who is right when somebody else claims the same name, and to
    /// stop if they say that it is he. Default: yes.
    pub resolve_conflicts: bool,
    /// What was known when the member last ran; also asks for [`Output::Snapshot`].
    ///
    /// [`Output::Snapshot`]: super::Output::Snapshot
    pub snapshot: Option<Snapshot>,
}

impl EngineConfig {
    /// A member of this name at this address, everything else at its default.
    pub fn new(name: impl Into<String>, address: SocketAddr) -> Self {
        Self {
            name: name.into(),
            address,
            tags: BTreeMap::new(),
            profile: Profile::lan(),
            limits: Limits::default(),
            coalesce_members: None,
            coalesce_users: None,
            coordinates: true,
            resolve_conflicts: true,
            snapshot: None,
        }
    }
}

/// Sizes and times of the Serf layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How large a user event may be, name and payload, and also encoded. Default 512, at most 9216.
    pub user_event: usize,
    /// How large a query may be, encoded. Default 1024.
    pub query: usize,
    /// How large an answer may be, encoded. Default 1024.
    pub query_response: usize,
    /// How many times of events and queries are remembered, to deliver each once. Default 512.
    pub remembered: usize,
    /// How many messages wait to be gossiped, of each sort, before old ones are dropped. Default 4096.
    pub queue: usize,
    /// How long to wait until an intent or new tags are gossiped. Default 5 s.
    pub broadcast_timeout: Duration,
    /// How long after leaving the member still passes on that it left. Default 1 s.
    pub leave_propagate_delay: Duration,
    /// How often to try to reach a failed member. Default 30 s.
    pub reconnect_interval: Duration,
    /// For how long to try, and to list a failed member. Default 24 h.
    pub reconnect_timeout: Duration,
    /// For how long to list a member that left. Default 24 h.
    pub tombstone_timeout: Duration,
    /// How often to look for members to forget. Default 15 s.
    pub reap_interval: Duration,
    /// For how long to remember what somebody unknown wants. Default 5 min.
    pub recent_intent_timeout: Duration,
    /// A query waits this many gossip intervals times the decimal digits of the cluster's size.
    /// Default 16: 3.2 s for up to 9 members in a LAN.
    pub query_timeout_mult: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            user_event: 512,
            query: 1024,
            query_response: 1024,
            remembered: 512,
            queue: 4096,
            broadcast_timeout: Duration::from_secs(5),
            leave_propagate_delay: Duration::from_secs(1),
            reconnect_interval: Duration::from_secs(30),
            reconnect_timeout: Duration::from_secs(24 * 3600),
            tombstone_timeout: Duration::from_secs(24 * 3600),
            reap_interval: Duration::from_secs(15),
            recent_intent_timeout: Duration::from_secs(300),
            query_timeout_mult: 16,
        }
    }
}
