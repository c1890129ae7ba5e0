//! Every endpoint, and the methods it takes.

use anyhow::ensure;

use super::target::Consul;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        every_endpoint_says_which_methods_it_takes,
        every_endpoint_refuses_other_methods,
    ]
    .into()
}

const READ: &str = "GET";
const WRITE: &str = "PUT";
const ASK: &str = "POST";
const EDIT: &str = "GET,PUT,DELETE";

/// What follows `/v1/`, and the methods as the real server lists them. Behind a slash at the end, a
/// name follows.
///
/// `docs/conformance.md` has a row for each.
pub const ENDPOINTS: &[(&str, &str)] = &[
    ("kv/", EDIT),
    ("txn", WRITE),
    ("session/create", WRITE),
    ("session/destroy/", WRITE),
    ("session/renew/", WRITE),
    ("session/info/", READ),
    ("session/list", READ),
    ("session/node/", READ),
    ("catalog/register", WRITE),
    ("catalog/deregister", WRITE),
    ("catalog/datacenters", READ),
    ("catalog/nodes", READ),
    ("catalog/services", READ),
    ("catalog/service/", READ),
    ("catalog/connect/", READ),
    ("catalog/node/", READ),
    ("catalog/node-services/", READ),
    ("catalog/gateway-services/", READ),
    ("health/node/", READ),
    ("health/checks/", READ),
    ("health/service/", READ),
    ("health/connect/", READ),
    ("health/ingress/", READ),
    ("health/state/", READ),
    ("agent/self", READ),
    ("agent/host", READ),
    ("agent/metrics", READ),
    ("agent/monitor", READ),
    ("agent/reload", WRITE),
    ("agent/members", READ),
    ("agent/join/", WRITE),
    ("agent/leave", WRITE),
    ("agent/force-leave/", WRITE),
    ("agent/maintenance", WRITE),
    ("agent/services", READ),
    ("agent/service/", READ),
    ("agent/checks", READ),
    ("agent/service/register", WRITE),
    ("agent/service/deregister/", WRITE),
    ("agent/service/maintenance/", WRITE),
    ("agent/check/register", WRITE),
    ("agent/check/deregister/", WRITE),
    ("agent/check/pass/", WRITE),
    ("agent/check/warn/", WRITE),
    ("agent/check/fail/", WRITE),
    ("agent/check/update/", WRITE),
    ("agent/health/service/id/", READ),
    ("agent/health/service/name/", READ),
    ("agent/token/", WRITE),
    ("agent/connect/authorize", ASK),
    ("agent/connect/ca/roots", READ),
    ("agent/connect/ca/leaf/", READ),
    ("event/fire/", WRITE),
    ("event/list", READ),
    ("coordinate/datacenters", READ),
    ("coordinate/nodes", READ),
    ("coordinate/node/", READ),
    ("coordinate/update", WRITE),
    ("query", "GET,POST"),
    ("query/", EDIT),
    ("acl/bootstrap", WRITE),
    ("acl/create", WRITE),
    ("acl/update", WRITE),
    ("acl/destroy/", WRITE),
    ("acl/info/", READ),
    ("acl/clone/", WRITE),
    ("acl/list", READ),
    ("acl/replication", READ),
    ("acl/token", WRITE),
    ("acl/token/", EDIT),
    ("acl/token/self", READ),
    ("acl/tokens", READ),
    ("acl/policy", WRITE),
    ("acl/policy/", EDIT),
    ("acl/policy/name/", READ),
    ("acl/policies", READ),
    ("acl/role", WRITE),
    ("acl/role/", EDIT),
    ("acl/role/name/", READ),
    ("acl/roles", READ),
    ("acl/auth-method", WRITE),
    ("acl/auth-method/", EDIT),
    ("acl/auth-methods", READ),
    ("acl/binding-rule", WRITE),
    ("acl/binding-rule/", EDIT),
    ("acl/binding-rules", READ),
    ("acl/login", ASK),
    ("acl/logout", ASK),
    ("acl/rules/translate", ASK),
    ("acl/rules/translate/", READ),
    ("internal/acl/authorize", ASK),
    ("operator/raft/configuration", READ),
    ("operator/raft/peer", "DELETE"),
    ("operator/autopilot/configuration", "GET,PUT"),
    ("operator/autopilot/health", READ),
    ("operator/keyring", "GET,POST,PUT,DELETE"),
    ("status/leader", READ),
    ("status/peers", READ),
    ("snapshot", "GET,PUT"),
    ("config", WRITE),
    ("config/", "GET,DELETE"),
    ("connect/ca/roots", READ),
    ("connect/ca/configuration", "GET,PUT"),
    ("connect/intentions", "GET,POST"),
    ("connect/intentions/", EDIT),
    ("connect/intentions/match", READ),
    ("connect/intentions/check", READ),
    ("discovery-chain/", "GET,POST"),
];

/// The path of an endpoint; `x` is the name where one follows.
fn target(path: &str) -> String {
    let name = if path.ends_with('/') { "x" } else { "" };
    format!("/v1/{path}{name}")
}

async fn every_endpoint_says_which_methods_it_takes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (path, methods) in ENDPOINTS {
        let target = target(path);
        let answer = consul.send("OPTIONS", &target, "").await?;
        equal(&target, answer.status, 200)?;
        let allow = format!("OPTIONS,{methods}");
        equal(&target, answer.header("Allow"), Some(&*allow))?;
    }
    Ok(())
}

async fn every_endpoint_refuses_other_methods(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (path, methods) in ENDPOINTS {
        let target = target(path);
        for method in ["PATCH", "DELETE"] {
            if methods.split(',').any(|it| it == method) {
                continue;
            }
            let answer = consul.send(method, &target, "").await?;
            let text = format!("method {method} not allowed");
            equal(&target, (answer.status, answer.text()), (405, text))?;
            let allow = answer.header("Allow").unwrap_or_default();
            ensure!(allow.ends_with(methods), "{target}: {allow}");
        }
    }
    Ok(())
}
