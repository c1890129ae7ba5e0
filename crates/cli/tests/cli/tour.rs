//! `quorate tour`.

use crate::testenv::TestEnv;

#[test]
fn the_tour_holds_on_a_temporary_agent() {
    let env = TestEnv::new();
    let shown = env.ok(&["tour"]);
    assert!(shown.contains("8. A semaphore"), "{shown}");
    assert!(shown.contains("expectations held"), "{shown}");
    assert!(!shown.contains('✗') && !shown.contains('\x1b'), "{shown}");
    assert!(!env.data().exists(), "the tour touched the user's data");
}

#[test]
fn the_tour_leaves_nothing_behind_where_it_is_sent() {
    let env = TestEnv::new();
    let (_agent, address) = env.agent();
    let url = format!("consul://{address}");
    let report = env.json(&["--at", &url, "tour"]);
    assert_eq!(report["failed"], 0, "{report:#}");
    assert_eq!(report["steps"].as_array().unwrap().len(), 8);
    assert!(report["seconds"].as_f64().unwrap() < 20.0);
    env.expect(&["--at", &url, "kv", "ls"], "");
    let sessions = crate::testenv::http(&address, "GET", "/v1/session/list");
    assert_eq!(sessions.trim(), "[]");
}

#[test]
fn the_tour_refuses_a_prefix_that_is_in_use() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "mine/a", "1"]);
    let said = env.fails(&["--at", "embedded:", "tour", "--prefix", "mine"], 2);
    assert!(said.contains("1 keys below mine/"), "{said}");
    env.expect(&["kv", "get", "mine/a"], "1");
}
