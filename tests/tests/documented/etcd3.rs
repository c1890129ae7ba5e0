//! `docs/etcd-v3.md`: every call and option of etcd-client, clientv3, concurrency, python-etcd3, aetcd and
//! `etcdctl` has ours and a test, and all of them exist.

use crate::etcd2::{missing, sources_of};
use crate::{root, rows};

/// How many rows the tables have at least.
const AT_LEAST: usize = 230;

#[test]
fn everything_of_other_clients_of_etcd_v3_has_ours_and_a_test() {
    let documented = rows(&std::fs::read_to_string(root().join("docs/etcd-v3.md")).unwrap());
    assert!(
        documented.len() >= AT_LEAST,
        "only {} rows",
        documented.len()
    );
    let verbs = sources_of(&["crates/cli/src/args/etcd"]);
    let mut code = sources_of(&["crates/etcd/src/v3", "crates/etcd/src/queue"]);
    code.extend(verbs.clone());
    let tests = sources_of(&[
        "crates/etcd",
        "crates/net",
        "crates/testkit/src/protocol",
        "crates/cli",
        "tests/tests",
    ]);
    let wrong = missing(documented, &code, &verbs.concat(), &tests);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The commands of `etcdctl` 3.5 and its options of the connection.
const COMMANDS: [&str; 45] = [
    "get",
    "put",
    "del",
    "txn",
    "watch",
    "lease grant",
    "lease revoke",
    "lease timetolive",
    "lease list",
    "lease keep-alive",
    "lock",
    "elect",
    "member list",
    "member add",
    "member remove",
    "member update",
    "member promote",
    "endpoint status",
    "endpoint health",
    "endpoint hashkv",
    "user add",
    "user get",
    "user list",
    "user delete",
    "user passwd",
    "user grant-role",
    "user revoke-role",
    "role add",
    "role get",
    "role list",
    "role delete",
    "role grant-permission",
    "role revoke-permission",
    "auth enable",
    "auth disable",
    "auth status",
    "snapshot save",
    "snapshot status",
    "compaction",
    "defrag",
    "alarm list",
    "alarm disarm",
    "move-leader",
    "check perf",
    "version",
];

#[test]
fn no_command_of_etcdctl_is_left_out() {
    let documented = rows(&std::fs::read_to_string(root().join("docs/etcd-v3.md")).unwrap());
    let has = |command: &str| {
        let mut theirs = documented.iter().map(|(theirs, _, _)| theirs.as_str());
        theirs.any(|it| it == command || it.starts_with(&format!("{command} ")))
    };
    let missing: Vec<_> = COMMANDS.into_iter().filter(|name| !has(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
