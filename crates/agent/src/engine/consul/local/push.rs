use std::sync::Arc;

use super::entry::LocalCheck;
use crate::engine::consul::catalog::{Check, PartKey, Service};
use crate::engine::consul::command::{CheckSpec, ServiceSpec};
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::state::Step;

impl Step<'_> {
    /// The key of a service or check of this agent in the catalog.
    pub(super) fn own_key(&self, id: &str) -> PartKey {
        let node = self.state.local.node.name.to_lowercase();
        (node.into(), id.to_lowercase().into())
    }

    /// Puts the agent's node into the catalog if somebody removed it.
    fn ensure_own_node(&mut self) -> Result<(), Refusal> {
        let node = Arc::clone(&self.state.local.node);
        let name = node.name.to_lowercase();
        match self.state.catalog.node(&name) {
            Some(_) => Ok(()),
            None => self.put_node(&name, &node),
        }
    }

    /// Writes a service of this agent into the catalog, unless it stands there like that.
    pub(super) fn push_service(&mut self, id: &str) -> Result<(), Refusal> {
        let Some(local) = self.state.local.services.get(id).cloned() else {
            return Ok(());
        };
        let (node, key) = self.own_key(id);
        let stored = self.state.catalog.service(&(node.clone(), key));
        if stored.is_some_and(|stored| is_same_service(&local.service, stored)) {
            return Ok(());
        }
        self.ensure_own_node()?;
        let name = self.state.local.node.name.clone();
        self.put_service(&node, &name, service_spec(&local.service))
    }

    /// Writes a check of this agent into the catalog, unless it stands there like that.
    pub(super) fn push_check(&mut self, id: &str) -> Result<(), Refusal> {
        let Some(local) = self.state.local.checks.get(id).cloned() else {
            return Ok(());
        };
        self.state.local.deferred.clear(id);
        let key = self.own_key(id);
        let stored = self.state.catalog.check(&key);
        if stored.is_some_and(|stored| is_same_check(&local.check, stored)) {
            return Ok(());
        }
        self.ensure_own_node()?;
        // Somebody may have removed its service.
        self.push_service(&local.check.service_id)?;
        let name = self.state.local.node.name.clone();
        self.put_check(&key.0, &name, check_spec(&local))
    }
}

fn is_same_service(local: &Service, stored: &Service) -> bool {
    let Service {
        node,
        create_index,
        modify_index,
        ..
    } = stored;
    let local = Service {
        node: node.clone(),
        create_index: *create_index,
        modify_index: *modify_index,
        ..local.clone()
    };
    local == *stored
}

/// Whether the catalog has what the agent has; the service's tags there are the service's own.
fn is_same_check(local: &Check, stored: &Check) -> bool {
    let Check {
        node,
        service_tags,
        create_index,
        modify_index,
        ..
    } = stored;
    let local = Check {
        node: node.clone(),
        service_tags: service_tags.clone(),
        create_index: *create_index,
        modify_index: *modify_index,
        ..local.clone()
    };
    local == *stored
}

/// Whether the catalog has what the agent has, but for the output.
pub(super) fn is_same_but_output(local: &Check, stored: &Check) -> bool {
    let output = stored.output.clone();
    is_same_check(
        &Check {
            output,
            ..local.clone()
        },
        stored,
    )
}

fn service_spec(service: &Service) -> ServiceSpec {
    ServiceSpec {
        kind: service.kind.clone(),
        id: service.id.clone(),
        name: service.name.clone(),
        tags: service.tags.clone(),
        address: service.address.clone(),
        tagged_addresses: service.tagged_addresses.clone(),
        port: service.port,
        meta: service.meta.clone(),
        weights: service.weights,
        enable_tag_override: service.enable_tag_override,
        proxy: service.proxy.clone(),
        connect: service.connect.clone(),
    }
}

fn check_spec(local: &LocalCheck) -> CheckSpec {
    let check = &local.check;
    CheckSpec {
        node: String::new(),
        id: check.check_id.clone(),
        name: check.name.clone(),
        status: check.status.clone(),
        notes: check.notes.clone(),
        output: check.output.clone(),
        service_id: check.service_id.clone(),
        service_name: check.service_name.clone(),
        service_tags: check.service_tags.clone(),
        check_type: check.check_type.clone(),
        definition: check.definition.clone(),
    }
}
