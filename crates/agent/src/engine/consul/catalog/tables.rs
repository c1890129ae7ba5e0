use std::sync::Arc;

use quorate_wire::consul::health::CRITICAL;
use rpds::RedBlackTreeMapSync;

use super::{Check, Node, Service};
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::row::Row;
use crate::engine::consul::session::Session;

/// A node's name and the id of a thing of it, both in lower case: Consul's lookups do not tell
/// cases apart.
pub(in crate::engine::consul) type PartKey = (Box<str>, Box<str>);

/// Parts of nodes by node and id.
pub(in crate::engine::consul) type Parts<T> = RedBlackTreeMapSync<PartKey, Arc<T>>;

/// Parts of nodes by a name of theirs in lower case.
type Named<T> = RedBlackTreeMapSync<Box<str>, Parts<T>>;

/// Nodes, their services and their checks, and ways to find them.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::consul) struct Catalog {
    pub(super) nodes: RedBlackTreeMapSync<Box<str>, Arc<Node>>,
    /// The names of nodes by the digits of their id.
    pub(super) node_ids: RedBlackTreeMapSync<Box<str>, Box<str>>,
    services: Parts<Service>,
    checks: Parts<Check>,
    /// The instances of each service.
    instances: Named<Service>,
    /// The instances that speak Connect for each service.
    connected: Named<Service>,
    /// The checks of each instance, and under the empty id those of the node itself.
    checks_of_part: RedBlackTreeMapSync<PartKey, Arc<[Arc<Check>]>>,
    /// The checks of each service, by the name that they have of it.
    checks_of_name: Named<Check>,
    /// When each service, its nodes or its checks last changed.
    pub(super) service_indexes: RedBlackTreeMapSync<Box<str>, u64>,
    /// When any instance that speaks Connect for each service last changed, came or went.
    pub(super) connect_indexes: RedBlackTreeMapSync<Box<str>, u64>,
    /// When a service last lost its last instance; 0 for never.
    pub(super) last_extinction: u64,
    /// When a configuration entry of a gateway last changed; 0 for never.
    pub(in crate::engine::consul) last_gateway_change: u64,
}

