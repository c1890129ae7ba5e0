//! `quorate consul`: Consul's own endpoints, on the agent of this user.

use serde_json::Value;

use crate::testenv::TestEnv;

fn json(env: &TestEnv, args: &[&str]) -> Value {
    let args: Vec<&str> = ["--output", "json", "consul"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    serde_json::from_str(&env.ok(&args)).unwrap()
}

#[test]
fn a_session_is_created_listed_and_ended() {
    let env = TestEnv::new();
    let id = env.ok(&[
        "consul", "session", "create", "--name", "worker", "--ttl", "15s",
    ]);
    let id = id.trim();
    let sessions = json(&env, &["session", "list"]);
    assert_eq!(sessions[0]["ID"], id);
    let table = env.ok(&["consul", "session", "list"]);
    assert!(
        table.starts_with("ID ") && table.contains("worker"),
        "{table}"
    );
    env.ok(&["consul", "session", "renew", id]);
    env.expect(&["consul", "session", "destroy", id], "");
    let said = env.fails(&["consul", "session", "info", id], 3);
    assert!(said.contains("does not exist"), "{said}");
}

#[test]
fn the_agent_is_the_one_member_and_leads() {
    let env = TestEnv::new();
    let members = json(&env, &["members"]);
    assert_eq!(
        (members.as_array().unwrap().len(), &members[0]["Status"]),
        (1, &1.into())
    );
    let leader = env.ok(&["consul", "status", "leader"]);
    let peers = json(&env, &["operator", "raft", "list-peers"]);
    assert_eq!(peers[0]["Address"], leader.trim());
    let itself = json(&env, &["agent", "self"]);
    assert_eq!(itself["Config"]["Datacenter"], "dc1");
    let said = env.fails(&["consul", "force-leave", "nobody"], 3);
    assert!(said.contains("nobody"), "{said}");
}

#[test]
fn maintenance_is_begun_shown_and_ended() {
    let env = TestEnv::new();
    env.expect(
        &["consul", "maint", "--enable", "--reason", "new disks"],
        "",
    );
    let shown = env.ok(&["consul", "maint"]);
    assert!(shown.contains("new disks"), "{shown}");
    env.expect(&["consul", "maint", "--disable"], "");
    env.expect(&["consul", "maint"], "");
}

#[test]
fn settings_of_autopilot_that_are_not_named_stay() {
    let env = TestEnv::new();
    let before = json(&env, &["operator", "autopilot", "get-config"]);
    env.ok(&[
        "consul",
        "operator",
        "autopilot",
        "set-config",
        "--max-trailing-logs",
        "77",
    ]);
    let after = json(&env, &["operator", "autopilot", "get-config"]);
    assert_eq!(after["MaxTrailingLogs"], 77);
    let field = "ServerStabilizationTime";
    assert_eq!(after[field], before[field]);
    env.ok(&["consul", "operator", "autopilot", "health"]);
}

#[test]
fn events_need_an_agent_that_stays() {
    let env = TestEnv::new();
    let fired = json(&env, &["event", "fire", "deploy", "release 17"]);
    assert_eq!(fired["ID"].as_str().unwrap().len(), 36);
    env.fails(&["consul", "event", "fire", "deploy", &"x".repeat(600)], 2);
}
