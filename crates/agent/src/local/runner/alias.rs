use std::sync::Arc;

use quorate_wire::consul::health::{CRITICAL, PASSING, WARNING};

use super::outcome::Outcome;
use super::report;
use crate::consul::Front;
use crate::engine::Topic;
use crate::engine::consul::{Check, LocalCheck, State};
use crate::quote::quote;
use crate::waiters::Watch;

/// Takes on the status of something else whenever that changes: of a service of this agent, or,
/// with the name of a node, of that node or of a service of it.
pub(super) async fn follow(front: &Front, check: &LocalCheck, node: &str, service_id: &str) {
    let key: Box<str> = node.to_lowercase().into();
    let topics = match node.is_empty() {
        true => vec![Topic::LocalChecks],
        false => vec![Topic::NodeChecks(key.clone()), Topic::Node(key)],
    };
    let watches = topics.into_iter().map(Watch::Topic);
    let mut waiter = front.writer.waiters().register(watches);
    loop {
        let said = {
            let snapshot = front.snapshot();
            let state = snapshot.consul();
            let outcome = look(state, check, node, service_id);
            let own = state.local_check(&check.check.check_id);
            let known = own.is_some_and(|own| {
                own.check.status == outcome.status && own.check.output == outcome.output
            });
            (!known).then_some(outcome)
        };
        if let Some(outcome) = said {
            report(front, check, outcome.status, outcome.output).await;
        }
        waiter.changed().await;
    }
}

fn look(state: &State, own: &LocalCheck, node: &str, service_id: &str) -> Outcome {
    let (checks, exists) = if node.is_empty() {
        let checks = state.local_checks().map(|it| &it.check).collect();
        let exists = service_id.is_empty() || state.local_service(service_id).is_some();
        (checks, exists)
    } else {
        let found = state.node_checks(node).value;
        let checks: Vec<_> = found.into_iter().map(Arc::as_ref).collect();
        let services = state.node_services(node).value;
        let exists = match service_id {
            "" => state.node(node).value.is_some(),
            id => services.iter().any(|it| it.id == id),
        };
        (checks, exists)
    };
    if !exists {
        let text = format!("Service {service_id} could not be found on node {node}");
        return Outcome::critical(text);
    }
    worst(&checks, own, service_id)
}

/// The worst of a service's checks and those of its node. A real Consul counts a check that
/// follows the node it is on among them, which then never recovers; here it is left out.
fn worst(checks: &[&Check], own: &LocalCheck, service_id: &str) -> Outcome {
    let own = &own.check.check_id;
    let mut all = checks.iter().filter(|check| {
        let concerns = check.service_id.is_empty() || check.service_id == service_id;
        concerns && check.check_id != *own
    });
    let failing = |check: &Check| {
        let name = quote(&check.name);
        format!("Aliased check {name} failing: {}", check.output)
    };
    if let Some(critical) = all.clone().find(|check| check.status == CRITICAL) {
        Outcome::critical(failing(critical))
    } else if let Some(warning) = all.clone().find(|check| check.status == WARNING) {
        Outcome::warning(failing(warning))
    } else if all.any(|check| check.status == PASSING) {
        Outcome::passing("All checks passing.")
    } else {
        Outcome::passing("No checks found.")
    }
}
