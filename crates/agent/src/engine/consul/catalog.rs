use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_wire::consul::health::CRITICAL;
use quorate_wire::consul::service::{Connect, Proxy, ServiceAddress, ServiceKind};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::index::Table;
use super::kv::Found;
use super::refusal::Refusal;
use super::row::Row;
use super::session::Session;
use super::state::State;

/// A node of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// A UUID, or empty for an external node.
    pub id: String,
    /// The name.
    pub node: String,
    /// The IP address or host name.
    pub address: String,
    /// Further addresses.
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// A service instance of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// The name of its node.
    pub node: String,
    /// What it is for.
    pub kind: ServiceKind,
    /// The id, unique within its node.
    pub id: String,
    /// The name.
    pub name: String,
    /// Labels to select by.
    pub tags: Vec<String>,
    /// The address; empty means the node's.
    pub address: String,
    /// Further addresses.
    pub tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// The port.
    pub port: i64,
    /// The operator's labels.
    pub meta: Option<BTreeMap<String, String>>,
    /// Weights for load balancing.
    pub weights: ServiceWeights,
    /// Whether others may change the tags.
    pub enable_tag_override: bool,
    /// How it works as the proxy of another service.
    pub proxy: Box<Proxy>,
    /// Its part in Connect.
    pub connect: Connect,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// How much of the load an instance gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceWeights {
    /// While its checks pass.
    pub passing: i64,
    /// While one of them warns.
    pub warning: i64,
}

impl Default for ServiceWeights {
    fn default() -> Self {
        Self {
            passing: 1,
            warning: 1,
        }
    }
}

/// A check of a node or of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// The name of its node.
    pub node: String,
    /// The id, unique within its node.
    pub check_id: String,
    /// A name for people.
    pub name: String,
    /// `passing`, `warning` or `critical`, or whatever else was registered.
    pub status: String,
    /// The operator's remarks.
    pub notes: String,
    /// What the check said last.
    pub output: String,
    /// The service that it checks; empty for the node itself.
    pub service_id: String,
    /// That service's name.
    pub service_name: String,
    /// That service's tags.
    pub service_tags: Vec<String>,
    /// How it is run; empty when something outside runs it.
    pub check_type: String,
    /// How it is run in detail.
    pub definition: serde_json::Value,
    /// The index of its registration.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// A node's name and the id of a thing of it, both in lower case: Consul's lookups do not tell
/// cases apart.
pub(super) type PartKey = (Box<str>, Box<str>);

/// Nodes, their services and their checks.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    nodes: RedBlackTreeMapSync<Box<str>, Arc<Node>>,
    services: RedBlackTreeMapSync<PartKey, Arc<Service>>,
    checks: RedBlackTreeMapSync<PartKey, Arc<Check>>,
}

impl Catalog {
    pub(super) fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(name)
    }

    /// The node with that UUID, in whichever case it is written.
    pub(super) fn node_with_id(&self, id: &str) -> Option<&Arc<Node>> {
        let mut nodes = self.nodes.values();
        nodes.find(|node| !id.is_empty() && node.id.eq_ignore_ascii_case(id))
    }

    pub(super) fn service(&self, key: &PartKey) -> Option<&Arc<Service>> {
        self.services.get(key)
    }

    pub(super) fn check(&self, key: &PartKey) -> Option<&Arc<Check>> {
        self.checks.get(key)
    }

    pub(super) fn put_node(&mut self, name: Box<str>, node: Arc<Node>) {
        self.nodes.insert_mut(name, node);
    }

    pub(super) fn put_service(&mut self, key: PartKey, service: Arc<Service>) {
        self.services.insert_mut(key, service);
    }

    pub(super) fn put_check(&mut self, key: PartKey, check: Arc<Check>) {
        self.checks.insert_mut(key, check);
    }

    pub(super) fn remove_node(&mut self, name: &str) -> bool {
        self.nodes.remove_mut(name)
    }

    pub(super) fn remove_service(&mut self, key: &PartKey) -> bool {
        self.services.remove_mut(key)
    }

    pub(super) fn remove_check(&mut self, key: &PartKey) -> bool {
        self.checks.remove_mut(key)
    }

    pub(super) fn services_of<'a>(
        &'a self,
        node: &'a str,
    ) -> impl Iterator<Item = (&'a PartKey, &'a Arc<Service>)> {
        let services = self.services.range((node.into(), Box::from(""))..);
        services.take_while(move |((owner, _), _)| **owner == *node)
    }

    pub(super) fn checks_of<'a>(
        &'a self,
        node: &'a str,
    ) -> impl Iterator<Item = (&'a PartKey, &'a Arc<Check>)> {
        let checks = self.checks.range((node.into(), Box::from(""))..);
        checks.take_while(move |((owner, _), _)| **owner == *node)
    }

    /// Whether a session may be created: its node and its checks must exist, and no check may be
    /// critical.
    pub(super) fn admit(&self, session: &Session) -> Result<(), Refusal> {
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

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(key, node)| Row::Node(key.clone(), Some(Arc::clone(node))));
        let services = self.services.iter();
        let services = services.map(|(key, it)| Row::Service(key.clone(), Some(Arc::clone(it))));
        let checks = self.checks.iter();
        let checks = checks.map(|(key, it)| Row::Check(key.clone(), Some(Arc::clone(it))));
        nodes.chain(services).chain(checks)
    }
}

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
        let services = self.table_index(Table::Services);
        Found::new(node, self.table_index(Table::Nodes).max(services))
    }

    /// The services of a node by id.
    #[must_use]
    pub fn node_services(&self, name: &str) -> Found<Vec<&Arc<Service>>> {
        let index = self.node(name).index;
        let name = name.to_lowercase();
        let services = self.catalog.services_of(&name);
        let services = services.map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let services = services.iter().filter_map(|key| self.catalog.service(key));
        Found::new(services.collect(), index)
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
}
