use std::sync::Arc;

use super::auth::{Flags, Role, User};
use super::event::Event;
use super::history::HISTORY;
use super::node::Node;

/// One durable row of etcd's v2 state: a thing that was written, or the key of one that is gone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Row {
    /// A file or a directory, which is stored without what is in it.
    Node(Box<str>, Option<Arc<Node>>),
    /// An event of the history, by its place in a ring.
    Event(u16, Option<Arc<Event>>),
    /// A user, by name.
    User(Box<str>, Option<Arc<User>>),
    /// A role, by name.
    Role(Box<str>, Option<Arc<Role>>),
    /// Whether users count.
    Flags(Flags),
    /// Where the agent's own member would be reached by others.
    Peers(Arc<[String]>),
}

impl Row {
    /// The row of an event, which takes the place of the one that is too old to be asked for.
    pub(super) fn event(event: Arc<Event>) -> Self {
        Self::Event(slot(event.index), Some(event))
    }

    /// The row of an event that is gone before its time.
    pub(super) fn no_event(index: u64) -> Self {
        Self::Event(slot(index), None)
    }
}

fn slot(index: u64) -> u16 {
    u16::try_from(index % HISTORY).unwrap_or(0)
}
