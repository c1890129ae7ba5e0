//! What happens in a cluster.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::serf::Member;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Members changed.
    Members(MemberEvent),
    /// Somebody sent an event.
    User(UserEvent),
    /// Somebody asks something.
    Query(QueryEvent),
}

/// How members changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MemberChange {
    /// They are there, for the first time or again.
    Join,
    /// They said goodbye, or were told to be taken for such.
    Leave,
    /// They do not answer any more.
    Failed,
    /// Their tags or addresses are others.
    Update,
    /// They are not listed any more.
    Reap,
}

impl MemberChange {
    /// Serf's word for it: `member-join` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "member-join",
            Self::Leave => "member-leave",
            Self::Failed => "member-failed",
            Self::Update => "member-update",
            Self::Reap => "member-reap",
        }
    }
}

impl fmt::Display for MemberChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Members that changed in the same way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MemberEvent {
    /// How.
    pub change: MemberChange,
    /// Which, as they are now.
    pub members: Vec<Member>,
}

impl MemberEvent {
    pub(crate) fn one(change: MemberChange, member: Member) -> Event {
        let members = vec![member];
        Event::Members(Self { change, members })
    }
}

/// An event that a user sent to all members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserEvent {
    /// The time of the events' clock: events that know of each other have growing times.
    pub ltime: u64,
    /// Its name.
    pub name: String,
    /// What comes with it.
    pub payload: Bytes,
    /// Whether of several with this name only the latest matters.
    pub coalesce: bool,
}

/// A query that this member may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryEvent {
    /// Names the query when it is answered.
    pub key: QueryKey,
    /// The time of the queries' clock.
    pub ltime: u64,
    /// Its name.
    pub name: String,
    /// What comes with it.
    pub payload: Bytes,
    /// Who asks.
    pub from: String,
    /// For how long an answer is taken, from when it arrived.
    pub timeout: Duration,
}

/// Names a query that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryKey(pub(crate) u64);
