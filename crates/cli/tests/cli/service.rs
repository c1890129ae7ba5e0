//! `quorate service` and `quorate node`.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::testenv::TestEnv;

/// A command that says that it runs and ends when its input does.
const HOLD: &str = "echo up $QUORATE_SERVICE_NAME $QUORATE_SERVICE_ID; cat >/dev/null";

#[test]
fn a_service_is_registered_shown_and_deregistered() {
    let env = TestEnv::new();
    let register = [
        "service",
        "register",
        "web",
        "--id",
        "web-1",
        "--address",
        "10.0.0.7",
        "--port",
        "80",
        "--tag",
        "v2",
        "--meta",
        "rack=7",
    ];
    env.expect(&register, "web-1\n");
    let list = env.ok(&["service", "ls"]);
    assert!(list.lines().any(|line| line == "web     v2"), "{list}");
    let shown = env.json(&["service", "show", "web"]);
    let instance = &shown["instances"][0];
    assert_eq!(
        (&instance["id"], &instance["address"], &instance["port"]),
        (&"web-1".into(), &"10.0.0.7".into(), &80.into())
    );
    assert_eq!(instance["meta"]["rack"], "7");
    let table = env.ok(&["service", "show", "web", "--passing"]);
    assert!(table.starts_with("ID     ADDRESS      STATUS"), "{table}");
    env.expect(&["service", "deregister", "web-1"], "");
    let said = env.fails(&["service", "show", "web"], 3);
    assert!(said.contains("next: quorate service ls"), "{said}");
}

#[test]
fn maintenance_shows_its_reason_and_keeps_an_instance_out() {
    let env = TestEnv::new();
    env.ok(&["service", "register", "web"]);
    env.expect(
        &[
            "service",
            "maintenance",
            "web",
            "--enable",
            "--reason",
            "new disks",
        ],
        "",
    );
    let shown = env.ok(&["service", "show", "web"]);
    assert!(
        shown.contains("maintenance") && shown.contains("new disks"),
        "{shown}"
    );
    env.expect(&["service", "show", "web", "--passing"], "");
    env.ok(&["service", "maintenance", "web", "--disable"]);
    let passing = env.json(&["service", "show", "web", "--passing"]);
    assert_eq!(passing["instances"].as_array().unwrap().len(), 1);
    env.fails(&["service", "maintenance", "web"], 2);
    env.fails(&["service", "maintenance", "nothing", "--enable"], 3);
}

#[test]
fn what_is_registered_with_a_command_lives_as_long_as_that() {
    let env = TestEnv::new();
    let args = [
        "service", "register", "web", "--id", "web-1", "--port", "80", "--", "sh", "-c", HOLD,
    ];
    let mut running = env.start(&args);
    assert_eq!(running.line(), "up web web-1");
    let shown = env.json(&["service", "show", "web", "--passing"]);
    assert_eq!(shown["instances"][0]["id"], "web-1");
    assert_eq!(shown["checks"][0]["status"], "passing");
    assert_eq!(running.wait().code, 0);
    env.fails(&["service", "show", "web"], 3);
    let failing = ["service", "register", "web", "--", "sh", "-c", "exit 7"];
    env.fails(&failing, 7);
    env.fails(
        &["service", "register", "web", "--", "no-such-command"],
        127,
    );
    env.fails(&["service", "show", "web"], 3);
}

#[test]
fn a_signal_reaches_the_command_and_the_service_goes() {
    let env = TestEnv::new();
    let script = "trap 'echo term; exit 9' TERM; echo ready; while :; do sleep 0.02; done";
    let mut running = env.start(&["service", "register", "web", "--", "sh", "-c", script]);
    running.line_with("ready");
    running.signal(Signal::SIGTERM);
    assert_eq!(running.line(), "term");
    assert_eq!(running.wait().code, 9);
    env.fails(&["service", "show", "web"], 3);
}

#[test]
fn what_cannot_be_registered_never_starts_the_command() {
    let env = TestEnv::new();
    let args = [
        "service",
        "register",
        "web",
        "--address",
        "0.0.0.0",
        "--",
        "touch",
        "started",
    ];
    let said = env.fails(&args, 2);
    assert!(said.contains("Address"), "{said}");
    assert!(!env.path("started").exists());
    let nobody = env.at("consul://127.0.0.1:1");
    let args = [
        "--timeout",
        "300ms",
        "service",
        "register",
        "web",
        "--",
        "touch",
        "started",
    ];
    nobody.fails(&args, 125);
    assert!(!nobody.path("started").exists());
}

#[test]
fn one_shell_watches_the_services_of_another() {
    let env = TestEnv::new();
    let mut watch = env.start(&["service", "watch", "web"]);
    assert_eq!(watch.line(), "= 0 instances");
    let register = [
        "service",
        "register",
        "web",
        "--address",
        "10.0.0.7",
        "--port",
        "80",
    ];
    env.ok(&register);
    let line = watch.line();
    assert!(line.starts_with("+ web 10.0.0.7:80 passing "), "{line}");
    assert_eq!(watch.line(), "= 1 instances");
    env.ok(&["service", "deregister", "web"]);
    let line = watch.line();
    assert!(line.starts_with("- web 10.0.0.7:80 passing "), "{line}");
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.wait_within(Duration::from_secs(30)).code, 130);
    let mut json = env.start(&["--output", "json", "service", "watch", "web", "--all"]);
    let set: Value = serde_json::from_str(&json.line()).unwrap();
    assert_eq!(
        (&set["event"], &set["instances"]),
        (&"instances".into(), &Value::Array(vec![]))
    );
}

#[test]
fn a_node_is_listed_and_shown() {
    let env = TestEnv::new();
    env.ok(&["service", "register", "web", "--port", "80"]);
    let nodes = env.json(&["node", "ls"]);
    let name = nodes[0]["name"].as_str().unwrap();
    assert_eq!(nodes[0]["status"], "passing");
    let node = env.json(&["node", "show", name]);
    let services = node["services"].as_array().unwrap();
    assert!(services.iter().any(|it| it["service"] == "web"), "{node}");
    let shown = env.ok(&["node", "show", name]);
    assert!(
        shown.contains("SERVICE") && shown.contains("CHECK"),
        "{shown}"
    );
    let said = env.fails(&["node", "show", "nobody"], 3);
    assert!(said.contains("quorate node ls"), "{said}");
    let mut watch = env.start(&["node", "watch"]);
    assert!(watch.line().starts_with(&format!("+ {name} ")));
    assert_eq!(watch.line(), "= 1 nodes");
}
