//! What a request may see and change of the catalog.

use super::permit::{Permit, require};
use super::reply::{Refused, Reply};
use crate::engine::consul::{Check, CheckSpec, Deregister, Node, NodeSpec, Register, State};

impl Permit {
    /// To see a check: its node, and its service if it has one.
    pub(super) fn sees_check(&self, check: &Check) -> bool {
        self.sees_instance(&check.node, &check.service_name)
    }

    /// To see an instance of a service on a node; without a name, what is of the node alone.
    pub(super) fn sees_instance(&self, node: &str, service: &str) -> bool {
        self.node_read(node) && (service.is_empty() || self.service_read(service))
    }

    /// To register. What the engine refuses by itself is left to it.
    pub(super) fn check_register(&self, state: &State, new: &Register) -> Result<(), Refused> {
        let name = &new.node.name;
        let lacks_address = new.node.address.is_empty() && !new.skip_node_update;
        let lacks_service = |register: &Register| {
            let service = register.service.as_ref();
            service.is_some_and(|service| service.name.is_empty())
        };
        if !self.is_restricted() || name.is_empty() || lacks_address || lacks_service(new) {
            return Ok(());
        }
        let node = state.node(name).value;
        let keeps = |old: &Node| new.skip_node_update || is_same(old, &new.node);
        require(node.is_some_and(|old| keeps(old)) || self.node_write(name))?;
        if let Some(service) = &new.service {
            let id = id_or_name(&service.id, &service.name);
            let old = service_named(state, name, id);
            require(self.service_write(&service.name))?;
            require(old.is_none_or(|old| self.service_write(&old)))?;
        }
        for check in &new.checks {
            self.check_check_of(state, new, check)?;
        }
        Ok(())
    }

    fn check_check_of(
        &self,
        state: &State,
        new: &Register,
        check: &CheckSpec,
    ) -> Result<(), Refused> {
        let (name, id) = (&new.node.name, &check.service_id);
        if id.is_empty() {
            return require(self.node_write(name));
        }
        let itself = new.service.as_ref();
        if itself.is_some_and(|it| id_or_name(&it.id, &it.name) == id) {
            return Ok(());
        }
        match service_named(state, name, id) {
            Some(service) => require(self.service_write(&service)),
            None => {
                let check = id_or_name(&check.id, &check.name);
                let text = format!("Unknown service '{id}' for check '{check}'");
                Err(Reply::server_error(text).into())
            }
        }
    }

    /// To deregister. Who may write the node may remove everything of it.
    pub(super) fn check_deregister(&self, state: &State, what: &Deregister) -> Result<(), Refused> {
        if !self.is_restricted() || what.node.is_empty() || self.node_write(&what.node) {
            return Ok(());
        }
        let unknown = |kind: &str, id: &str| -> Result<(), Refused> {
            Err(Reply::server_error(format!("Unknown {kind} '{id}'")).into())
        };
        if !what.service_id.is_empty() {
            return match service_named(state, &what.node, &what.service_id) {
                Some(service) => require(self.service_write(&service)),
                None => unknown("service", &what.service_id),
            };
        }
        if what.check_id.is_empty() {
            return require(false);
        }
        let checks = state.node_checks(&what.node).value;
        let mut checks = checks.into_iter();
        let is_it = |check: &&std::sync::Arc<Check>| {
            check.check_id.to_lowercase() == what.check_id.to_lowercase()
        };
        match checks.find(is_it) {
            Some(check) if check.service_id.is_empty() => require(false),
            Some(check) => require(self.service_write(&check.service_name)),
            None => unknown("check", &what.check_id),
        }
    }
}

fn id_or_name<'a>(id: &'a str, name: &'a str) -> &'a str {
    if id.is_empty() { name } else { id }
}

/// The name of a node's service.
fn service_named(state: &State, node: &str, id: &str) -> Option<String> {
    let services = state.node_services(node).value;
    let mut services = services.into_iter();
    let found = services.find(|service| service.id.to_lowercase() == id.to_lowercase());
    found.map(|service| service.name.clone())
}

/// Whether registering a node changes nothing of it.
fn is_same(old: &Node, new: &NodeSpec) -> bool {
    let blank = |map: &Option<_>| {
        map.as_ref()
            .is_none_or(std::collections::BTreeMap::is_empty)
    };
    let same = |old: &Option<_>, new: &Option<_>| old == new || (blank(old) && blank(new));
    old.id == new.id
        && old.node == new.name
        && old.address == new.address
        && same(&old.tagged_addresses, &new.tagged_addresses)
        && same(&old.meta, &new.meta)
}
