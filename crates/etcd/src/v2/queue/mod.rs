//! What locks, semaphores and elections have in common: a queue of in-order keys.
//!
//! Each contender has an entry, a key in order with a TTL, in the directory of what it contends
//! for, as python-etcd lays it out: `/_locks/NAME/00000000000000000042`. The first entries hold;
//! each of the others waits for the one before it to go, so that a release wakes one and not all.
//! Entries are renewed without waking anybody, and given back on every way out.

mod contest;
mod entry;
mod place;

use quorate_wire::etcd2::Node;

use crate::queue;

pub use crate::queue::{DEFAULT_TTL, MIN_TTL};
pub(crate) use place::Place;

/// Somebody in a queue: who holds, or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The key of the entry.
    pub key: String,
    /// What tells contenders apart: the first word of the entry's value.
    pub id: String,
    /// What the contender put there for others to read.
    pub value: String,
    /// The index at which the entry was made: of a holder, its fencing token.
    pub created_index: u64,
}

impl Holder {
    pub(crate) fn of(node: &Node) -> Self {
        let text = node.value.as_deref().unwrap_or_default();
        let (id, value) = text.split_once(' ').unwrap_or((text, ""));
        Self {
            key: node.key.clone(),
            id: id.to_owned(),
            value: value.to_owned(),
            created_index: node.created_index,
        }
    }
}

/// How an attempt to acquire within a time ended.
pub type Acquisition<G> = queue::Acquisition<G, Holder>;
/// Options of locks, semaphores and elections.
pub type QueueOptions = queue::QueueOptions<String>;
pub(crate) type Tenure = queue::Tenure<Place>;
