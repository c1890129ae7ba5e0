//! Instances of services with their nodes and their checks.

use std::sync::Arc;

use quorate_wire::consul::{HealthCheck, Node as ShownNode};
use serde::Serialize;

use super::super::catalog::{self, ShownService};
use super::super::health;
use crate::engine::consul::{Check, Node, Service, State};

/// An instance of a service.
pub(super) struct Instance<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) service: &'a Arc<Service>,
    /// Those of the node, then its own.
    pub(super) checks: Vec<&'a Arc<Check>>,
}

/// An instance as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown {
    node: ShownNode,
    service: ShownService,
    checks: Vec<HealthCheck>,
}

impl Instance<'_> {
    pub(super) fn show(&self, datacenter: &str) -> Shown {
        Shown {
            node: catalog::show(self.node, datacenter),
            service: catalog::show_service(self.service),
            checks: self
                .checks
                .iter()
                .map(|check| health::show(check))
                .collect(),
        }
    }
}

/// The instances of a service, by node and id; its name is found in any case of letters.
pub(super) fn of<'a>(state: &'a State, name: &str) -> Vec<Instance<'a>> {
    let name = name.to_lowercase();
    let mut found = Vec::new();
    for node in state.nodes().value {
        for service in state.node_services(&node.node).value {
            if service.name.to_lowercase() == name {
                found.push(instance(state, node, service));
            }
        }
    }
    found
}

fn instance<'a>(state: &'a State, node: &'a Arc<Node>, service: &'a Arc<Service>) -> Instance<'a> {
    let checks = state.node_checks(&node.node).value;
    let (mut of_node, of_others): (Vec<_>, Vec<_>) = checks
        .into_iter()
        .partition(|check| check.service_id.is_empty());
    let own = of_others
        .into_iter()
        .filter(|check| check.service_id == service.id);
    of_node.extend(own);
    Instance {
        node,
        service,
        checks: of_node,
    }
}

/// The proxies and native instances of the mesh for a service: the catalog of this agent has none.
pub(super) fn of_mesh<'a>(_state: &'a State, _name: &str) -> Vec<Instance<'a>> {
    Vec::new()
}
