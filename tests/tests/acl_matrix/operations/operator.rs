//! The operation of the cluster, its status, and snapshots.

use crate::operation::Operation;
use crate::rules::Group::{self, Acl, Keyring, Operator};

const OPERATOR: &[Group] = &[Operator];
const KEYRING: &[Group] = &[Keyring];
const NONE: &[Group] = &[];
const ACL: &[Group] = &[Acl];

pub(super) fn operations() -> Vec<Operation> {
    let get = |target, groups| Operation::get("operator", target, groups);
    let config = r#"{"CleanupDeadServers":true,"LastContactThreshold":"200ms","MaxTrailingLogs":250,"ServerStabilizationTime":"10s"}"#;
    let put = |target, body| Operation::put("operator", target, body, OPERATOR);
    let keyring =
        |method, body| Operation::write("operator", method, "operator/keyring", body, KEYRING);
    vec![
        get("operator/raft/configuration", OPERATOR),
        get("operator/autopilot/configuration", OPERATOR),
        get("operator/autopilot/health", OPERATOR).opaque(),
        get("operator/keyring", KEYRING),
        get("operator/keyring?local-only=true", KEYRING),
        Operation::delete("operator", "operator/raft/peer?id=none", OPERATOR),
        Operation::delete("operator", "operator/raft/peer?address=none", OPERATOR),
        Operation::delete("operator", "operator/raft/peer", OPERATOR),
        put("operator/autopilot/configuration", config),
        put("operator/autopilot/configuration?cas=1", config),
        put("operator/autopilot/configuration", "{"),
        keyring("POST", r#"{"Key":"cHVx"}"#),
        keyring("PUT", r#"{"Key":"cHVx"}"#),
        keyring("DELETE", r#"{"Key":"x"}"#),
        keyring("POST", "{"),
        Operation::get("status", "status/leader", NONE).opaque(),
        Operation::get("status", "status/peers", NONE).opaque(),
        Operation::get("snapshot", "snapshot", ACL).opaque(),
        Operation::put("snapshot", "snapshot", "no archive", ACL),
    ]
}
