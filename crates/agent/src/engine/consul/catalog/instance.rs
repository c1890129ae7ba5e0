use std::collections::BTreeSet;
use std::sync::Arc;

use super::tables::{Catalog, PartKey, Parts};
use super::{Check, Node, Service};
use crate::engine::consul::kv::Found;
use crate::engine::consul::state::State;

/// An instance of a service and its node.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    /// The node.
    pub node: &'a Arc<Node>,
    /// The service.
    pub service: &'a Arc<Service>,
    key: &'a PartKey,
}

impl Catalog {
    /// Instances in the order of their nodes and ids.
    pub(super) fn with_nodes<'a>(&'a self, parts: Option<&'a Parts<Service>>) -> Vec<Instance<'a>> {
        let parts = parts.into_iter().flat_map(|parts| parts.iter());
        let mut last: Option<(&str, &Arc<Node>)> = None;
        let with_node = parts.filter_map(|(key, service)| {
            let node = match last {
                Some((name, node)) if *name == *key.0 => node,
                _ => self.nodes.get(&key.0)?,
            };
            last = Some((&key.0, node));
            Some(Instance { node, service, key })
        });
        with_node.collect()
    }
}

impl State {
    /// The instances of a service, by its name in any case. The index moves with them and their
    /// nodes and, unlike a reader is woken, with their checks.
    #[must_use]
    pub fn instances(&self, name: &str) -> Found<Vec<Instance<'_>>> {
        let name = name.to_lowercase();
        let found = self.catalog.with_nodes(self.catalog.instances(&name));
        let index = self.service_index(&name, !found.is_empty(), false);
        Found::new(found, index)
    }

    /// The instances that speak Connect for a service: its proxies, the terminating gateways in
    /// front of it, and its instances that need neither.
    ///
    /// On the real server the index is that of the service that they speak for, so that nobody who
    /// waits is told of a new proxy, nor of one that goes; here it moves with them.
    #[must_use]
    pub fn connected_instances(&self, name: &str) -> Found<Vec<Instance<'_>>> {
        let name = name.to_lowercase();
        let mut found = self.catalog.with_nodes(self.catalog.connected(&name));
        found.extend(self.terminating_instances(&name));
        let index = self.service_index(&name, !found.is_empty(), false);
        let index = index.max(self.newest_of(&found));
        Found::new(found, index.max(self.connect_index(&name)))
    }

    /// The instances of a service for those who ask for their health: the index moves with them,
    /// their nodes and all their checks.
    #[must_use]
    pub fn instances_with_health(&self, name: &str) -> Found<Vec<Instance<'_>>> {
        let name = name.to_lowercase();
        let found = self.catalog.with_nodes(self.catalog.instances(&name));
        let index = self.service_index(&name, !found.is_empty(), true);
        Found::new(found, index)
    }

    /// As [`State::connected_instances`], for those who ask for their health.
    #[must_use]
    pub fn connected_instances_with_health(&self, name: &str) -> Found<Vec<Instance<'_>>> {
        let name = name.to_lowercase();
        let mut found = self.catalog.with_nodes(self.catalog.connected(&name));
        found.extend(self.terminating_instances(&name));
        let index = match found.is_empty() {
            true => self.service_index(&name, false, true),
            false => self.newest_of(&found),
        };
        Found::new(found, index.max(self.connect_index(&name)))
    }

    /// The newest index of the services that these are instances of.
    pub(super) fn newest_of(&self, instances: &[Instance<'_>]) -> u64 {
        let mut names = BTreeSet::new();
        for instance in instances {
            names.insert(instance.service.name.as_str());
        }
        let indexes = names.into_iter();
        let indexes = indexes.map(|name| self.service_index(&name.to_lowercase(), true, true));
        indexes.max().unwrap_or(1)
    }

    /// The checks that concern an instance: first those of its node, then its own.
    pub fn instance_checks(&self, instance: Instance<'_>) -> (&[Arc<Check>], &[Arc<Check>]) {
        let node = (instance.key.0.clone(), Box::from(""));
        let own = self.catalog.part_checks(instance.key);
        (self.catalog.part_checks(&node), own)
    }
}
