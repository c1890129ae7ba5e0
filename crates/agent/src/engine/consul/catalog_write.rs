use std::sync::Arc;

use quorate_wire::consul::health::{CRITICAL, SERF_HEALTH};

use super::catalog::{Check, Node, PartKey, Service};
use super::command::{CheckSpec, Deregister, NodeSpec, Register, Reply, ServiceSpec};
use super::index::Table;
use super::refusal::{BadNodeId, Refusal};
use super::row::Row;
use super::state::{State, Step};
use crate::engine::Time;
use crate::engine::change::{Changes, Topic};

impl State {
    pub(super) fn register(
        &mut self,
        register: Register,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        validate(&register)?;
        self.atomically(now, changes, |step| {
            let name: Box<str> = register.node.name.to_lowercase().into();
            let exists = step.state.catalog.node(&name).is_some();
            if !(exists && register.skip_node_update) {
                step.put_node(&name, &register.node)?;
            }
            if let Some(service) = register.service {
                step.put_service(&name, &register.node.name, service);
            }
            for check in register.checks {
                step.put_check(&name, &register.node.name, check)?;
            }
            Ok(Reply::Done)
        })
    }

    pub(super) fn deregister(
        &mut self,
        what: &Deregister,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        if what.node.is_empty() {
            return Err(Refusal::MissingNode);
        }
        let mut step = Step::begin(self, now, changes);
        let node: Box<str> = what.node.to_lowercase().into();
        if !what.service_id.is_empty() {
            step.remove_service(&(node, what.service_id.to_lowercase().into()));
        } else if !what.check_id.is_empty() {
            step.remove_check(&(node, what.check_id.to_lowercase().into()));
        } else {
            step.remove_node(&node);
        }
        Ok(Reply::Done)
    }
}

fn validate(register: &Register) -> Result<(), Refusal> {
    let node = &register.node;
    if node.name.is_empty() {
        return Err(Refusal::MissingNode);
    }
    if !node.id.is_empty() {
        check_node_id(&node.id).map_err(Refusal::MalformedNodeId)?;
    }
    if node.address.is_empty() && !register.skip_node_update {
        return Err(Refusal::MissingAddress);
    }
    if let Some(service) = &register.service
        && service.name.is_empty()
    {
        return Err(match service.id.is_empty() {
            true => Refusal::MissingServiceId,
            false => Refusal::MissingServiceName,
        });
    }
    Ok(())
}

fn check_node_id(id: &str) -> Result<(), BadNodeId> {
    if id.len() != 36 {
        return Err(BadNodeId::Length);
    }
    let bytes = id.as_bytes();
    let dashes = [8, 13, 18, 23];
    if dashes.iter().any(|at| bytes[*at] != b'-') {
        return Err(BadNodeId::Shape);
    }
    let digits = bytes
        .iter()
        .enumerate()
        .filter(|(at, _)| !dashes.contains(at));
    let bad = digits
        .map(|(_, byte)| *byte)
        .find(|byte| !byte.is_ascii_hexdigit());
    bad.map_or(Ok(()), |byte| Err(BadNodeId::Digit(byte)))
}

