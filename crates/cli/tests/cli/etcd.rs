//! The commands of every backend, on etcd's v3 API.

use crate::testenv::TestEnv;

#[test]
fn what_works_elsewhere_works_on_etcd() {
    let env = TestEnv::new();
    let (_agent, url) = env.etcd();
    let env = env.at(format!("{}/app", url.replace("http://", "etcd://")));
    env.ok(&["kv", "put", "config/level", "debug"]);
    env.expect(&["kv", "get", "config/level"], "debug");
    env.ok(&["kv", "put", "config/level/deeper", "1"]);
    env.expect(&["kv", "ls", "config"], "config/level\nconfig/level/\n");
    let mut watch = env.start(&["kv", "watch", "--prefix", "config"]);
    watch.line_with("init-done ");
    env.ok(&["kv", "rm", "config/level"]);
    let line = watch.line_with("delete ");
    assert!(
        line.ends_with(" \"config/level\"") || line.ends_with(" config/level"),
        "{line}"
    );
    let script = "echo $QUORATE_LOCK_NAME $QUORATE_FENCING_TOKEN";
    let locked = env.ok(&["lock", "jobs/nightly", "--", "sh", "-c", script]);
    let (name, first) = locked.trim().split_once(' ').unwrap();
    assert_eq!(name, "jobs/nightly");
    let again = env.ok(&["lock", "jobs/nightly", "--", "sh", "-c", script]);
    let second = again.trim().split_once(' ').unwrap().1;
    let number = |text: &str| text.parse::<u64>().unwrap();
    assert!(number(second) > number(first), "{second} after {first}");
    let slot = ["lock", "pool", "--limit", "2", "--", "sh", "-c", "echo in"];
    env.expect(&slot, "in\n");
    env.fails(
        &[
            "lock", "pool", "--limit", "3", "--try", "--", "sh", "-c", "exit 7",
        ],
        7,
    );
    let leads = [
        "elect",
        "mailer",
        "--value",
        "me",
        "--",
        "sh",
        "-c",
        "echo leads",
    ];
    env.expect(&leads, "leads\n");
    env.ok(&["tree", "set", "limits", "{\"workers\": 4}"]);
    env.expect(&["kv", "get", "limits/workers"], "4");
}

#[test]
fn what_etcd_has_not_is_told_and_so_is_a_wrong_url() {
    let env = TestEnv::new();
    let (_agent, url) = env.etcd();
    let env = env.at(url.replace("http://", "etcd://"));
    let said = env.fails(&["service", "ls"], 1);
    assert!(said.contains("services"), "{said}");
    let said = TestEnv::new()
        .at("etcd://a?wait=5s")
        .fails(&["kv", "get", "a"], 2);
    assert!(said.contains("unknown option `wait`"), "{said}");
    let help = env.ok(&["--help"]);
    assert!(help.contains("etcd://HOST:PORT"), "{help}");
    assert!(env.ok(&["--version"]).contains("etcd (v3 API)"));
}
