//! The rules that stand behind a service's or a node's identity.

use super::access::Access;
use super::rules::{Resource, Rule, Rules};

/// A service and its sidecar may register themselves and find every other service.
pub(crate) fn service_rules(service: &str) -> Rules {
    let sidecar = format!("{service}-sidecar-proxy");
    let named = vec![
        exact(Resource::Service, service, Access::Write),
        exact(Resource::Service, &sidecar, Access::Write),
        all(Resource::Service),
        all(Resource::Node),
    ];
    Rules {
        named,
        ..Rules::default()
    }
}

/// A node may register itself and read every service.
pub(crate) fn node_rules(node: &str) -> Rules {
    let named = vec![
        exact(Resource::Node, node, Access::Write),
        all(Resource::Service),
    ];
    Rules {
        named,
        ..Rules::default()
    }
}

fn exact(resource: Resource, name: &str, access: Access) -> Rule {
    Rule {
        resource,
        is_prefix: false,
        name: name.to_owned(),
        access,
        intentions: None,
    }
}

fn all(resource: Resource) -> Rule {
    Rule {
        is_prefix: true,
        ..exact(resource, "", Access::Read)
    }
}