impl Step<'_> {
    /// Writes a node. One whose id is known under another name is renamed: what it had goes.
    pub(super) fn put_node(&mut self, name: &str, spec: &NodeSpec) -> Result<(), Refusal> {
        let renamed = self.state.catalog.node_with_id(&spec.id).cloned();
        let renamed = renamed.filter(|node| node.node.to_lowercase() != name);
        self.refuse_reserved_name(name, spec, renamed.as_deref())?;
        if let Some(old) = &renamed {
            self.remove_node(&old.node.to_lowercase());
        }
        let current = self.state.catalog.node(name).cloned();
        let before = renamed.as_ref().or(current.as_ref());
        let mut node = Node {
            id: spec.id.clone(),
            node: spec.name.clone(),
            address: spec.address.clone(),
            tagged_addresses: spec.tagged_addresses.clone(),
            meta: spec.meta.clone(),
            create_index: before.map_or(self.index, |node| node.create_index),
            modify_index: current
                .as_ref()
                .map_or(self.index, |node| node.modify_index),
        };
        if current.as_deref() == Some(&node) {
            return Ok(());
        }
        node.modify_index = self.index;
        let node = Arc::new(node);
        self.state.catalog.put_node(name.into(), Arc::clone(&node));
        self.store(Row::Node(name.into(), Some(node)));
        self.touch_node(name);
        Ok(())
    }

    /// A node that is alive keeps its name from nodes with another id.
    fn refuse_reserved_name(
        &self,
        name: &str,
        spec: &NodeSpec,
        renamed: Option<&Node>,
    ) -> Result<(), Refusal> {
        let Some(owner) = self.state.catalog.node(name) else {
            return Ok(());
        };
        let other = [&spec.id, &owner.id].iter().all(|id| !id.is_empty());
        if !other || owner.id.eq_ignore_ascii_case(&spec.id) {
            return Ok(());
        }
        let serf = (name.into(), SERF_HEALTH.to_lowercase().into());
        let serf = self.state.catalog.check(&serf);
        if serf.is_none_or(|check| check.status == CRITICAL) {
            return Ok(());
        }
        Err(Refusal::ReservedNode {
            id: spec.id.clone(),
            address: renamed.map_or_else(String::new, |node| format!(" ({})", node.address)),
            name: spec.name.clone(),
            owner: owner.id.clone(),
            owner_address: owner.address.clone(),
        })
    }

    pub(super) fn put_service(&mut self, node: &str, node_name: &str, spec: ServiceSpec) {
        let id = if spec.id.is_empty() {
            &spec.name
        } else {
            &spec.id
        };
        let key: PartKey = (node.into(), id.to_lowercase().into());
        let old = self.state.catalog.service(&key);
        let mut service = Service {
            node: node_name.into(),
            kind: spec.kind,
            id: id.clone(),
            name: spec.name,
            tags: spec.tags,
            address: spec.address,
            tagged_addresses: spec.tagged_addresses,
            port: spec.port,
            meta: spec.meta,
            weights: spec.weights,
            enable_tag_override: spec.enable_tag_override,
            proxy: spec.proxy,
            connect: spec.connect,
            create_index: old.map_or(self.index, |old| old.create_index),
            modify_index: old.map_or(self.index, |old| old.modify_index),
        };
        if old.is_some_and(|old| **old == service) {
            return;
        }
        service.modify_index = self.index;
        let service = Arc::new(service);
        self.state
            .catalog
            .put_service(key.clone(), Arc::clone(&service));
        self.store(Row::Service(key, Some(service)));
        self.wake(Topic::Node(node.into()));
        self.touch(Table::Services);
    }

    /// Writes a check. The checks' index moves and their readers are woken even when it is the same
    /// as before, as on the real server; a critical one ends the sessions that are tied to it.
    pub(super) fn put_check(
        &mut self,
        node: &str,
        node_name: &str,
        spec: CheckSpec,
    ) -> Result<(), Refusal> {
        if !spec.node.is_empty() && spec.node != node_name {
            return Err(Refusal::OtherNode {
                check: spec.node,
                node: node_name.into(),
            });
        }
        let check = self.check_of(node, node_name, spec)?;
        let key: PartKey = (node.into(), check.check_id.to_lowercase().into());
        let critical = check.status == CRITICAL;
        let same = self.state.catalog.check(&key).is_some_and(|old| {
            let modify_index = check.modify_index;
            check
                == Check {
                    modify_index,
                    ..Check::clone(old)
                }
        });
        if !same {
            let check = Arc::new(check);
            self.state
                .catalog
                .put_check(key.clone(), Arc::clone(&check));
            self.store(Row::Check(key.clone(), Some(check)));
        }
        self.wake(Topic::NodeChecks(node.into()));
        self.touch(Table::Checks);
        if critical {
            self.end_sessions_of_check(&key);
        }
        Ok(())
    }

    fn check_of(&self, node: &str, node_name: &str, spec: CheckSpec) -> Result<Check, Refusal> {
        let check_id = if spec.id.is_empty() {
            spec.name.clone()
        } else {
            spec.id
        };
        if check_id.is_empty() {
            return Err(Refusal::MissingCheckId(node_name.into()));
        }
        let service = (node.into(), spec.service_id.to_lowercase().into());
        let service = self.state.catalog.service(&service);
        if service.is_none() && !spec.service_id.is_empty() {
            return Err(Refusal::UnknownService(node_name.into()));
        }
        let old = (node.into(), check_id.to_lowercase().into());
        let old = self.state.catalog.check(&old);
        let status = if spec.status.is_empty() {
            CRITICAL.into()
        } else {
            spec.status
        };
        Ok(Check {
            node: node_name.into(),
            check_id,
            name: spec.name,
            status,
            notes: spec.notes,
            output: spec.output,
            service_name: service.map_or(spec.service_name, |it| it.name.clone()),
            service_tags: service.map_or(spec.service_tags, |it| it.tags.clone()),
            service_id: spec.service_id,
            check_type: spec.check_type,
            definition: spec.definition,
            create_index: old.map_or(self.index, |old| old.create_index),
            modify_index: self.index,
        })
    }

    fn remove_node(&mut self, node: &str) {
        if !self.state.catalog.remove_node(node) {
            return;
        }
        self.remove_coordinates(node);
        for id in self.state.sessions.of_node(node) {
            self.end_session(id);
        }
        let services = self.state.catalog.services_of(node);
        for key in services.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_service(&key);
        }
        let checks = self.state.catalog.checks_of(node);
        for key in checks.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_check(&key);
        }
        self.store(Row::Node(node.into(), None));
        self.touch_node(node);
    }

    pub(super) fn remove_service(&mut self, key: &PartKey) {
        if !self.state.catalog.remove_service(key) {
            return;
        }
        let (node, id) = key;
        let checks = self.state.catalog.checks_of(node);
        let checks = checks.filter(|(_, check)| check.service_id.to_lowercase() == **id);
        for key in checks.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_check(&key);
        }
        self.store(Row::Service(key.clone(), None));
        self.wake(Topic::Node(node.clone()));
        self.touch(Table::Services);
        self.touch(Table::Checks);
    }

    /// Removes a check. That of a node concerns all its services, whose index then moves too; that
    /// of a service moves nothing of other services.
    pub(super) fn remove_check(&mut self, key: &PartKey) {
        let check = self.state.catalog.check(key);
        let is_of_node = check.is_some_and(|check| check.service_id.is_empty());
        if !self.state.catalog.remove_check(key) {
            return;
        }
        self.store(Row::Check(key.clone(), None));
        self.wake(Topic::NodeChecks(key.0.clone()));
        if is_of_node {
            self.touch(Table::Services);
        }
        self.touch(Table::Checks);
        self.end_sessions_of_check(key);
    }

    fn end_sessions_of_check(&mut self, (node, check): &PartKey) {
        for id in self.state.sessions.of_check(node, check) {
            self.end_session(id);
        }
    }

    fn touch_node(&mut self, node: &str) {
        self.wake(Topic::Node(node.into()));
        self.touch(Table::Nodes);
    }
}
