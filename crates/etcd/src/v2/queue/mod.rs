//! What locks, semaphores and elections have in common: a queue of in-order keys.
//!
//! Each contender has an entry, a key in order with a TTL, in the directory of what it contends
//! for, as python-etcd lays it out: `/_locks/NAME/00000000000000000042`. The first entries hold;
//! each of the others waits for the one before it to go, so that a release wakes one and not all.
//! Entries are renewed without waking anybody, and given back on every way out.

mod contest;
mod entry;
mod options;
mod place;
mod tenure;

use quorate_wire::etcd2::Node;

pub use options::{DEFAULT_TTL, MIN_TTL, QueueOptions};
pub(crate) use place::Place;
pub(crate) use tenure::{Tenure, acquire};

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Acquisition<G> {
    /// It is held.
    Acquired(G),
    /// The time was over. Nothing is left behind.
    TimedOut {
        /// Who held it at the last look.
        holders: Vec<Holder>,
    },
}

impl<G> Acquisition<G> {
    /// What is held; `None` if the time was over.
    pub fn acquired(self) -> Option<G> {
        match self {
            Self::Acquired(guard) => Some(guard),
            Self::TimedOut { .. } => None,
        }
    }

    pub(crate) fn map<H>(self, f: impl FnOnce(G) -> H) -> Acquisition<H> {
        match self {
            Self::Acquired(guard) => Acquisition::Acquired(f(guard)),
            Self::TimedOut { holders } => Acquisition::TimedOut { holders },
        }
    }
}