impl Catalog {
    pub(in crate::engine::consul) fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(name)
    }

    pub(in crate::engine::consul) fn service(&self, key: &PartKey) -> Option<&Arc<Service>> {
        self.services.get(key)
    }

    pub(in crate::engine::consul) fn check(&self, key: &PartKey) -> Option<&Arc<Check>> {
        self.checks.get(key)
    }

    pub(in crate::engine::consul) fn put_node(&mut self, name: Box<str>, node: Arc<Node>) {
        let old = self.nodes.get(&*name).cloned();
        if let Some(old) = old.filter(|old| old.id != node.id) {
            self.node_ids.remove_mut(&*digits(&old.id));
        }
        if !node.id.is_empty() {
            self.node_ids.insert_mut(digits(&node.id), name.clone());
        }
        self.nodes.insert_mut(name, node);
    }

    pub(in crate::engine::consul) fn put_service(&mut self, key: PartKey, service: Arc<Service>) {
        if let Some(old) = self.services.get(&key).cloned() {
            self.unlist_service(&key, &old);
        }
        insert(&mut self.instances, &service.name, &key, &service);
        if let Some(name) = service.speaks_connect_for() {
            insert(&mut self.connected, name, &key, &service);
        }
        self.services.insert_mut(key, service);
    }

    pub(in crate::engine::consul) fn put_check(&mut self, key: PartKey, check: Arc<Check>) {
        if let Some(old) = self.checks.get(&key).cloned() {
            self.unlist_check(&key, &old);
        }
        let part = part_of(&key, &check);
        let mut of_part = self.part_checks(&part).to_vec();
        let place = of_part.partition_point(|it| *it.check_id.to_lowercase() < *key.1);
        of_part.insert(place, Arc::clone(&check));
        self.checks_of_part.insert_mut(part, of_part.into());
        if !check.service_name.is_empty() {
            insert(&mut self.checks_of_name, &check.service_name, &key, &check);
        }
        self.checks.insert_mut(key, check);
    }

    pub(super) fn remove_node(&mut self, name: &str) -> Option<Arc<Node>> {
        let node = self.nodes.get(name).cloned()?;
        self.node_ids.remove_mut(&*digits(&node.id));
        self.nodes.remove_mut(name);
        Some(node)
    }

    pub(super) fn remove_service(&mut self, key: &PartKey) -> Option<Arc<Service>> {
        let service = self.services.get(key).cloned()?;
        self.unlist_service(key, &service);
        self.services.remove_mut(key);
        Some(service)
    }

    pub(super) fn remove_check(&mut self, key: &PartKey) -> Option<Arc<Check>> {
        let check = self.checks.get(key).cloned()?;
        self.unlist_check(key, &check);
        self.checks.remove_mut(key);
        Some(check)
    }

    fn unlist_service(&mut self, key: &PartKey, service: &Service) {
        remove(&mut self.instances, &service.name, key);
        if let Some(name) = service.speaks_connect_for() {
            remove(&mut self.connected, name, key);
        }
    }

    fn unlist_check(&mut self, key: &PartKey, check: &Check) {
        let part = part_of(key, check);
        let mut of_part = self.part_checks(&part).to_vec();
        of_part.retain(|it| it.check_id.to_lowercase() != *key.1);
        if of_part.is_empty() {
            self.checks_of_part.remove_mut(&part);
        } else {
            self.checks_of_part.insert_mut(part, of_part.into());
        }
        remove(&mut self.checks_of_name, &check.service_name, key);
    }

    /// The checks of an instance by id; under the empty id those of the node itself.
    pub(super) fn part_checks(&self, key: &PartKey) -> &[Arc<Check>] {
        self.checks_of_part.get(key).map_or(&[], |checks| checks)
    }

    /// The instances of a service, whose name is in lower case.
    pub(super) fn instances(&self, name: &str) -> Option<&Parts<Service>> {
        self.instances.get(name)
    }

    /// The instances that speak Connect for a service, whose name is in lower case.
    pub(super) fn connected(&self, name: &str) -> Option<&Parts<Service>> {
        self.connected.get(name)
    }

    /// The checks that belong to a service, whose name is in lower case.
    pub(super) fn named_checks(&self, name: &str) -> Option<&Parts<Check>> {
        self.checks_of_name.get(name)
    }

    /// The names of all services in lower case, with their instances.
    pub(super) fn service_names(&self) -> impl Iterator<Item = (&str, &Parts<Service>)> {
        self.instances.iter().map(|(name, parts)| (&**name, parts))
    }

    /// The names in lower case of the services that anything speaks Connect for.
    pub(super) fn connected_names(&self) -> impl Iterator<Item = &str> {
        self.connected.keys().map(|name| &**name)
    }

    pub(super) fn all_checks(&self) -> impl Iterator<Item = (&PartKey, &Arc<Check>)> {
        self.checks.iter()
    }

    pub(in crate::engine::consul) fn services_of<'a>(
        &'a self,
        node: &'a str,
    ) -> impl Iterator<Item = (&'a PartKey, &'a Arc<Service>)> {
        parts_of(&self.services, node)
    }

    pub(in crate::engine::consul) fn checks_of<'a>(
        &'a self,
        node: &'a str,
    ) -> impl Iterator<Item = (&'a PartKey, &'a Arc<Check>)> {
        parts_of(&self.checks, node)
    }

    /// Whether a session may be created: its node and its checks must exist, and no check may be
    /// critical.
    pub(in crate::engine::consul) fn admit(&self, session: &Session) -> Result<(), Refusal> {
        let node = session.node_key();
        if !self.nodes.contains_key(&*node) {
            return Err(Refusal::UnknownNode);
        }
        for id in session.checks() {
            let key = (node.clone(), id.to_lowercase().into());
            match self.checks.get(&key) {
                None => return Err(Refusal::UnknownCheck(id.to_owned())),
                Some(check) if check.status == CRITICAL => {
                    return Err(Refusal::CriticalCheck(id.to_owned()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub(in crate::engine::consul) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(key, node)| Row::Node(key.clone(), Some(Arc::clone(node))));
        let services = self.services.iter();
        let services = services.map(|(key, it)| Row::Service(key.clone(), Some(Arc::clone(it))));
        let checks = self.checks.iter();
        let checks = checks.map(|(key, it)| Row::Check(key.clone(), Some(Arc::clone(it))));
        nodes.chain(services).chain(checks)
    }
}

fn parts_of<'a, T>(
    parts: &'a Parts<T>,
    node: &'a str,
) -> impl Iterator<Item = (&'a PartKey, &'a Arc<T>)> {
    let parts = parts.range((node.into(), Box::from(""))..);
    parts.take_while(move |((owner, _), _)| **owner == *node)
}

/// What a check belongs to: an instance, or with an empty id the node.
fn part_of(key: &PartKey, check: &Check) -> PartKey {
    (key.0.clone(), check.service_id.to_lowercase().into())
}

/// The digits of a node's id in lower case.
pub(super) fn digits(id: &str) -> Box<str> {
    let digits = id.chars().filter(|c| *c != '-');
    digits
        .map(|c| c.to_ascii_lowercase())
        .collect::<String>()
        .into()
}

fn insert<T>(all: &mut Named<T>, name: &str, key: &PartKey, part: &Arc<T>) {
    let name = name.to_lowercase();
    let mut parts = all.get(&*name).cloned().unwrap_or_default();
    parts.insert_mut(key.clone(), Arc::clone(part));
    all.insert_mut(name.into(), parts);
}

fn remove<T>(all: &mut Named<T>, name: &str, key: &PartKey) {
    let name = name.to_lowercase();
    let Some(mut parts) = all.get(&*name).cloned() else {
        return;
    };
    parts.remove_mut(key);
    if parts.is_empty() {
        all.remove_mut(&*name);
    } else {
        all.insert_mut(name.into(), parts);
    }
}
