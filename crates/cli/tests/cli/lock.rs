//! `quorate lock`: one at a time, with the command's own status.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::testenv::{Running, TestEnv};

/// A command that says that it runs and ends when its input does.
const HOLD: &str = "echo up $QUORATE_FENCING_TOKEN; cat >/dev/null";

#[test]
fn the_command_finds_its_lock_in_the_environment() {
    let env = TestEnv::new();
    let script = "echo $QUORATE_LOCK_NAME $QUORATE_FENCING_TOKEN";
    let shown = env.ok(&["lock", "jobs/a", "--", "sh", "-c", script]);
    let (name, token) = shown.trim().split_once(' ').unwrap();
    assert_eq!(name, "jobs/a");
    assert!(token.parse::<u64>().unwrap() > 0);
}

#[test]
fn the_status_is_the_commands_own() {
    let env = TestEnv::new();
    env.fails(&["lock", "a", "--", "sh", "-c", "exit 7"], 7);
    env.fails(&["lock", "a", "--", "sh", "-c", "kill -9 $$"], 137);
    let said = env.fails(&["lock", "a", "--", "no-such-command"], 127);
    assert!(said.contains("start no-such-command"), "{said}");
    let path = env.write("plain", "not a program");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    env.fails(&["lock", "a", "--", path.to_str().unwrap()], 126);
}

#[test]
fn what_the_command_reads_and_writes_is_untouched() {
    let env = TestEnv::new();
    let bytes: Vec<u8> = (0..=255).collect();
    let ended = env.run_with(&["lock", "a", "--", "cat"], &bytes);
    assert_eq!((ended.code, ended.stdout), (0, bytes));
    assert_eq!(ended.stderr, "");
}

fn holder(env: &TestEnv, args: &[&str]) -> (Running, u64) {
    let mut all = vec!["lock"];
    all.extend(args);
    all.extend(["--", "sh", "-c", HOLD]);
    let mut holder = env.start(&all);
    let token = holder
        .line_with("up ")
        .trim_start_matches("up ")
        .parse()
        .unwrap();
    (holder, token)
}

#[test]
fn try_and_wait_give_up_with_their_own_code() {
    let env = TestEnv::new();
    let (holder, _) = holder(&env, &["a", "--value", "the nightly job"]);
    let said = env.fails(&["lock", "a", "--try", "--", "true"], 124);
    assert!(said.contains("next: quorate lock a --wait"), "{said}");
    let json = [
        "--output", "json", "lock", "a", "--wait", "100ms", "--", "true",
    ];
    let said = env.fails(&json, 124);
    assert!(
        said.contains(r#""event":"waiting""#) && said.contains("the nightly job"),
        "{said}"
    );
    assert_eq!(holder.wait().code, 0);
    env.ok(&["lock", "a", "--try", "--", "true"]);
}

#[test]
fn a_waiting_process_gets_the_lock_with_a_larger_token() {
    let env = TestEnv::new();
    let (mut first, token) = holder(&env, &["a"]);
    let mut second = env.start(&["--output", "json", "lock", "a", "--", "sh", "-c", HOLD]);
    assert!(
        second.rest_within(Duration::from_millis(300)).is_none(),
        "both hold the lock"
    );
    first.close_stdin();
    let later: u64 = second.line().trim_start_matches("up ").parse().unwrap();
    assert!(later > token, "{later} after {token}");
}

#[test]
fn two_commands_never_overlap() {
    let env = TestEnv::new();
    let (_agent, address) = env.agent();
    let env = env.at(format!("consul://{address}"));
    let script = "echo start $QUORATE_FENCING_TOKEN >> log; sleep 0.1; \
                  echo end $QUORATE_FENCING_TOKEN >> log";
    let contenders: Vec<_> = (0..5)
        .map(|_| env.start(&["lock", "a", "--", "sh", "-c", script]))
        .collect();
    for contender in contenders {
        let ended = contender.wait_within(Duration::from_secs(40));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    let log = env.read("log");
    let lines: Vec<_> = log
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .collect();
    let mut last = 0;
    for pair in lines.chunks(2) {
        assert_eq!(
            (pair[0].0, pair[1].0, pair[0].1),
            ("start", "end", pair[1].1),
            "{log}"
        );
        let token: u64 = pair[0].1.parse().unwrap();
        assert!(token > last, "{log}");
        last = token;
    }
    assert_eq!(lines.len(), 10, "{log}");
}

#[test]
fn a_limit_lets_that_many_in() {
    let env = TestEnv::new();
    let (first, _) = holder(&env, &["pool", "--limit", "2"]);
    let (_second, _) = holder(&env, &["pool", "--limit", "2"]);
    env.fails(
        &["lock", "pool", "--limit", "2", "--try", "--", "true"],
        124,
    );
    assert_eq!(first.wait().code, 0);
    env.ok(&[
        "lock", "pool", "--limit", "2", "--wait", "10s", "--", "true",
    ]);
}

#[test]
fn signals_reach_the_command_exactly_once() {
    let env = TestEnv::new();
    let script = "trap 'echo usr1' USR1; trap 'echo hup' HUP; trap 'echo term; exit 9' TERM; \
                  echo ready; while :; do sleep 0.02; done";
    let mut lock = env.start(&["lock", "a", "--", "sh", "-c", script]);
    lock.line_with("ready");
    lock.signal(Signal::SIGUSR1);
    assert_eq!(lock.line(), "usr1");
    lock.signal(Signal::SIGHUP);
    assert_eq!(lock.line(), "hup");
    lock.signal(Signal::SIGTERM);
    assert_eq!(lock.line(), "term");
    let ended = lock.wait();
    assert_eq!((ended.code, ended.text().as_str()), (9, ""));
    env.ok(&["lock", "a", "--try", "--", "true"]);
}

#[test]
fn a_signal_ends_the_waiting_too() {
    let env = TestEnv::new();
    let (_holder, _) = holder(&env, &["a"]);
    let second = env.start(&["lock", "a", "--", "true"]);
    // It listens to signals before it opens anything, so it ends the same way at any moment.
    let mut second = second;
    assert!(second.rest_within(Duration::from_millis(200)).is_none());
    second.signal(Signal::SIGTERM);
    assert_eq!(second.wait().code, 143);
}

#[test]
fn a_grace_that_leaves_no_time_to_renew_is_refused() {
    let env = TestEnv::new();
    let said = env.fails(
        &["lock", "a", "--ttl", "10s", "--grace", "5s", "--", "true"],
        2,
    );
    assert!(said.contains("--ttl"), "{said}");
    env.fails(
        &[
            "lock",
            "a",
            "--limit",
            "2",
            "--lock-delay",
            "1s",
            "--",
            "true",
        ],
        2,
    );
}

#[test]
fn a_server_that_is_not_there_has_the_code_of_a_lock_that_failed() {
    let env = TestEnv::new().at("consul://127.0.0.1:1");
    env.fails(&["--timeout", "300ms", "lock", "a", "--", "true"], 125);
}
