use quorate_wire::consul::GoDuration;
use quorate_wire::consul::duration::ParseDurationError;

use super::acl::AclRefusal;
use crate::quote::{in_gos_words, quote};

/// Why a command was refused. The text is the real server's, which sends it with status 500; a
/// refused command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A check of this agent names a service that it does not have.
    #[error("ServiceID {} does not exist", quote(.0))]
    UnknownLocalService(String),
    /// A report on a check that has no TTL, or does not exist.
    #[error("CheckID {} does not have associated TTL", quote(.0))]
    NoTtl(String),
    /// Maintenance of a service that the agent does not have (status 404).
    #[error("No service registered with ID {}", quote(.0))]
    UnknownServiceInMaintenance(String),
    /// All ports for sidecars are taken (status 400).
    #[error(
        "1 error occurred:\n\t* sidecar port auto-assignment failed: none left in the configured range [{first}, {last}]\n\n"
    )]
    NoSidecarPort {
        /// The first of the range.
        first: i64,
        /// The last of the range.
        last: i64,
    },
    /// A write of access rules.
    #[error(transparent)]
    Acl(AclRefusal),
    /// A key is needed.
    #[error("Must provide key")]
    MissingKey,
    /// An acquire or release names no session.
    #[error("missing session")]
    MissingSession,
    /// A session's id is not a UUID.
    #[error("failed session lookup: index error: {0}")]
    MalformedSession(BadUuid),
    /// The session that acquires does not exist, or no longer.
    #[error("invalid session {}", quote(.0))]
    UnknownSession(String),
    /// The new session's id is taken; draw another.
    #[error("session {0} already exists")]
    SessionExists(super::SessionId),
    /// A session needs a node.
    #[error("Must provide Node")]
    MissingSessionNode,
    /// A session's behavior is neither `release` nor `delete`.
    #[error("Invalid Behavior setting '{0}'")]
    UnknownBehavior(String),
    /// A session's TTL is not a duration.
    #[error("Session TTL '{text}' invalid: {}", in_gos_words(problem))]
    MalformedTtl {
        /// The TTL as given.
        text: String,
        /// What is wrong with it.
        problem: ParseDurationError,
    },
    /// A session's TTL is out of range; in nanoseconds.
    #[error("Invalid Session TTL '{nanos}', must be between [{min}=24h0m0s]")]
    TtlOutOfRange {
        /// The TTL as given.
        nanos: i64,
        /// The shortest that is taken.
        min: GoDuration,
    },
    /// A label of a service.
    #[error(
        "failed inserting service: Invalid Service Meta for node {node} and serviceID {id}: {problem}"
    )]
    BadServiceMeta {
        /// The name of its node.
        node: String,
        /// The service's id.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A session's node is not in the catalog.
    #[error("Missing node registration")]
    UnknownNode,
    /// A session's check is not in the catalog.
    #[error("Missing check '{0}' registration")]
    UnknownCheck(String),
    /// A session's check is critical.
    #[error("Check '{0}' is in critical state")]
    CriticalCheck(String),
    /// A write of a prepared query.
    #[error(transparent)]
    PreparedQuery(#[from] super::prepared_query::PreparedQueryRefusal),
    /// An event is larger than agents send to each other.
    #[error(
        "1 error occurred:\n\t* error broadcasting event to segment \"\": {}user event exceeds configured limit of 512 bytes {} encoding\n\n",
        if *encoded { "encoded " } else { "" },
        if *encoded { "after" } else { "before" }
    )]
    EventTooLarge {
        /// Whether that shows only in the whole message.
        encoded: bool,
    },
    /// A coordinate has other dimensions than those of the servers.
    #[error("incompatible coordinate")]
    IncompatibleCoordinate,
    /// A registration needs a node.
    #[error("Must provide node")]
    MissingNode,
    /// A registration that updates the node needs its address.
    #[error("Must provide address if SkipNodeUpdate is not set")]
    MissingAddress,
    /// A node's id is not a UUID.
    #[error("Bad node ID: {0}")]
    MalformedNodeId(BadNodeId),
    /// A service has an id and no name.
    #[error("Must provide service name with ID")]
    MissingServiceName,
    /// A service has neither id nor name.
    #[error("failed inserting service: failed inserting service: object missing primary index")]
    MissingServiceId,
    /// A service's part in the mesh is wrong, for these reasons.
    #[error("{}", crate::quote::errors(.0))]
    InvalidService(Vec<String>),
    /// A service's address is that of any interface.
    #[error("Invalid service address")]
    AnyAddress,
    /// A check names another node than the registration.
    #[error("check node {} does not match node {}", quote(check), quote(node))]
    OtherNode {
        /// The node that the check names.
        check: String,
        /// The node that is registered.
        node: String,
    },
    /// A check has neither id nor name.
    #[error(
        "failed inserting check: failed inserting check: object missing primary index on node {}",
        quote(.0)
    )]
    MissingCheckId(String),
    /// A check names a service that its node does not have.
    #[error("failed inserting check: Missing service registration on node {}", quote(.0))]
    UnknownService(String),
    /// A node's name belongs to a live node with another id.
    #[error(
        "failed inserting node: Error while renaming Node ID: {}{address}: Node name {name} is reserved by node {owner}",
        quote(id)
    )]
    ReservedNode {
        /// The id that wants the name.
        id: String,
        /// The address of the node of that id in parentheses, if the id is known.
        address: String,
        /// The name.
        name: String,
        /// The node that has the name: its id, its own way of writing the name, its address.
        owner: String,
    },
    /// A configuration entry is refused, in Consul's words.
    #[error("{0}")]
    ConfigEntry(String),
    /// An intention is refused, for these reasons.
    #[error("{}", crate::quote::errors(.0))]
    Intention(Vec<String>),
    /// An intention's id is not a UUID, in a read.
    #[error("failed intention lookup: index error: {0}")]
    MalformedIntention(BadUuid),
    /// An intention's id is not a UUID, in a write.
    #[error("Intention lookup failed: failed intention lookup: index error: {0}")]
    IntentionLookup(BadUuid),
    /// There is no intention of that id to change.
    #[error("Cannot {verb} non-existent intention: '{id}'")]
    UnknownIntention {
        /// What was to be done with it.
        verb: &'static str,
        /// The id.
        id: String,
    },
    /// There is an intention with the same parties.
    #[error("duplicate intention found: {0}")]
    DuplicateIntention(String),
}

/// Why a text is not a UUID where sessions are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadUuid {
    /// It is too short or too long.
    #[error("UUID must be 36 characters")]
    Length,
    /// It has a byte that is no hexadecimal digit.
    #[error("Invalid UUID: encoding/hex: invalid byte: U+{0:04X} '{char}'", char = char::from(*.0))]
    Digit(u8),
    /// It has an odd number of digits.
    #[error("Input (without hyphens) must be even length")]
    Odd,
    /// It has this many hyphens.
    #[error("UUID should have maximum of 4 \"-\"; got {0}")]
    Hyphens(usize),
}

/// Why a text is not a UUID where nodes are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadNodeId {
    /// It is too short or too long.
    #[error("uuid string is wrong length")]
    Length,
    /// Its dashes are not where they belong.
    #[error("uuid is improperly formatted")]
    Shape,
    /// It has a byte that is no hexadecimal digit.
    #[error("encoding/hex: invalid byte: U+{0:04X} '{char}'", char = char::from(*.0))]
    Digit(u8),
}
