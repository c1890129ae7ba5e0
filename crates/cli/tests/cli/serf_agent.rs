//! `quorate serf agent`: what an operator of Serf's agents finds again.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::testenv::{Running, TestEnv};

/// An agent on free ports, and what clients and other members reach it by.
fn agent(env: &TestEnv, args: &[&str]) -> (Running, [String; 2]) {
    let free = "-o json serf agent --bind 127.0.0.1:0 --rpc-addr 127.0.0.1:0 --profile local";
    let mut agent = env.start(&[&free.split(' ').collect::<Vec<_>>()[..], args].concat());
    let ready: Value = serde_json::from_str(&agent.line()).unwrap();
    let url = ready["listeners"][0]["url"].as_str().unwrap();
    let gossip = ready["gossip"].as_str().unwrap();
    let rpc = url.trim_start_matches("serf://");
    (agent, [rpc.to_owned(), gossip.to_owned()])
}

/// Runs a verb of `quorate serf` on that agent.
fn on(env: &TestEnv, rpc: &str, line: &str) -> Value {
    let all = format!("serf --rpc-addr {rpc} {line}");
    env.json(&all.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_configuration_of_serf_is_read_and_what_is_typed_wins() {
    let env = TestEnv::new();
    std::fs::create_dir(env.path("conf.d")).unwrap();
    let first = json!({
        "node_name": "from-file", "bind": "127.0.0.1:1", "rpc_addr": "127.0.0.1:1",
        "rpc_auth": "s3cret", "encrypt_key": "HIDxTe3QS8hQoXmNBp6SHA==",
        "tags": {"role": "web", "dc": "eu"}, "event_handlers": ["query:load=echo 0.7"],
        "log_level": "ERR", "leave_on_terminate": true, "user_event_size_limit": 1000,
        "reconnect_timeout": "1h", "broadcast_timeout": "3s", "protocol": 5,
        "enable_compression": false, "disable_coordinates": true, "retry_max_attempts": 0,
        "discover": "", "enable_syslog": false,
    });
    let second = json!({"tags": {"dc": "us"}, "event_handlers": ["query:up=echo 3 days"]});
    env.write("conf.d/1.json", first.to_string());
    env.write("conf.d/2.json", second.to_string());
    env.write("conf.d/3.txt", "no configuration");
    let typed = [
        "--config-dir",
        "conf.d",
        "--node",
        "web-1",
        "--tag",
        "rack=7",
    ];
    let (agent, [rpc, _]) = agent(&env, &typed);
    let refused = env.fails(&["serf", "--rpc-addr", &rpc, "members"], 8);
    assert!(refused.contains("next: "), "{refused}");
    let there = format!("{rpc} --rpc-auth s3cret");
    let members = on(&env, &there, "members");
    assert_eq!(members[0]["name"], "web-1");
    assert_eq!(
        members[0]["tags"],
        json!({"role": "web", "dc": "us", "rack": "7"})
    );
    for (question, answer) in [("load", "0.7\n"), ("up", "3 days\n")] {
        let answers = on(&env, &there, &format!("query {question}"));
        assert_eq!(answers["responses"][0]["value"], answer);
    }
    let large = format!("event --coalesce=false large {}", "x".repeat(900));
    on(&env, &there, &large);
    let info = on(&env, &there, "info");
    assert_eq!(info["serf"]["encrypted"], "true");
    agent.signal(Signal::SIGTERM);
    let ended = agent.wait();
    assert_eq!(ended.code, 0);
    assert!(!ended.stderr.contains("[INFO]"), "{}", ended.stderr);
}

#[test]
fn what_a_configuration_can_not_say_is_named() {
    let env = TestEnv::new();
    for (text, expected) in [
        ("{\"nokey\": 1}", "\"nokey\""),
        ("{\"bind\": 5}", "\"bind\""),
        ("{\"bind\": \"nowhere\"}", "IP:PORT"),
        ("{\"tags\": {\"a\": 1}}", "\"tags\""),
        ("{\"retry_join\": \"a\"}", "\"retry_join\""),
        ("{\"retry_interval\": \"soon\"}", "10s"),
        ("{\"rejoin_after_leave\": \"x\"}", "neither true nor false"),
        ("{\"rejoin_after_leave\": true}", "--snapshot"),
        ("{\"log_level\": \"loud\"}", "warn and err"),
        ("{\"query_size_limit\": -1}", "\"query_size_limit\""),
        ("{\"discover\": \"us\"}", "--retry-join"),
        ("{\"enable_syslog\": true}", "logger"),
        ("{\"protocol\": 3}", "version 5"),
        ("[]", "serf.json"),
        ("no json", "serf.json"),
    ] {
        env.write("serf.json", text);
        let said = env.fails(&["serf", "agent", "--config-file", "serf.json"], 2);
        assert!(said.contains(expected), "{text}: {said}");
    }
    for (option, expected) in [
        ("--discover=us", "multicast"),
        ("--iface=eth0", "--bind"),
        ("--syslog", "logger"),
        ("--protocol=4", "version 5"),
        ("--rejoin", "--snapshot"),
        ("--config-file=missing", "missing"),
    ] {
        let ended = env.run(&["serf", "agent", option]);
        assert_ne!(ended.code, 0);
        assert!(
            ended.stderr.contains(expected),
            "{option}: {}",
            ended.stderr
        );
    }
}

#[test]
fn its_log_tells_what_happens() {
    let env = TestEnv::new();
    let args = ["--node", "web-1", "--event-handler", "user:deploy=exit 3"];
    let (agent, [rpc, _]) = agent(&env, &args);
    on(&env, &rpc, "event --coalesce=false deploy v17");
    let mut monitor = env.start(&["serf", "--rpc-addr", &rpc, "monitor"]);
    let failed = "[ERR] agent: Error invoking script 'exit 3': exit status 3";
    while !monitor.line().contains(failed) {}
    agent.signal(Signal::SIGTERM);
    let said = agent.wait().stderr;
    for line in ["[INFO] agent: Received event: user-event: deploy", failed] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn tags_keys_and_members_are_kept_in_the_files_that_are_named() {
    let env = TestEnv::new();
    let files = [
        "--node",
        "web-1",
        "--tags-file",
        "tags",
        "--keyring-file",
        "keys",
        "--snapshot",
        "snapshot",
    ];
    let key = ["--encrypt", "HIDxTe3QS8hQoXmNBp6SHA=="];
    let (first, [rpc, _]) = agent(&env, &[&files[..], &key].concat());
    on(&env, &rpc, "tags --set role=web --set dc=eu");
    first.signal(Signal::SIGINT);
    assert_eq!(first.wait().code, 0);
    assert_eq!(
        env.read("tags"),
        "{\n  \"dc\": \"eu\",\n  \"role\": \"web\"\n}"
    );
    assert!(env.read("keys").contains(key[1]) && env.read("snapshot").contains("leave"));
    let (_second, [rpc, _]) = agent(&env, &files);
    let members = on(&env, &rpc, "members");
    assert_eq!(members[0]["tags"], json!({"dc": "eu", "role": "web"}));
    assert_eq!(on(&env, &rpc, "info")["serf"]["encrypted"], "true");
    let both = ["--tags-file", "tags", "--role", "db"];
    let said = env.fails(&[&["serf", "agent"], &both[..]].concat(), 2);
    assert!(said.contains("not both"), "{said}");
}

#[test]
fn who_has_to_join_and_can_not_ends() {
    let env = TestEnv::new();
    let nobody = "127.0.0.1:1";
    let (joining, _) = agent(&env, &["--join", nobody]);
    let ended = joining.wait();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended.stderr.contains(nobody) && ended.stderr.contains("--retry-join"),
        "{}",
        ended.stderr
    );
    let twice = ["--retry-join", nobody, "--retry-max", "2"];
    let (retrying, _) = agent(&env, &[&twice[..], &["--retry-interval", "10ms"]].concat());
    assert_eq!(retrying.wait().code, 1);
    let (_first, [_, at]) = agent(&env, &["--node", "first"]);
    let (second, [rpc, _]) = agent(&env, &["--node", "second", "--join", &at]);
    while on(&env, &rpc, "members").as_array().unwrap().len() < 2 {
        std::thread::yield_now();
    }
    second.signal(Signal::SIGINT);
    assert_eq!(second.wait().code, 0);
}

#[test]
fn on_sighup_tags_and_handlers_are_read_again() {
    let env = TestEnv::new();
    let said = |role: &str, handler: &str| {
        let config = json!({"tags": {"role": role}, "event_handlers": [handler]});
        env.write("serf.json", config.to_string());
    };
    said("web", "query:load=echo 0.7");
    let (agent, [rpc, _]) = agent(&env, &["--config-file", "serf.json", "--tag", "rack=7"]);
    let load = || on(&env, &rpc, "query load")["responses"][0]["value"].clone();
    assert_eq!(load(), "0.7\n");
    said("db", "query:load=echo 0.9");
    agent.signal(Signal::SIGHUP);
    let tags = || on(&env, &rpc, "members")[0]["tags"].clone();
    while tags() != json!({"role": "db", "rack": "7"}) {
        std::thread::yield_now();
    }
    assert_eq!(load(), "0.9\n");
    env.write("serf.json", "no json");
    agent.signal(Signal::SIGHUP);
    assert_eq!(load(), "0.9\n");
    agent.signal(Signal::SIGTERM);
    let ended = agent.wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("reloaded"), "{}", ended.stderr);
}

#[test]
fn on_sighup_the_log_level_is_read_again() {
    let env = TestEnv::new();
    let said = |level: &str, role: &str| {
        let config = json!({"log_level": level, "tags": {"role": role}});
        env.write("serf.json", config.to_string());
    };
    said("warn", "first");
    let (agent, [rpc, _]) = agent(&env, &["--config-file", "serf.json"]);
    // That it was asked to send an event an agent says, at level debug, before it answers.
    let send = |name: &str| on(&env, &rpc, &format!("event --coalesce=false {name}"));
    send("at-warn");
    // Without one it is info.
    for (level, event) in [("DEBUG", "at-debug"), ("err", "at-err"), ("", "at-info")] {
        said(level, event);
        agent.signal(Signal::SIGHUP);
        // Tags come last.
        while on(&env, &rpc, "members")[0]["tags"]["role"] != event {}
        send(event);
    }
    let received = "[INFO] agent: Received event: user-event: at-info";
    let mut monitor = env.start(&["serf", "--rpc-addr", &rpc, "monitor"]);
    while !monitor.line().contains(received) {}
    agent.signal(Signal::SIGTERM);
    let log = agent.wait().stderr;
    let asked = log
        .lines()
        .filter_map(|line| line.split_once("user event send: "));
    let asked: Vec<_> = asked.map(|(_, of)| of.split('.').next().unwrap()).collect();
    assert_eq!(asked, ["at-debug"], "{log}");
    assert!(log.contains(received), "{log}");
}

#[test]
fn the_version_names_the_protocol() {
    let env = TestEnv::new();
    let said = env.ok(&["serf", "version"]);
    let protocol = "Agent Protocol: 5 (Understands back to: 2)\n";
    assert!(
        said.starts_with("quorate v") && said.ends_with(protocol),
        "{said}"
    );
}
