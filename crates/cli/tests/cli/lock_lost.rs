//! `quorate lock`: a command never outlives its lock.

use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::testenv::{Running, TestEnv, http, http_with};

/// Says when it is asked to end, and obeys.
const POLITE: &str = "trap 'echo stopping; exit 0' TERM; echo up; while :; do sleep 0.02; done";
/// Ignores it, and so does what it starts.
const STUBBORN: &str = "trap '' TERM; echo up; (while :; do sleep 0.02; done)";
/// Shows that it works, and ignores SIGTERM.
const WORKING: &str = "trap '' TERM; echo up; (while :; do echo >> beats; sleep 0.02; done)";
/// The shortest that a lock can be kept without its holder.
const TTL: Duration = Duration::from_secs(10);

struct Locked {
    agent: Running,
    address: String,
    lock: Running,
}

fn locked(env: TestEnv, script: &str) -> (TestEnv, Locked) {
    let (agent, address) = env.agent();
    let env = env.at(format!("consul://{address}"));
    let mut lock = env.start(&[
        "lock", "a", "--ttl", "10s", "--grace", "500ms", "--", "sh", "-c", script,
    ]);
    lock.line_with("up");
    (
        env,
        Locked {
            agent,
            address,
            lock,
        },
    )
}

impl Locked {
    fn session(&self) -> String {
        let sessions = http(&self.address, "GET", "/v1/session/list");
        let sessions: Value = serde_json::from_str(&sessions).unwrap();
        sessions[0]["ID"].as_str().unwrap().to_owned()
    }

    fn end_session(&self) {
        let id = self.session();
        http(&self.address, "PUT", &format!("/v1/session/destroy/{id}"));
    }

    /// Hands the key to another session, in one step.
    fn give_to_another(&self) {
        let id = self.session();
        let other = http(&self.address, "PUT", "/v1/session/create");
        let other: Value = serde_json::from_str(&other).unwrap();
        let op = |verb: &str, session: &Value| {
            json!({"KV": {"Verb": verb, "Key": "a/.lock", "Session": session, "Value": "",
                          "Flags": 0x2ddc_cbc0_58a5_0c18_u64}})
        };
        let ops = json!([op("unlock", &id.into()), op("lock", &other["ID"])]);
        http_with(&self.address, "PUT", "/v1/txn", &ops.to_string());
    }
}

#[test]
fn a_command_that_does_not_end_by_itself_is_ended_with_all_that_it_started() {
    let (_env, mut locked) = locked(TestEnv::new(), STUBBORN);
    locked.end_session();
    // Everything that held its standard output is gone.
    assert_eq!(
        locked.lock.rest_within(Duration::from_secs(40)),
        Some(vec![])
    );
    let ended = locked.lock.wait();
    assert_eq!(ended.code, 123, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("lock a is being lost"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_command_may_end_by_itself_while_the_lock_delay_keeps_everybody_out() {
    let (_env, mut locked) = locked(TestEnv::new(), POLITE);
    locked.end_session();
    assert_eq!(locked.lock.line(), "stopping");
    assert_eq!(locked.lock.wait().code, 123);
}

#[test]
fn a_command_may_end_by_itself_while_its_lock_is_held_once_more() {
    let (env, mut locked) = locked(TestEnv::new(), POLITE);
    let id = locked.session();
    let release = format!("/v1/kv/a/.lock?release={id}&flags=3304740253564472344");
    http(&locked.address, "PUT", &release);
    assert_eq!(locked.lock.line(), "stopping");
    assert_eq!(locked.lock.wait().code, 123);
    env.ok(&["lock", "a", "--try", "--", "true"]);
}

#[test]
fn a_command_gets_no_turn_when_another_has_its_lock() {
    let (_env, mut locked) = locked(TestEnv::new(), POLITE);
    locked.give_to_another();
    assert_eq!(
        locked.lock.rest_within(Duration::from_secs(40)),
        Some(vec![])
    );
    let ended = locked.lock.wait();
    assert_eq!(ended.code, 123, "{}", ended.stderr);
}

#[test]
fn a_command_is_asked_to_end_before_it_is_ended() {
    let (_env, mut locked) = locked(TestEnv::new(), POLITE);
    locked.agent.signal(Signal::SIGSTOP);
    assert_eq!(locked.lock.line(), "stopping");
    assert_eq!(locked.lock.wait_within(Duration::from_secs(50)).code, 123);
    locked.agent.signal(Signal::SIGCONT);
}

/// Waits until nothing of the command works any more, and checks when it worked last. Its holder
/// may still be there, with the standard output open, so the work itself is looked at.
fn worked_less_than_ttl(env: &TestEnv, since: SystemTime) {
    let last = loop {
        std::thread::park_timeout(Duration::from_millis(100));
        let last = env.path("beats").metadata().unwrap().modified().unwrap();
        if last.elapsed().unwrap_or_default() > Duration::from_secs(4) {
            break last.duration_since(since).unwrap();
        }
        assert!(
            since.elapsed().unwrap() < TTL * 2,
            "it works although the lock may be another's"
        );
    };
    assert!(last < TTL, "it worked {last:?} without a renewal");
    assert!(
        last > Duration::from_secs(2),
        "it was stopped far too early: {last:?}"
    );
}

#[test]
fn a_command_is_gone_before_an_unreachable_server_could_give_the_lock_away() {
    let (env, locked) = locked(TestEnv::new(), WORKING);
    let stopped = SystemTime::now();
    locked.agent.signal(Signal::SIGSTOP);
    worked_less_than_ttl(&env, stopped);
    let ended = locked.lock.wait_within(Duration::from_secs(50));
    assert_eq!(ended.code, 123, "{}", ended.stderr);
    locked.agent.signal(Signal::SIGCONT);
}

#[test]
fn a_command_ends_with_a_holder_that_is_killed() {
    let (_env, mut locked) = locked(TestEnv::new(), POLITE);
    locked.lock.signal(Signal::SIGKILL);
    assert_eq!(
        locked.lock.rest_within(Duration::from_secs(40)),
        Some(vec!["stopping".into()])
    );
}

#[test]
fn a_command_ends_in_time_when_its_holder_is_stopped() {
    let (env, locked) = locked(TestEnv::new(), WORKING);
    let stopped = SystemTime::now();
    locked.lock.signal(Signal::SIGSTOP);
    worked_less_than_ttl(&env, stopped);
    locked.lock.signal(Signal::SIGCONT);
    assert_eq!(locked.lock.wait_within(Duration::from_secs(50)).code, 123);
}
