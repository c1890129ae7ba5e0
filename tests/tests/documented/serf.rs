//! `docs/serf.md`: every command, option and behaviour of serf-python, of serfclient and of the `serf`
//! command has ours and a test, and all of them exist.

use crate::etcd2::{missing, sources_of};
use crate::{root, rows};

/// How many rows the tables have at least.
const AT_LEAST: usize = 115;

fn documented() -> Vec<(String, String, String)> {
    rows(&std::fs::read_to_string(root().join("docs/serf.md")).unwrap())
}

#[test]
fn everything_of_other_clients_of_serf_has_ours_and_a_test() {
    let documented = documented();
    assert!(
        documented.len() >= AT_LEAST,
        "only {} rows",
        documented.len()
    );
    let verbs = sources_of(&["crates/cli/src/args"]);
    let mut code = sources_of(&["crates/serf/src", "crates/wire/src/serf"]);
    code.extend(verbs.clone());
    let tests = sources_of(&[
        "crates/serf",
        "crates/wire",
        "crates/gossip/tests",
        "crates/cli",
        "tests/tests",
    ]);
    let wrong = missing(documented, &code, &verbs.concat(), &tests);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The commands of serf-python, and those of `serf` 0.10.1 that do something.
const COMMANDS: [&str; 26] = [
    "handshake(",
    "auth(",
    "event(",
    "force_leave(",
    "join(",
    "members(",
    "tags(",
    "stream(",
    "monitor(",
    "stop(",
    "leave(",
    "query(",
    "respond(",
    "agent ",
    "event ",
    "force-leave ",
    "info ",
    "join ",
    "keygen",
    "keys ",
    "leave",
    "members ",
    "monitor ",
    "query ",
    "reachability ",
    "rtt",
];

#[test]
fn no_command_of_serf_is_left_out() {
    let documented = documented();
    let has = |command: &&str| documented.iter().any(|(it, _, _)| it.starts_with(*command));
    let missing: Vec<_> = COMMANDS.iter().filter(|command| !has(command)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
