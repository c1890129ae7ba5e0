//! Errors: once, with their cause, what became of it, and what to do next.

use std::time::{Duration, Instant};

use crate::testenv::TestEnv;

#[test]
fn a_server_that_is_not_there_is_named_with_what_to_do() {
    let env = TestEnv::new();
    // Port 1 of this machine: nobody listens there.
    let said = env.fails(
        &[
            "--at",
            "consul://127.0.0.1:1",
            "--timeout",
            "300ms",
            "kv",
            "put",
            "a",
            "b",
        ],
        6,
    );
    assert_eq!(said.matches("error:").count(), 1, "{said}");
    assert!(said.contains("127.0.0.1:1"), "{said}");
    assert!(said.contains("outcome: nothing was changed"), "{said}");
    assert!(
        said.contains("next: ") && said.contains("quorate agent"),
        "{said}"
    );
}

#[test]
fn nobody_waits_long_for_a_server_that_is_not_there() {
    let env = TestEnv::new().at("consul://127.0.0.1:1");
    for args in [&["kv", "get", "x"][..], &["kv", "put", "x", "y"]] {
        let begun = Instant::now();
        env.fails(args, 6);
        // 2 s, and what a busy machine adds.
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn the_json_of_an_error_has_stable_keys() {
    let env = TestEnv::new();
    let args = [
        "--output",
        "json",
        "--at",
        "consul://127.0.0.1:1",
        "--timeout",
        "300ms",
        "kv",
        "get",
        "a",
    ];
    let said = env.fails(&args, 6);
    let error = &serde_json::from_str::<serde_json::Value>(&said).unwrap()["error"];
    // Also if it is still connecting again when the time is over.
    assert_eq!(error["kind"], "unavailable", "{said}");
    assert_eq!(error["outcome"], "did-not-happen");
    assert_eq!(error["exit_code"], 6);
    assert!(!error["causes"].as_array().unwrap().is_empty(), "{said}");
}

#[test]
fn a_url_that_is_none_says_which_there_are() {
    let env = TestEnv::new();
    let said = env.fails(&["--at", "http://127.0.0.1:8500", "kv", "ls"], 1);
    assert!(said.contains("consul://"), "{said}");
    assert!(said.contains("next:"), "{said}");
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let env = TestEnv::new();
    env.fails(&["kv", "put", "a"], 2);
    env.fails(&["kv", "put", "--cas", "0", "a", "b"], 2);
    env.fails(&["--timeout", "15", "kv", "ls"], 2);
    env.fails(&["lock", "a"], 2);
    env.fails(&["nonsense"], 2);
}

#[test]
fn the_environment_names_the_backend_and_the_option_wins() {
    let env = TestEnv::new().at("consul://127.0.0.1:1");
    env.fails(&["--timeout", "300ms", "kv", "ls"], 6);
    env.ok(&["--at", "memory:", "kv", "ls"]);
}
