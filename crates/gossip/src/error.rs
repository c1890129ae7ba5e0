//! What can go wrong.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::{fmt, io};

use crate::engine::Failure;

/// Why a member did not start, or something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something that others can reach must have a key, or be asked for twice.
    #[error(
        "{bind} can be reached from elsewhere and there is no key: set one, bind to a loopback \
         address, or allow it with `with_public_bind_without_key`"
    )]
    PublicWithoutKey {
        /// The address that was asked for.
        bind: SocketAddr,
    },
    /// A name that is empty, longer than 128 bytes, or has other characters than letters, digits,
    /// `-`, `_` and `.`.
    #[error("the name {name:?} is not one of 1 to 128 letters, digits, '-', '_' and '.'")]
    Name {
        /// The name that was asked for.
        name: String,
    },
    /// The member binds to all addresses, and none that others could use was found.
    #[error("{bind} says no address that others reach: set one with `with_advertise`")]
    NoAddress {
        /// The address that was asked for.
        bind: SocketAddr,
    },
    /// A socket could not be opened.
    #[error("listen at {at}")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error("{what} {}", path.display())]
    File {
        /// Which.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file says something that it cannot mean.
    #[error("{what} {}: {reason}", path.display())]
    FileContent {
        /// Which.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The engine refused.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// Nobody was joined: names and addresses with the reason of each.
    #[error("nobody could be joined: {}", Reasons(.0))]
    Join(Vec<(String, String)>),
    /// The member does not run any more.
    #[error("the member does not run any more")]
    Closed,
}

struct Reasons<'a>(&'a [(String, String)]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (to, why)) in self.0.iter().enumerate() {
            let between = if at > 0 { "; " } else { "" };
            write!(f, "{between}{to}: {why}")?;
        }
        Ok(())
    }
}
