//! Failures with an answer: status x text x read or write.

use std::time::Duration;

use quorate_wire::consul::text;

use super::acl;
use super::{Class, Error, ErrorKind, Outcome, RetryAdvice};

/// How long to leave a cluster alone that has no leader or limits rates, unless it says.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// An answer that is not a success.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal<'a> {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, as text.
    pub(crate) text: &'a str,
    /// `Retry-After`.
    pub(crate) after: Option<Duration>,
}

/// The error for an answer that is not a success.
pub(crate) fn from_status(refusal: Refusal<'_>, operation: String, write: bool) -> Error {
    Error::new(classify(refusal, write), operation)
        .with_status(refusal.status)
        .with_detail(refusal.text)
}

/// Whether a read that got this answer may succeed if it is sent again at once or a little later.
pub(crate) fn is_transient(status: u16, text: &str) -> bool {
    match status {
        429 | 502 | 503 | 504 => true,
        500 => matches!(row(text), Some(Row::Later | Row::Interrupted)),
        _ => false,
    }
}

fn classify(refusal: Refusal<'_>, write: bool) -> Class {
    let later = Class::new(
        ErrorKind::Unavailable,
        Outcome::DidNotHappen,
        RetryAdvice::After(refusal.after.unwrap_or(PAUSE)),
    );
    match refusal.status {
        400 | 413 | 414 | 431 => Class::refused(ErrorKind::InvalidArgument),
        401 if refusal.text.contains("support disabled") => Class::refused(ErrorKind::Unsupported),
        401 | 407 => Class::refused(ErrorKind::Unauthenticated),
        403 if refusal.text.contains(text::ACL_NOT_FOUND) => {
            Class::refused(ErrorKind::Unauthenticated)
        }
        403 if refusal.text.contains("bootstrap no longer allowed") => {
            Class::refused(ErrorKind::Conflict)
        }
        403 => Class::refused(ErrorKind::PermissionDenied),
        // A route that does not exist answers with nothing; a missing thing is named.
        404 if refusal.text.is_empty() => Class::refused(ErrorKind::Unsupported),
        404 => Class::refused(ErrorKind::NotFound),
        405 | 415 | 501 => Class::refused(ErrorKind::Unsupported),
        409 => Class::refused(ErrorKind::Conflict),
        429 => later,
        500 => row(refusal.text).map_or(Class::unknown(write, ErrorKind::Protocol), |row| {
            row.class(later, write)
        }),
        // Proxies answer these before or after they passed the request on.
        502..=504 if write => Class::unknown(true, ErrorKind::Unavailable),
        502..=504 => later,
        _ => Class::unknown(write, ErrorKind::Protocol),
    }
}

/// What a 500 means, by its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// Refused for good.
    Refused(ErrorKind),
    /// Refused before it was handed to a leader; may pass later.
    Later,
    /// Broke off on its way through the servers: a write may have been applied.
    Interrupted,
}

impl Row {
    fn class(self, later: Class, write: bool) -> Class {
        match self {
            Self::Refused(kind) => Class::refused(kind),
            Self::Interrupted if write => Class::unknown(true, ErrorKind::Unavailable),
            Self::Later | Self::Interrupted => later,
        }
    }
}

