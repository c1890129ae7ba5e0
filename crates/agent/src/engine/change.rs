use bytes::Bytes;

use super::consul::{SessionId, Table};
use super::row::Row;

/// What a command changed: whom to wake, and what to store.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Which readers have something new to see. One that is listed twice is woken once.
    pub wakes: Vec<Wake>,
    /// Which rows to store, in order; the last one of a key counts.
    pub rows: Vec<Row>,
    /// Whether the index of a table moved, so that the index row must be stored too.
    pub indexes_moved: bool,
    /// Whether a snapshot was restored: everything is to be stored anew, and everybody woken.
    pub replaced: bool,
}

impl Changes {
    /// Whether something has to be stored before the command is answered.
    #[must_use]
    pub fn need_commit(&self) -> bool {
        self.replaced || self.indexes_moved || !self.rows.is_empty()
    }

    /// Whether the index row is to be stored as well: Consul's state has changed.
    #[must_use]
    pub(crate) fn need_index(&self) -> bool {
        self.indexes_moved || self.rows.iter().any(|row| matches!(row, Row::Consul(_)))
    }

    /// Forgets everything, to be used for the next batch.
    pub(crate) fn clear(&mut self) {
        const KEPT: usize = 4096;
        self.wakes.clear();
        self.wakes.shrink_to(KEPT);
        self.rows.clear();
        self.rows.shrink_to(KEPT);
        self.indexes_moved = false;
        self.replaced = false;
    }

    /// How much was changed so far, to undo what comes after.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            wakes: self.wakes.len(),
            rows: self.rows.len(),
            indexes_moved: self.indexes_moved,
        }
    }

    /// Forgets what was added since `mark`.
    pub(super) fn undo_to(&mut self, mark: &Mark) {
        self.wakes.truncate(mark.wakes);
        self.rows.truncate(mark.rows);
        self.indexes_moved = mark.indexes_moved;
    }
}

/// A place in [`Changes`].
pub(super) struct Mark {
    wakes: usize,
    rows: usize,
    indexes_moved: bool,
}

/// Readers who have something new to see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wake {
    /// Those of this Consul key, and of every prefix of it.
    Key(Bytes),
    /// Those of every Consul key and prefix under this prefix, and of every prefix of it.
    Tree(Bytes),
    /// Those of this topic.
    Topic(Topic),
    /// Those who watch this key of etcd's v3 API.
    Etcd3 {
        /// The key.
        key: Bytes,
        /// The revision at which it was changed.
        revision: i64,
    },
}

/// Something other than keys that a reader can wait for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// One Consul session.
    Session(SessionId),
    /// The sessions of one node, by its name in lower case.
    NodeSessions(Box<str>),
    /// One node and its services, by its name in lower case.
    Node(Box<str>),
    /// The checks of one node, by its name in lower case.
    NodeChecks(Box<str>),
    /// The instances of a service and their nodes, by its name in lower case.
    Service(Box<str>),
    /// The same, and their checks.
    ServiceHealth(Box<str>),
    /// The instances that speak Connect for a service and their nodes, by its name in lower case.
    Connect(Box<str>),
    /// The same, and their checks.
    ConnectHealth(Box<str>),
    /// The checks of a service, by its name in lower case.
    ServiceChecks(Box<str>),
    /// The checks in a state.
    ChecksInState(Box<str>),
    /// A service lost its last instance.
    ServiceGone,
    /// One service of this agent, by its id.
    LocalService(Box<str>),
    /// The status of any check of this agent, and which services it has.
    LocalChecks,
    /// Which checks this agent runs, and how.
    LocalPlans,
    /// The configuration entries of a kind, or the one called `kind/name`, in lower case.
    ConfigEntries(Box<str>),
    /// The user events.
    Events,
    /// Everything in one table.
    Table(Table),
    /// One key of etcd's v2 API.
    Etcd2Key(Box<str>),
    /// One key of etcd's v2 API, and everything below it.
    Etcd2Tree(Box<str>),
    /// So much of etcd's v2 history is new that all watchers have to look.
    Etcd2Turn,
    /// The leases of etcd's v3 API: which there are, and how long they live.
    Etcd3Leases,
    /// What was compacted of etcd's v3 keys is removed.
    Etcd3Swept,
}
