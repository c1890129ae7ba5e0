//! `quorate env`.

use nix::sys::signal::Signal;

use crate::testenv::TestEnv;

/// A command that says what it has found, and ends when its input does.
const HOLD: &str = "echo port $HTTP_PORT; cat >/dev/null";

#[test]
fn keys_are_variables_and_the_exit_code_is_the_commands() {
    let env = TestEnv::new();
    env.ok(&[
        "config",
        "set",
        "app",
        "HTTP/port=8080",
        "HTTP/max-body=1 2",
        "HTTP/list/1=x",
    ]);
    let script = "echo \"$HTTP_PORT,$HTTP_MAX_BODY,$HTTP_LIST_1\"; exit 7";
    let ended = env.run(&["env", "app", "--", "sh", "-c", script]);
    assert_eq!((ended.code, ended.text().as_str()), (7, "8080,1 2,x\n"));
    let named = [
        "env",
        "app/HTTP",
        "--prefix",
        "MY_",
        "--join",
        "__",
        "--pristine",
        "--",
        "/usr/bin/env",
    ];
    env.expect(&named, "MY_LIST__1=x\nMY_MAX_BODY=1 2\nMY_PORT=8080\n");
    env.fails(&["env", "app", "--", "no-such-command"], 127);
    let said = env.fails(&["env", "nothing", "--", "true"], 3);
    assert!(said.contains("there are no keys below nothing"), "{said}");
    env.ok(&["env", "nothing", "--missing", "run", "--", "true"]);
    env.ok(&["config", "set", "app", "http/port=1"]);
    let said = env.fails(&["env", "app", "--", "true"], 125);
    assert!(said.contains("both called HTTP_PORT"), "{said}");
}

#[test]
fn a_change_starts_the_command_anew() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "HTTP/port=1"]);
    let args = [
        "env",
        "app",
        "--restart",
        "--settle",
        "50ms",
        "--",
        "sh",
        "-c",
        HOLD,
    ];
    let mut running = env.start(&args);
    assert_eq!(running.line(), "port 1");
    env.ok(&["config", "set", "app", "HTTP/port=2"]);
    assert_eq!(running.line_with("port 2"), "port 2");
    // The same value again is no change.
    env.ok(&["kv", "put", "app/HTTP/port", "2"]);
    env.ok(&["config", "set", "app", "HTTP/port=3"]);
    assert_eq!(running.line(), "port 3");
    assert_eq!(running.wait().code, 0);
}

#[test]
fn a_command_that_does_not_end_is_ended_after_the_grace() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "HTTP/port=1"]);
    let script = "trap '' TERM; echo port $HTTP_PORT; cat >/dev/null";
    let args = [
        "env",
        "app",
        "--restart",
        "--settle",
        "20ms",
        "--grace",
        "200ms",
        "--",
        "sh",
        "-c",
        script,
    ];
    let mut running = env.start(&args);
    assert_eq!(running.line(), "port 1");
    env.ok(&["config", "set", "app", "HTTP/port=2"]);
    assert_eq!(running.line(), "port 2");
    assert_eq!(running.wait().code, 0);
}

#[test]
fn a_change_is_told_by_a_signal() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "HTTP/port=1"]);
    let script = "trap 'echo told' HUP; trap 'echo term; exit 9' TERM; echo up; while :; do sleep 0.02; done";
    let args = [
        "env", "app", "--signal", "HUP", "--settle", "20ms", "--", "sh", "-c", script,
    ];
    let mut running = env.start(&args);
    assert_eq!(running.line(), "up");
    env.ok(&["config", "set", "app", "HTTP/port=2"]);
    assert_eq!(running.line(), "told");
    running.signal(Signal::SIGTERM);
    assert_eq!(running.line_with("term"), "term");
    assert_eq!(running.wait().code, 9);
}

#[test]
fn it_can_wait_for_the_first_key() {
    let env = TestEnv::new();
    let args = ["env", "app", "--missing", "wait", "--", "sh", "-c", HOLD];
    let mut running = env.start(&args);
    env.ok(&["config", "set", "app", "HTTP/port=5"]);
    assert_eq!(running.line(), "port 5");
    assert_eq!(running.wait().code, 0);
}
