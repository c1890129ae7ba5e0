//! What a plan tells.

use quorate_wire::consul::agent::{AgentService, CaLeaf};
use quorate_wire::consul::catalog::Node;
use quorate_wire::consul::health::{HealthCheck, ServiceEntry};
use quorate_wire::consul::{CaRoots, KvEntry, UserEvent};
use serde::{Serialize, Serializer};

use crate::catalog::ServiceTags;
use crate::event::Delivery;

/// What a plan follows has changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlanChange {
    /// What it is now. Between two changes there may have been others: they are not told apart.
    pub state: PlanState,
    /// The index of this state. It means something for this plan only; of events it has no order,
    /// and the agent's own services have none.
    pub index: Option<u64>,
    /// Whether the server's indexes went backwards since the last change, as after a restored
    /// snapshot.
    pub restarted: bool,
}

/// The state of what a plan follows. Serialized, it is the JSON that `consul watch` hands to its
/// handlers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PlanState {
    /// The entry of the key; `None` while there is none.
    Key(Option<KvEntry>),
    /// The entries under the prefix, in the order of the keys' bytes.
    KeyPrefix(Vec<KvEntry>),
    /// The services by name, with the tags of all their instances, sorted.
    Services(ServiceTags),
    /// The nodes, by name.
    Nodes(Vec<Node>),
    /// The instances, each with its node and its checks.
    Service(Vec<ServiceEntry>),
    /// The checks.
    Checks(Vec<HealthCheck>),
    /// Events that were not told before, in the order in which the agent saw them. The first
    /// change has those from before, if the plan asks for them, and none otherwise: every event
    /// after it will be told.
    Events(Vec<Delivery>),
    /// The authorities that the mesh trusts.
    ConnectRoots(CaRoots),
    /// The certificate of the service, with its key.
    ConnectLeaf(CaLeaf),
    /// The agent's service; `None` while there is none.
    AgentService(Option<Box<AgentService>>),
}

impl Serialize for PlanState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Key(entry) => entry.serialize(serializer),
            // As of a key, nothing is null.
            Self::KeyPrefix(entries) if entries.is_empty() => serializer.serialize_none(),
            Self::KeyPrefix(entries) => entries.serialize(serializer),
            Self::Services(services) => services.serialize(serializer),
            Self::Nodes(nodes) => nodes.serialize(serializer),
            Self::Service(entries) => entries.serialize(serializer),
            Self::Checks(checks) => checks.serialize(serializer),
            Self::Events(events) => {
                let events: Vec<&UserEvent> = events.iter().map(|it| &it.event).collect();
                events.serialize(serializer)
            }
            Self::ConnectRoots(roots) => roots.serialize(serializer),
            Self::ConnectLeaf(leaf) => leaf.serialize(serializer),
            Self::AgentService(service) => service.serialize(serializer),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_as_consul_watch_shows_it() {
        for (state, json) in [
            (PlanState::Key(None), "null"),
            (PlanState::KeyPrefix(Vec::new()), "null"),
            (PlanState::Services(ServiceTags::new()), "{}"),
            (PlanState::Service(Vec::new()), "[]"),
            (PlanState::Checks(Vec::new()), "[]"),
            (PlanState::Events(Vec::new()), "[]"),
            (PlanState::AgentService(None), "null"),
        ] {
            assert_eq!(serde_json::to_string(&state).unwrap(), json, "{state:?}");
        }
    }
}
