//! A member as the user sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use crate::codec::Versions;
use crate::engine::Time;

/// What a member is thought to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It takes part.
    Alive,
    /// It is saying goodbye, or was told to.
    Leaving,
    /// It said goodbye.
    Left,
    /// It does not answer any more.
    Failed,
}

impl Status {
    /// Serf's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Leaving => "leaving",
            Self::Left => "left",
            Self::Failed => "failed",
        }
    }

    /// Serf's number for it.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Alive => 1,
            Self::Leaving => 2,
            Self::Left => 3,
            Self::Failed => 4,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A member of the cluster.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where it listens, by UDP and TCP.
    pub address: SocketAddr,
    /// What it says about itself.
    pub tags: BTreeMap<String, String>,
    /// What it is thought to be.
    pub status: Status,
    /// Which versions of the protocols it speaks.
    pub versions: Versions,
    /// The time of its latest intent.
    pub(crate) ltime: u64,
    /// When it failed or left.
    pub(crate) gone_at: Time,
}
