//! Why an agent does not start, or did not end well.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why an agent does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// A text is no address to listen on.
    #[error("`{text}` is no address to listen on: {reason}")]
    InvalidListen {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address can be reached from other machines, and that was not allowed.
    #[error(
        "{address} can be reached from other machines, and the agent has no access rules that deny by default: \
         listen on 127.0.0.1, or allow it explicitly"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The name of the node or of the datacenter can't be used.
    #[error("the {field} {name:?} can't be used: {reason}")]
    InvalidName {
        /// Which name.
        field: &'static str,
        /// The name as given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A token of the configuration can't be used: it is empty, reserved, or not printable ASCII
    /// without spaces. Its text is not shown.
    #[error(
        "the {field} can't be used: a token is printable ASCII without spaces, and no word that is reserved"
    )]
    InvalidToken {
        /// Which token.
        field: &'static str,
    },
    /// There is no such default for access rules.
    #[error("{0:?} is no default for access rules: it is `deny` or `allow`")]
    UnknownAclDefault(String),
    /// There is no such time whose clients could be served.
    #[error("{0:?} is no era of Consul's clients: it is `current` or `0.7`")]
    UnknownCompat(String),
    /// There is no such profile of gossip.
    #[error("{0:?} is no profile: it is `lan`, `wan` or `local`")]
    UnknownProfile(String),
    /// A text is no event handler.
    #[error("{text:?} is no event handler: {reason}")]
    InvalidEventHandler {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token of Serf's RPC is empty, which would let everybody in.
    #[error("the token of Serf's RPC is empty")]
    EmptyRpcToken,
    /// The membership can't start.
    #[error("can't take part in the cluster")]
    Gossip(#[source] Box<quorate_gossip::Error>),
    /// The key of the cluster is none.
    #[error("the key of the cluster can't be used: {reason}")]
    GossipKey {
        /// What is wrong with it. It does not say the key.
        reason: String,
    },
    /// Another program listens at the address already.
    #[error("{listen} is in use by another program")]
    AddressInUse {
        /// The address, as configured.
        listen: String,
    },
    /// Listening failed for another reason.
    #[error("can't listen on {listen}")]
    Listen {
        /// The address, as configured.
        listen: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Another process, or another agent of this one, owns the data directory. Open it with
    /// [`SharedAgent`](crate::SharedAgent) to share it.
    #[error("{} is owned by {}", .path.display(), owner_text(*.owner))]
    DirectoryOwned {
        /// The directory.
        path: PathBuf,
        /// The owner's process id, if it is known.
        owner: Option<u32>,
    },
    /// The data directory can't be made, read or locked.
    #[error("can't use {} as data directory", .path.display())]
    Directory {
        /// The directory, or the file in it that is at fault.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The data was written by a newer version, which alone can read it.
    #[error(
        "the data in {} has format {found}, and this version reads up to {known}: use a newer one",
        .path.display()
    )]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// The format of the data.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// The store can't be opened, or its data is damaged.
    #[error("can't open the store")]
    Store(#[source] Box<dyn Error + Send + Sync>),
    /// The agent was shut down while it was asked to do something.
    #[error("the agent was shut down")]
    Closed,
}

fn owner_text(owner: Option<u32>) -> String {
    owner.map_or_else(
        || "another agent".into(),
        |id| format!("the agent of process {id}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owned_directory_names_its_owner() {
        let error = |owner| AgentError::DirectoryOwned {
            path: "/data".into(),
            owner,
        };
        let known = error(Some(7)).to_string();
        assert_eq!(known, "/data is owned by the agent of process 7");
        assert_eq!(error(None).to_string(), "/data is owned by another agent");
    }
}
