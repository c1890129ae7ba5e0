//! Instances of services with their nodes and their checks.

use std::sync::Arc;

use quorate_wire::consul::health::{HealthCheckRef, ServiceEntryRef};

use crate::engine::consul::{self, Check, Node, Service, State};

/// An instance of a service.
pub(super) struct Instance<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) service: &'a Arc<Service>,
    /// Those of the node, then its own.
    pub(super) checks: Vec<&'a Arc<Check>>,
}

impl<'a> Instance<'a> {
    /// The instance as it is shown.
    pub(super) fn show(&self, datacenter: &'a str) -> ServiceEntryRef<'a, Vec<HealthCheckRef<'a>>> {
        let checks = self.checks.iter();
        ServiceEntryRef {
            node: self.node.as_node_ref(datacenter),
            service: self.service.as_service_ref(),
            checks: checks.map(|check| check.as_check_ref()).collect(),
        }
    }
}

/// The instances of a service, by node and id; its name is found in any case of letters.
pub(super) fn of<'a>(state: &'a State, name: &str) -> Vec<Instance<'a>> {
    with_checks(state, state.instances_with_health(name).value)
}

/// The proxies and native instances of the mesh for a service.
pub(super) fn of_mesh<'a>(state: &'a State, name: &str) -> Vec<Instance<'a>> {
    with_checks(state, state.connected_instances_with_health(name).value)
}

fn with_checks<'a>(state: &'a State, found: Vec<consul::Instance<'a>>) -> Vec<Instance<'a>> {
    let found = found.into_iter().map(|instance| {
        let (node, own) = state.instance_checks(instance);
        Instance {
            node: instance.node,
            service: instance.service,
            checks: node.iter().chain(own).collect(),
        }
    });
    found.collect()
}
