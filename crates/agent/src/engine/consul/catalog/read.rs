use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Check, Node, Service};
use crate::engine::consul::index::Table;
use crate::engine::consul::kv::Found;
use crate::engine::consul::state::State;

impl State {
    /// All nodes by name, with the index of the newest change of any of them.
    #[must_use]
    pub fn nodes(&self) -> Found<Vec<&Arc<Node>>> {
        let nodes = self.catalog.nodes.values().collect();
        Found::new(nodes, self.table_index(Table::Nodes))
    }

    /// One node, by its name in any case. The index moves with every node and every service.
    ///
    /// Consul answers index 1 for a node that does not exist, so that nobody is woken when one is
    /// deregistered; here the index goes on.
    #[must_use]
    pub fn node(&self, name: &str) -> Found<Option<&Arc<Node>>> {
        let node = self.catalog.node(&name.to_lowercase());
        Found::new(node, self.catalog_index(false))
    }

    /// One node, by its name in any case, its UUID, or the start of its UUID if no other begins
    /// like that; with the index of [`State::node`].
    #[must_use]
    pub fn find_node(&self, name_or_id: &str) -> Found<Option<&Arc<Node>>> {
        let found = self.catalog.find_node(name_or_id);
        Found::new(found.map(|(_, node)| node), self.catalog_index(false))
    }

    /// The services of a node by id.
    #[must_use]
    pub fn node_services(&self, name: &str) -> Found<Vec<&Arc<Service>>> {
        let index = self.catalog_index(false);
        let name = name.to_lowercase();
        let services = self.catalog.services_of(&name);
        let services = services.map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let services = services.iter().filter_map(|key| self.catalog.service(key));
        Found::new(services.collect(), index)
    }

    /// Every service by its name as it was registered, with the tags of its instances. With labels,
    /// only instances on nodes that have them all count, and the index moves with the nodes too.
    #[must_use]
    pub fn services(
        &self,
        labels: &[(String, String)],
        shown: impl Fn(&Service) -> bool,
    ) -> Found<BTreeMap<&str, BTreeSet<&str>>> {
        let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, instances) in self.catalog.service_names() {
            for ((node, _), service) in instances.iter() {
                if !labels.is_empty() {
                    let node = self.catalog.node(node);
                    if !node.is_some_and(|node| node.has_labels(labels)) {
                        continue;
                    }
                }
                if !shown(service) {
                    continue;
                }
                let tags = services.entry(&service.name).or_default();
                tags.extend(service.tags.iter().map(String::as_str));
            }
        }
        let index = match labels.is_empty() {
            true => self.table_index(Table::Services),
            false => self.catalog_index(false),
        };
        Found::new(services, index)
    }

    /// The checks of a node by id, with the index of the newest change of any check.
    #[must_use]
    pub fn node_checks(&self, name: &str) -> Found<Vec<&Arc<Check>>> {
        let name = name.to_lowercase();
        let checks = self.catalog.checks_of(&name);
        let checks = checks.map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let checks = checks.iter().filter_map(|key| self.catalog.check(key));
        Found::new(checks.collect(), self.table_index(Table::Checks))
    }

    /// The checks of all instances of a service, by its name in any case; those of their nodes are
    /// not among them. With labels, only those on nodes that have them all, and the index is that of
    /// the service instead of the newest of any check.
    #[must_use]
    pub fn service_checks(
        &self,
        name: &str,
        labels: &[(String, String)],
    ) -> Found<Vec<&Arc<Check>>> {
        let name = name.to_lowercase();
        let checks = self.catalog.named_checks(&name);
        let checks = checks.into_iter().flat_map(|checks| checks.iter());
        let checks = checks.filter(|((node, _), _)| self.has_labels(node, labels));
        let checks = checks.map(|(_, check)| check).collect();
        let index = match labels.is_empty() {
            true => self.table_index(Table::Checks),
            false => self.service_index(&name, true, true),
        };
        Found::new(checks, index)
    }

    /// The checks that `wanted` takes, on nodes that have all of these labels.
    #[must_use]
    pub fn checks(
        &self,
        labels: &[(String, String)],
        wanted: impl Fn(&Check) -> bool,
    ) -> Found<Vec<&Arc<Check>>> {
        let checks = self.catalog.all_checks();
        let checks =
            checks.filter(|((node, _), check)| wanted(check) && self.has_labels(node, labels));
        let checks = checks.map(|(_, check)| check).collect();
        Found::new(checks, self.table_index(Table::Checks))
    }

    fn has_labels(&self, node: &str, labels: &[(String, String)]) -> bool {
        let node = || self.catalog.node(node);
        labels.is_empty() || node().is_some_and(|node| node.has_labels(labels))
    }
}
