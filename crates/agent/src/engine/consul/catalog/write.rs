use std::sync::Arc;

use quorate_wire::consul::health::{CRITICAL, SERF_HEALTH};

use super::meta::check_meta;
use super::proxy_rules::check_service;
use super::service_index::Cause;
use super::tables::PartKey;
use super::{Check, Node, Service};
use crate::engine::Time;
use crate::engine::change::{Changes, Topic};
use crate::engine::consul::command::{
    CheckSpec, Deregister, NodeSpec, Register, Reply, ServiceSpec,
};
use crate::engine::consul::index::Table;
use crate::engine::consul::refusal::{BadNodeId, Refusal};
use crate::engine::consul::row::Row;
use crate::engine::consul::state::{State, Step};

impl State {
    pub(in crate::engine::consul) fn register(
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
                check_meta(service.meta.as_ref()).map_err(|problem| Refusal::BadServiceMeta {
                    node: register.node.name.clone(),
                    id: match service.id.is_empty() {
                        true => service.name.clone(),
                        false => service.id.clone(),
                    },
                    problem,
                })?;
                step.put_service(&name, &register.node.name, service)?;
            }
            for check in register.checks {
                step.put_check(&name, &register.node.name, check)?;
            }
            Ok(Reply::Done)
        })
    }

    pub(in crate::engine::consul) fn deregister(
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
    check_node(node)?;
    if node.address.is_empty() && !register.skip_node_update {
        return Err(Refusal::MissingAddress);
    }
    match &register.service {
        Some(service) => check_service(service),
        None => Ok(()),
    }
}

/// What a node needs wherever it is written.
pub(super) fn check_node(node: &NodeSpec) -> Result<(), Refusal> {
    if node.name.is_empty() {
        return Err(Refusal::MissingNode);
    }
    if node.id.is_empty() {
        return Ok(());
    }
    check_node_id(&node.id).map_err(Refusal::MalformedNodeId)
}

pub(super) fn check_node_id(id: &str) -> Result<(), BadNodeId> {
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
    pub(in crate::engine::consul) fn put_node(
        &mut self,
        name: &str,
        spec: &NodeSpec,
    ) -> Result<(), Refusal> {
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
            owner: format!("{} with name {} ({})", owner.id, owner.node, owner.address),
        })
    }

    pub(in crate::engine::consul) fn put_service(
        &mut self,
        node: &str,
        node_name: &str,
        spec: ServiceSpec,
    ) -> Result<(), Refusal> {
        let id = if spec.id.is_empty() {
            &spec.name
        } else {
            &spec.id
        };
        if id.is_empty() {
            return Err(Refusal::MissingServiceId);
        }
        let key: PartKey = (node.into(), id.to_lowercase().into());
        let old = self.state.catalog.service(&key).cloned();
        let old = old.as_deref();
        let mut service = Service {
            kind: spec.kind,
            node: node_name.into(),
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
        if old == Some(&service) {
            return Ok(());
        }
        service.modify_index = self.index;
        let service = Arc::new(service);
        self.state
            .catalog
            .put_service(key.clone(), Arc::clone(&service));
        self.store(Row::Service(key, Some(Arc::clone(&service))));
        self.wake(Topic::Node(node.into()));
        self.touch(Table::Services);
        if let Some(old) = old.filter(|old| !is_listed_alike(old, &service)) {
            self.service_left(old);
        }
        self.touch_service(&service, Cause::Itself);
        Ok(())
    }

    /// Writes a check. The checks' index moves and their readers are woken even when it is the same
    /// as before, as on the real server; a critical one ends the sessions that are tied to it.
    pub(in crate::engine::consul) fn put_check(
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
        let old = self.state.catalog.check(&key).cloned();
        self.wake_check_readers(&key, &check);
        if !old.as_deref().is_some_and(|old| is_same(old, &check)) {
            self.replace_check(&key, old.as_deref(), check);
        }
        self.touch(Table::Checks);
        if critical {
            self.end_sessions_of_check(&key);
        }
        Ok(())
    }

    fn replace_check(&mut self, key: &PartKey, old: Option<&Check>, check: Check) {
        let check = Arc::new(check);
        let catalog = &mut self.state.catalog;
        catalog.put_check(key.clone(), Arc::clone(&check));
        self.store(Row::Check(key.clone(), Some(Arc::clone(&check))));
        if let Some(old) = old {
            self.wake_check_readers(key, old);
            if !old.service_id.eq_ignore_ascii_case(&check.service_id) {
                self.touch_check(key, &old.service_id);
            }
        }
        self.touch_check(key, &check.service_id);
    }

    /// Wakes those who wait for a check that is, or was, like this.
    pub(super) fn wake_check_readers(&mut self, key: &PartKey, check: &Check) {
        self.wake(Topic::NodeChecks(key.0.clone()));
        self.wake(Topic::ChecksInState(check.status.as_str().into()));
        if !check.service_name.is_empty() {
            let name = check.service_name.to_lowercase();
            self.wake(Topic::ServiceChecks(name.into()));
        }
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
}

/// Whether both are found by the same names.
fn is_listed_alike(old: &Service, new: &Service) -> bool {
    let alike = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    let connect = match (old.speaks_connect_for(), new.speaks_connect_for()) {
        (Some(old), Some(new)) => alike(old, new),
        (old, new) => old == new,
    };
    alike(&old.name, &new.name) && connect
}

/// Whether a check says the same as before.
fn is_same(old: &Check, new: &Check) -> bool {
    let modify_index = new.modify_index;
    let old = Check {
        modify_index,
        ..old.clone()
    };
    old == *new
}
