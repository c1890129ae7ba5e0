use std::sync::Arc;

use bytes::Bytes;

use super::auth::{AuthCommand, AuthReply};
use super::event::Event;

/// A change of etcd's v2 state.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Writes or removes a key.
    Write(Box<Write>),
    /// Changes users, roles, or whether they count.
    Auth(Box<AuthCommand>),
    /// Says where the agent's own member would be reached by others.
    SetPeers(Vec<String>),
}

impl Command {
    /// About how many bytes the command brings along.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Write(write) => write.key.len() + write.value_bytes(),
            Self::Auth(_) | Self::SetPeers(_) => 0,
        }
    }
}

/// A change of one key.
#[derive(Clone, Debug)]
pub struct Write {
    /// The key, as [`clean`](super::clean) makes it.
    pub key: Box<str>,
    /// What happens to it.
    pub op: Op,
}

impl Write {
    fn value_bytes(&self) -> usize {
        match &self.op {
            Op::Set { put, .. } | Op::Create { put, .. } => put.value.len(),
            Op::Update { put, .. } | Op::CompareAndSwap { put, .. } => put.value.len(),
            Op::Delete { .. } | Op::CompareAndDelete(_) => 0,
        }
    }
}

/// What is written.
#[derive(Clone, Debug, Default)]
pub struct Put {
    /// The value; without meaning for a directory.
    pub value: Bytes,
    /// Makes a directory. Only [`Op::Set`] and [`Op::Create`] look at it.
    pub dir: bool,
    /// How long it lives, in seconds; `None` is forever, and zero ends at once.
    pub ttl: Option<u64>,
}

/// What a value must be before a write. An empty value and index 0 are no condition.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// The value.
    pub value: Bytes,
    /// The index of the last write.
    pub index: u64,
}

/// What happens to a key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Op {
    /// Writes a file or makes a directory; replaces a file.
    Set {
        /// What is written.
        put: Put,
        /// Keeps the value, changes the time only, and wakes no watcher.
        refresh: bool,
    },
    /// Writes a file or makes a directory where nothing is.
    Create {
        /// What is written.
        put: Put,
        /// Makes it in the directory of the key, under a name that is the index in 20 digits.
        in_order: bool,
    },
    /// Writes a file that exists, or changes the time of a directory.
    Update {
        /// What is written.
        put: Put,
        /// As in [`Op::Set`].
        refresh: bool,
    },
    /// Writes a file that is as expected.
    CompareAndSwap {
        /// What is expected.
        condition: Condition,
        /// What is written.
        put: Put,
        /// As in [`Op::Set`].
        refresh: bool,
    },
    /// Removes a file or a directory.
    Delete {
        /// A directory may go, if it is empty.
        dir: bool,
        /// A directory may go with all that is in it.
        recursive: bool,
    },
    /// Removes a file that is as expected.
    CompareAndDelete(Condition),
}

/// The answer to a [`Command`] that was carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// To a write: what happened.
    Event(Arc<Event>),
    /// To a change of users or roles.
    Auth(AuthReply),
    /// To everything else.
    Done,
}
