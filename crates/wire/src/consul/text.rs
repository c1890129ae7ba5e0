//! Texts that Consul 1.8.7 answers with, word for word: the agent sends them, the client and
//! foreign clients recognise errors by them.

/// 400: a key is needed.
pub const MISSING_KEY: &str = "Missing key name";
/// 400: `index` is no number.
pub const INVALID_INDEX: &str = "Invalid index";
/// 400: `wait` is no Go duration.
pub const INVALID_WAIT: &str = "Invalid wait time";
/// 400: `max_stale` is no Go duration.
pub const INVALID_MAX_STALE: &str = "Invalid max_stale value";
/// 400: both flags are given.
pub const STALE_AND_CONSISTENT: &str =
    "Cannot specify ?stale with ?consistent, conflicting semantics.";
/// 400: both flags are given.
pub const CACHED_AND_CONSISTENT: &str =
    "Cannot specify ?cached with ?consistent, conflicting semantics.";
/// 500: the datacenter is unknown.
pub const NO_PATH_TO_DATACENTER: &str = "No path to datacenter";
/// 500: there is no leader, after up to 7 s of waiting for one.
pub const NO_CLUSTER_LEADER: &str = "No cluster leader";
/// 403: the token may not do this.
pub const PERMISSION_DENIED: &str = "Permission denied";
/// 403: there is no such token.
pub const ACL_NOT_FOUND: &str = "ACL not found";
/// What belongs to the mesh, on a server whose mesh is off (500).
pub const CONNECT_DISABLED: &str = "Connect must be enabled in order to use this endpoint";

/// What the texts of a 500 that the servers may recover from contain.
pub const TRANSIENT: [&str; 6] = [
    NO_CLUSTER_LEADER,
    "Not ready to serve consistent reads",
    "No known Consul servers",
    "leadership lost while committing log",
    "rpc error getting client",
    "raft is already shutdown",
];

/// Whether a 500 with this text may pass by itself.
#[must_use]
pub fn is_transient(text: &str) -> bool {
    TRANSIENT.iter().any(|known| text.contains(known))
}

/// Whether a 500 with this text says that a session is gone or was never one.
#[must_use]
pub fn is_invalid_session(text: &str) -> bool {
    text.contains("invalid session") || text.contains("missing session")
}
