//! `quorate elect`: one leader at a time, and everybody can see who.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::testenv::{Running, TestEnv};

/// A command that says that it runs and ends when its input does.
const HOLD: &str = "echo up $QUORATE_ELECTION_NAME $QUORATE_FENCING_TOKEN; cat >/dev/null";

fn leader(env: &TestEnv, args: &[&str]) -> (Running, u64) {
    let mut all = vec!["elect"];
    all.extend(args);
    all.extend(["--", "sh", "-c", HOLD]);
    let mut leader = env.start(&all);
    let line = leader.line_with("up ");
    let token = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(line.starts_with(&format!("up {} ", args[0])), "{line}");
    (leader, token)
}

#[test]
fn the_next_leader_has_a_larger_token_and_the_first_ones_status_is_its_own() {
    let env = TestEnv::new();
    let (first, token) = leader(&env, &["service/mailer"]);
    let said = env.fails(&["elect", "service/mailer", "--try", "--", "true"], 124);
    assert!(
        said.contains("next: quorate elect service/mailer --wait"),
        "{said}"
    );
    assert_eq!(first.wait().code, 0);
    let (second, later) = leader(&env, &["service/mailer", "--wait", "30s"]);
    assert!(later > token, "{later} after {token}");
    assert_eq!(second.wait().code, 0);
    env.fails(&["elect", "service/mailer", "--", "sh", "-c", "exit 7"], 7);
    env.fails(
        &["elect", "service/mailer", "--grace", "9s", "--", "true"],
        2,
    );
}

#[test]
fn everybody_sees_who_leads() {
    let env = TestEnv::new();
    let mut watch = env.start(&["elect", "service/mailer", "--watch"]);
    assert_eq!(watch.line(), "no-leader");
    let (first, _) = leader(&env, &["service/mailer", "--value", "10.0.0.7:25"]);
    let line = watch.line();
    assert!(line.starts_with("leader \"10.0.0.7:25\" "), "{line}");
    let key = env.ok(&["kv", "get", "service/mailer/leader"]);
    assert_eq!(key, "10.0.0.7:25");
    let json = [
        "--output",
        "json",
        "elect",
        "service/mailer",
        "--wait",
        "100ms",
        "--",
        "true",
    ];
    let said = env.fails(&json, 124);
    assert!(
        said.contains(r#""event":"waiting","election":"service/mailer""#)
            && said.contains("10.0.0.7:25"),
        "{said}"
    );
    assert_eq!(first.wait().code, 0);
    assert_eq!(watch.line(), "no-leader");
    watch.signal(Signal::SIGTERM);
    assert_eq!(watch.wait().code, 143);
    env.fails(&["elect", "service/mailer"], 2);
    env.fails(&["elect", "service/mailer", "--watch", "--", "true"], 2);
}

#[test]
fn a_leader_whose_session_is_ended_is_stopped() {
    let env = TestEnv::new();
    let (_agent, address) = env.agent();
    let env = env.at(format!("consul://{address}"));
    let args = ["service/mailer", "--lock-delay", "1s", "--grace", "200ms"];
    let (mut running, _) = leader(&env, &args);
    let sessions = env.json(&["consul", "session", "list"]);
    let id = sessions[0]["ID"].as_str().unwrap();
    env.ok(&["consul", "session", "destroy", id]);
    let left = running.rest_within(Duration::from_secs(40));
    assert_eq!(left, Some(vec![]), "nothing of the command is left");
    let ended = running.wait();
    assert_eq!(ended.code, 123, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("election service/mailer is being lost"),
        "{}",
        ended.stderr
    );
}
