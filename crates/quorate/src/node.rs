//! Nodes: who is there, and how they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::NodeBackend;
use crate::gate::Gate;
use crate::{CheckResult, Feed, HealthStatus, Instance, Result};

/// The nodes: [`Coordinator::nodes`](crate::Coordinator::nodes). On Consul those of the catalog,
/// which are the members of the pool and whatever else was registered there.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::HealthStatus;
///
/// let coordinator = quorate::connect("memory:").await?;
/// let nodes = coordinator.nodes().list().await?;
/// assert_eq!(nodes[0].status, HealthStatus::Passing);
///
/// coordinator.services().add("web").await?;
/// let details = coordinator.nodes().get(&nodes[0].name).await?.expect("it was listed");
/// assert!(details.services.iter().any(|service| service.name == "web"));
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Nodes {
    backend: Arc<dyn NodeBackend>,
    gate: Gate,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its UUID; `None` where it has none, as what was registered by hand.
    pub id: Option<String>,
    /// Where it is: an IP address or a host name.
    pub address: String,
    /// Its labels.
    pub meta: BTreeMap<String, String>,
    /// How it is, by its own checks; without any it passes.
    pub status: HealthStatus,
}

impl Node {
    /// A passing node.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: None,
            address: address.into(),
            meta: BTreeMap::new(),
            status: HealthStatus::Passing,
        }
    }
}

/// A node with what runs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeDetails {
    /// The node.
    pub node: Node,
    /// The instances on it, ordered by id.
    pub services: Vec<NodeService>,
    /// Its checks, and those of the instances on it, ordered by id.
    pub checks: Vec<CheckResult>,
}

impl NodeDetails {
    /// A node on which nothing runs.
    #[must_use]
    pub fn new(node: Node) -> Self {
        Self {
            node,
            services: Vec::new(),
            checks: Vec::new(),
        }
    }
}

/// An instance of a service on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeService {
    /// The service's name.
    pub name: String,
    /// The instance.
    pub instance: Instance,
}

impl NodeService {
    /// An instance of the service `name`.
    pub fn new(name: impl Into<String>, instance: Instance) -> Self {
        let name = name.into();
        Self { name, instance }
    }
}

/// The nodes at one time, and how that differs from the time before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSet {
    /// All of them, ordered by name.
    pub nodes: Vec<Node>,
    /// Those that were not in the set before, or were otherwise.
    pub added: Vec<Node>,
    /// Those that were in the set before and are not any more, or are otherwise; as they were.
    pub removed: Vec<Node>,
}

impl NodeSet {
    /// The set `now`, after a set of the nodes `before`.
    #[must_use]
    pub fn after(before: &[Node], now: Vec<Node>) -> Self {
        let without = |some: &[Node], others: &[Node]| {
            let left = some.iter().filter(|node| !others.contains(node));
            left.cloned().collect()
        };
        Self {
            added: without(&now, before),
            removed: without(before, &now),
            nodes: now,
        }
    }
}

impl Nodes {
    pub(crate) fn new(backend: Arc<dyn NodeBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }

    /// Every node, ordered by name.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn list(&self) -> Result<Vec<Node>> {
        let operation = || "list the nodes".to_owned();
        self.gate.run(operation, self.backend.list()).await
    }

    /// The node of this name with what runs on it; `None` if there is none.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn get(&self, name: &str) -> Result<Option<NodeDetails>> {
        let operation = || format!("get node `{name}`");
        self.gate.run(operation, self.backend.get(name)).await
    }

    /// Follows the nodes and how they are: all of them now, then every set that differs.
    ///
    /// # Errors
    /// `Unsupported`; `Closed`.
    pub fn watch(&self) -> Result<Feed<NodeSet>> {
        let subject = "watch the nodes";
        self.gate.check(|| subject.to_owned())?;
        Ok(Feed::new(
            subject,
            self.backend.watch()?,
            self.gate.closed(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_changed_is_removed_as_it_was_and_added_as_it_is() {
        let (one, two) = (Node::new("a", "1"), Node::new("a", "2"));
        let set = NodeSet::after(std::slice::from_ref(&one), vec![two.clone()]);
        assert_eq!((&set.added, &set.removed), (&vec![two.clone()], &vec![one]));
        let same = NodeSet::after(&set.nodes, vec![two]);
        assert!(same.added.is_empty() && same.removed.is_empty());
    }
}
