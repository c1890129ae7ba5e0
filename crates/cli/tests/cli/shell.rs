//! Completions, help and version.

use std::process::Command;

use crate::testenv::{TestEnv, has};

#[test]
fn completions_parse_in_their_shells() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = env.ok(&["completions", shell]);
        assert!(
            script.contains("quorate") && script.contains("import"),
            "{shell}"
        );
        assert!(
            !script.contains("__watchdog\""),
            "{shell} offers a hidden command"
        );
        if has(shell) {
            let path = env.write(shell, &script);
            let parsed = Command::new(shell).arg("-n").arg(path).output().unwrap();
            assert!(parsed.status.success(), "{shell}: {parsed:?}");
        }
    }
}

#[test]
fn help_has_the_examples_and_the_exit_codes() {
    let env = TestEnv::new();
    let help = env.ok(&["--help"]);
    assert!(
        help.contains("Examples:\n") && help.contains("Exit codes:\n"),
        "{help}"
    );
    assert!(
        help.contains("124  lock, elect: not acquired in time"),
        "{help}"
    );
    assert!(env.ok(&["kv", "put", "-h"]).contains("Examples:\n"));
    assert!(
        env.ok(&["lock", "--help"])
            .contains("QUORATE_FENCING_TOKEN")
    );
}

#[test]
fn the_version_says_what_was_built_in() {
    let env = TestEnv::new();
    assert!(
        env.ok(&["--version"])
            .contains("backends: embedded, memory, consul")
    );
    assert!(env.ok(&["version"]).starts_with("quorate "));
    assert_eq!(env.json(&["version"])["agent_protocols"][0], "consul-http");
}
