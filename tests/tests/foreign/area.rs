//! Parts of the API that a server may lack.

/// Services, checks and maintenance of the agent itself.
pub(crate) const SERVICES: &str = "services of the agent";
/// The catalog's services, and where they are.
pub(crate) const CATALOG: &str = "the catalog of services";
/// The members, and how an agent begins anew and leaves.
pub(crate) const MEMBERS: &str = "members";
/// A log that the command can read. Consul 1.8.7 tells its own that it is compressed, and sends it
/// as it is: the command shows nothing.
pub(crate) const MONITOR: &str = "a log that can be read";
/// Events.
pub(crate) const EVENTS: &str = "events";
/// What an operator sees and does: peers, autopilot, keys.
pub(crate) const OPERATOR: &str = "the operator's part";
/// Snapshots.
pub(crate) const SNAPSHOT: &str = "snapshots";
/// Config entries and intentions.
pub(crate) const CONFIG: &str = "config entries and intentions";
/// Access rules.
pub(crate) const RULES: &str = "access rules";
/// Distances between nodes.
pub(crate) const COORDINATES: &str = "coordinates";

/// All of them that the real Consul has.
pub(crate) const ALL: &[&str] = &[
    SERVICES,
    CATALOG,
    MEMBERS,
    EVENTS,
    OPERATOR,
    SNAPSHOT,
    CONFIG,
    RULES,
    COORDINATES,
];