/// The texts of 500s, most telling first: the first that the body contains decides.
const ROWS: &[(&str, Row)] = &[
    // The servers' state.
    (text::NO_CLUSTER_LEADER, Row::Later),
    ("No known Consul servers", Row::Later),
    ("rpc error getting client", Row::Later),
    ("node is not the leader", Row::Later),
    ("leadership transfer in progress", Row::Later),
    ("timed out enqueuing operation", Row::Later),
    ("rate limit exceeded", Row::Later),
    ("Not ready to serve consistent reads", Row::Later),
    ("Remote DC has no server currently reachable", Row::Later),
    ("leadership lost while committing log", Row::Interrupted),
    ("raft is already shutdown", Row::Interrupted),
    // The token. A client agent passes the server's refusal on as a 500.
    (
        text::ACL_NOT_FOUND,
        Row::Refused(ErrorKind::Unauthenticated),
    ),
    (
        text::PERMISSION_DENIED,
        Row::Refused(ErrorKind::PermissionDenied),
    ),
    // Sessions.
    ("invalid session", Row::Refused(ErrorKind::LeaseLost)),
    ("missing session", Row::Refused(ErrorKind::InvalidArgument)),
    ("UUID must be", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "Invalid Session TTL",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("Session TTL", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "Invalid Behavior setting",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "Missing node registration",
        Row::Refused(ErrorKind::NotFound),
    ),
    ("Missing check", Row::Refused(ErrorKind::NotFound)),
    ("is in critical state", Row::Refused(ErrorKind::Conflict)),
    // The agent itself. Before "errors occurred": the refusal is a list of them.
    (
        "encryption not enabled",
        Row::Refused(ErrorKind::Unsupported),
    ),
    ("No node found with name", Row::Refused(ErrorKind::NotFound)),
    ("Failed to join", Row::Later),
    ("Failed to resolve", Row::Later),
    (
        "Connect must be enabled",
        Row::Refused(ErrorKind::Unsupported),
    ),
    (
        "Network segments are not supported",
        Row::Refused(ErrorKind::Unsupported),
    ),
    // What was asked for.
    (
        text::NO_PATH_TO_DATACENTER,
        Row::Refused(ErrorKind::NotFound),
    ),
    ("does not exist", Row::Refused(ErrorKind::NotFound)),
    // The mesh and its configuration.
    (
        "duplicate intention found",
        Row::Refused(ErrorKind::AlreadyExists),
    ),
    ("non-existent intention", Row::Refused(ErrorKind::NotFound)),
    (
        "Intention lookup failed",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("config entry", Row::Refused(ErrorKind::InvalidArgument)),
    ("discovery chain", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "detected circular",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("Route[", Row::Refused(ErrorKind::InvalidArgument)),
    ("split", Row::Refused(ErrorKind::InvalidArgument)),
    (" subset", Row::Refused(ErrorKind::InvalidArgument)),
    ("Subset ", Row::Refused(ErrorKind::InvalidArgument)),
    ("Redirect", Row::Refused(ErrorKind::InvalidArgument)),
    ("Bad ", Row::Refused(ErrorKind::InvalidArgument)),
    ("listener", Row::Refused(ErrorKind::InvalidArgument)),
    ("protocol must be", Row::Refused(ErrorKind::InvalidArgument)),
    ("Host ", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "Service name cannot be blank",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("TLS origination", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "specified more than once",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("is required", Row::Refused(ErrorKind::InvalidArgument)),
    ("must be set", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "configuring provider",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "unknown CA provider",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    // Snapshots.
    (
        "failed to decompress snapshot",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "failed to read snapshot file",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "failed to restore snapshot",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "gzip: invalid checksum",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "unread uncompressed bytes",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "unsupported snapshot version",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("strconv.Parse", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "boolean expression evaluator",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    // "Invalid node filter: error parsing regexp", of an event.
    (
        "filter: error parsing regexp",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("Must provide", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "Missing service registration",
        Row::Refused(ErrorKind::NotFound),
    ),
    // The catalog.
    ("is reserved by node", Row::Refused(ErrorKind::Conflict)),
    (
        "does not match node",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "missing primary index",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "Invalid service address",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("Connect proxy", Row::Refused(ErrorKind::InvalidArgument)),
    ("Connect Native", Row::Refused(ErrorKind::InvalidArgument)),
    ("SidecarService", Row::Refused(ErrorKind::InvalidArgument)),
    ("-gateway", Row::Refused(ErrorKind::InvalidArgument)),
    ("upstream", Row::Refused(ErrorKind::InvalidArgument)),
    ("expose.paths", Row::Refused(ErrorKind::InvalidArgument)),
    (
        "not supported for path",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "does not have associated TTL",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "exceeds configured limit",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "aliases an existing query",
        Row::Refused(ErrorKind::AlreadyExists),
    ),
    (
        "a query template with an empty name already exists",
        Row::Refused(ErrorKind::AlreadyExists),
    ),
    (
        "Cannot modify non-existent prepared query",
        Row::Refused(ErrorKind::NotFound),
    ),
    // Of a query that is looked for through the agent's cache; without it, a 404.
    ("Query not found", Row::Refused(ErrorKind::NotFound)),
    (
        "Invalid prepared query",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "failed compiling template",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "can only be resolved up by name",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "incompatible coordinate",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    (
        "Cannot provide tag filter",
        Row::Refused(ErrorKind::InvalidArgument),
    ),
    ("Scripts are disabled", Row::Refused(ErrorKind::Unsupported)),
];

fn row(text: &str) -> Option<Row> {
    let rows = ROWS.iter().copied();
    let acl = acl::ROWS.iter();
    let acl = acl.map(|(known, kind)| (*known, Row::Refused(*kind)));
    // Anything else that a server says of another.
    let invalid = Row::Refused(ErrorKind::InvalidArgument);
    let rest = [
        ("error occurred:", invalid),
        ("errors occurred:", invalid),
        ("rpc error", Row::Interrupted),
    ];
    rows.chain(acl)
        .chain(rest)
        .find(|(known, _)| text.contains(known))
        .map(|(_, row)| row)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
