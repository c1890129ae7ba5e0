use std::sync::Arc;

use super::alarm::Alarm;
use super::auth::{Flags, Role, User};
use super::event::{Event, Revision};

/// One durable row of etcd's v3 state: a thing that was written, or the key of one that is gone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Row {
    /// A change of a key, by its place in the history.
    Version(Revision, Option<Event>),
    /// The newest revision, and the oldest one that is kept whole.
    Marks {
        /// The newest revision when this was written.
        revision: i64,
        /// The last one that was compacted.
        compacted: i64,
    },
    /// A lease by its id: how many seconds it was granted for.
    Lease(i64, Option<i64>),
    /// A user, by name.
    User(Box<str>, Option<Arc<User>>),
    /// A role, by name.
    Role(Box<str>, Option<Arc<Role>>),
    /// Whether users count, and how often users and roles have changed.
    Auth(Flags),
    /// An alarm of a member, and whether it is on.
    Alarm(Alarm, u64, bool),
    /// Where the agent's own member would be reached by others.
    Peers(Arc<[String]>),
}
