//! `quorate kv watch`, and two shells on one data directory.

use nix::sys::signal::Signal;

use crate::testenv::TestEnv;

#[test]
fn one_shell_watches_what_another_writes() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "config/a", "1"]);
    let mut watch = env.start(&["kv", "watch", "--prefix", "config"]);
    assert_eq!(watch.line(), "init");
    assert!(watch.line().starts_with("init-put "));
    assert!(watch.line().starts_with("init-done "));
    env.ok(&["kv", "put", "config/b", "x\ny"]);
    let line = watch.line();
    assert!(
        line.starts_with("put ") && line.ends_with(" config/b \"x\\ny\""),
        "{line}"
    );
    env.ok(&["kv", "put", "other", "1"]);
    env.ok(&["kv", "rm", "config/a"]);
    let line = watch.line();
    assert!(
        line.starts_with("delete ") && line.ends_with(" config/a"),
        "{line}"
    );
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.wait().code, 130);
}

#[test]
fn once_ends_after_the_first_change() {
    let env = TestEnv::new();
    let mut watch = env.start(&["--output", "json", "kv", "watch", "--once", "a"]);
    assert_eq!(watch.line(), r#"{"event":"init"}"#);
    watch.line_with(r#"{"event":"init-done""#);
    let revision = env.json(&["kv", "put", "a", "1"])["revision"].to_string();
    let expected = format!(
        r#"{{"event":"put","key":"a","revision":{revision},"value":"1","encoding":"utf-8"}}"#
    );
    assert_eq!(watch.line(), expected);
    assert_eq!(watch.wait().code, 0);
}

#[test]
fn a_watch_goes_on_when_the_process_that_owned_the_data_ends() {
    let env = TestEnv::new();
    let mut owner = env.start(&["kv", "watch", "a"]);
    owner.line_with("init-done");
    let mut watch = env.start(&["kv", "watch", "b"]);
    watch.line_with("init-done");
    owner.signal(Signal::SIGKILL);
    owner.wait();
    env.ok(&["kv", "put", "b", "after"]);
    assert!(watch.line_with("put ").ends_with(" b \"after\""));
}

#[test]
fn a_watch_needs_a_key_or_a_prefix() {
    let env = TestEnv::new();
    env.fails(&["kv", "watch"], 2);
    env.fails(&["kv", "watch", "a", "--prefix", "b"], 2);
}
