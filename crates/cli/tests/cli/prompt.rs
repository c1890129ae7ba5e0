//! Questions, without and with a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;

use nix::pty::openpty;

use crate::testenv::TestEnv;

#[test]
fn a_tree_is_not_deleted_when_nobody_can_be_asked() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "a/b", "1"]);
    let ended = env.run_with(&["kv", "rm", "--tree", "a"], b"y\n");
    assert_eq!(ended.code, 5);
    assert!(
        ended.stderr.contains("delete 1 key below a/ on embedded:"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("--yes"), "{}", ended.stderr);
    env.expect(&["kv", "get", "a/b"], "1");
}

/// Runs a command on a terminal that answers `typed`, and gives its code and what it showed.
fn on_terminal(env: &TestEnv, args: &[&str], typed: &str) -> (i32, String) {
    let pty = openpty(None, None).unwrap();
    let side = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut command = env.command(args);
    command
        .env("TERM", "xterm")
        .stdin(side())
        .stdout(side())
        .stderr(side());
    let mut child = command.spawn().unwrap();
    drop(command);
    drop(pty.slave);
    let mut terminal = File::from(pty.master);
    terminal.write_all(typed.as_bytes()).unwrap();
    let mut shown = Vec::new();
    // A terminal whose other side is closed answers with an error instead of an end.
    let _ = terminal.read_to_end(&mut shown);
    (
        child.wait().unwrap().code().unwrap(),
        String::from_utf8_lossy(&shown).into_owned(),
    )
}

#[test]
fn on_a_terminal_the_answer_decides() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "a/b", "1"]);
    let (code, shown) = on_terminal(&env, &["kv", "rm", "--tree", "a"], "n\n");
    assert_eq!(code, 5, "{shown}");
    assert!(shown.contains("Go on? [y/N]"), "{shown}");
    env.expect(&["kv", "get", "a/b"], "1");
    let (code, shown) = on_terminal(&env, &["kv", "rm", "--tree", "a"], "y\n");
    assert_eq!(code, 0, "{shown}");
    env.fails(&["kv", "get", "a/b"], 3);
}

/// Reads what a terminal shows until it ends with `prompt`.
fn prompted(terminal: &mut File, shown: &mut String, prompt: &str) {
    let mut byte = [0];
    while !shown.ends_with(prompt) {
        assert_eq!(terminal.read(&mut byte).unwrap(), 1, "{shown}");
        shown.push(char::from(byte[0]));
    }
}

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let env = TestEnv::new();
    let (_agent, url) = env.etcd();
    for (again, code, said) in [
        ("other\n", 2, "are not the same"),
        ("s3cret\n", 0, "User ann created"),
    ] {
        let pty = openpty(None, None).unwrap();
        let side = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = env.command(["etcd2", "--endpoints", &url, "user", "add", "ann"]);
        command.stdin(side()).stdout(side()).stderr(side());
        let mut child = command.spawn().unwrap();
        drop(command);
        drop(pty.slave);
        let (mut terminal, mut shown) = (File::from(pty.master), String::new());
        for (prompt, typed) in [("New password: ", "s3cret\n"), ("Again: ", again)] {
            prompted(&mut terminal, &mut shown, prompt);
            terminal.write_all(typed.as_bytes()).unwrap();
        }
        let mut rest = Vec::new();
        let _ = terminal.read_to_end(&mut rest);
        shown.push_str(&String::from_utf8_lossy(&rest));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{shown}");
        assert!(shown.contains(said), "{shown}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("other"),
            "{shown}"
        );
    }
}

#[test]
fn a_terminal_never_gets_control_characters_of_a_value() {
    let env = TestEnv::new();
    env.run_with(&["kv", "put", "evil", "-"], b"a\x1b]0;owned\x07b");
    let (_, shown) = on_terminal(&env, &["kv", "get", "evil"], "");
    assert_eq!(shown, "a\u{fffd}]0;owned\u{fffd}b\r\n");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let env = TestEnv::new();
    let (_, shown) = on_terminal(&env, &["kv", "get", "none"], "");
    assert!(shown.contains("\x1b[1;31merror:"), "{shown:?}");
    assert!(!env.run(&["kv", "get", "none"]).stderr.contains('\x1b'));
}
