//! `quorate event`.

use nix::sys::signal::Signal;

use crate::testenv::TestEnv;

#[test]
fn one_shell_sees_what_another_fires() {
    let env = TestEnv::new();
    let (_agent, address) = env.agent();
    let env = env.at(format!("consul://{address}"));
    let id = env.ok(&["event", "fire", "deploy", "release 17"]);
    let id = id.trim();
    assert_eq!(id.len(), 36);
    let mut watch = env.start(&["event", "watch", "deploy", "--replay"]);
    assert_eq!(watch.line(), format!("{id} deploy \"release 17\""));
    env.ok(&["event", "fire", "other", "1"]);
    let fired = env.json(&["event", "fire", "deploy", "--literal", "@home"]);
    let id = fired["id"].as_str().unwrap();
    assert_eq!(watch.line(), format!("{id} deploy \"@home\""));
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.wait().code, 130);
    let mut once = env.start(&[
        "--output", "json", "event", "watch", "other", "--replay", "--once",
    ]);
    let line = once.line();
    assert!(
        line.starts_with(r#"{"event":"fired","id":""#) && line.contains(r#""value":"1""#),
        "{line}"
    );
    assert_eq!(once.wait().code, 0);
}

#[test]
fn what_cannot_be_fired_is_refused() {
    let env = TestEnv::new();
    env.fails(&["event", "fire", "deploy", &"x".repeat(600)], 2);
    env.fails(&["event", "fire", "deploy", "--tag", "v2"], 2);
}
