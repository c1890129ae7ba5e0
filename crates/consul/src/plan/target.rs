//! What a plan follows.

use quorate_wire::consul::HealthStatus;

use crate::health::ServiceQuery;

/// What a plan follows: a type of watch with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanTarget {
    /// One key (`key`).
    Key(String),
    /// All keys that begin like this (`keyprefix`).
    KeyPrefix(String),
    /// The names of the services, with their tags (`services`).
    Services,
    /// The nodes (`nodes`).
    Nodes,
    /// The instances of a service, with their health (`service`).
    Service(ServiceQuery),
    /// Every check (`checks`).
    Checks,
    /// The checks of a service (`checks` with a `service`).
    ChecksOf(String),
    /// The checks that are like this (`checks` with a `state`).
    ChecksIn(HealthStatus),
    /// User events of one name, or all (`event`).
    Event(Option<String>),
    /// The authorities that the mesh trusts (`connect_roots`).
    ConnectRoots,
    /// The certificate of a service (`connect_leaf`).
    ConnectLeaf(String),
    /// One of the agent's services, by its id (`agent_service`).
    AgentService(String),
}

impl PlanTarget {
    /// The names of all types.
    pub const TYPES: [&'static str; 10] = [
        "key",
        "keyprefix",
        "services",
        "nodes",
        "service",
        "checks",
        "event",
        "connect_roots",
        "connect_leaf",
        "agent_service",
    ];

    /// The name of the type, one of [`TYPES`](Self::TYPES).
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::KeyPrefix(_) => "keyprefix",
            Self::Services => "services",
            Self::Nodes => "nodes",
            Self::Service(_) => "service",
            Self::Checks | Self::ChecksOf(_) | Self::ChecksIn(_) => "checks",
            Self::Event(_) => "event",
            Self::ConnectRoots => "connect_roots",
            Self::ConnectLeaf(_) => "connect_leaf",
            Self::AgentService(_) => "agent_service",
        }
    }
}
