//! `quorate snapshot`.

use crate::testenv::TestEnv;

#[test]
fn what_was_saved_is_inspected_and_restored() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "a", "1"]);
    let said = env.ok(&["snapshot", "save", "backup.snap"]);
    let length = std::fs::metadata(env.path("backup.snap")).unwrap().len();
    assert!(
        said.starts_with(&format!("saved {length} bytes, as of index ")),
        "{said}"
    );
    let shown = env.json(&["snapshot", "inspect", "backup.snap"]);
    assert_eq!(shown["bytes"], length);
    let tables = shown["tables"].as_array().unwrap();
    let keys = tables.iter().find(|table| table["name"] == "keys").unwrap();
    assert_eq!(keys["rows"], 1);
    let text = env.ok(&["snapshot", "inspect", "backup.snap"]);
    assert!(
        text.starts_with("ID       ") && text.contains("\nWHAT"),
        "{text}"
    );
    env.ok(&["kv", "put", "a", "2"]);
    let said = env.fails(&["snapshot", "restore", "backup.snap"], 5);
    assert!(said.contains("--yes"), "{said}");
    assert_eq!(env.ok(&["kv", "get", "a"]), "2");
    let said = env.ok(&["snapshot", "restore", "--yes", "backup.snap"]);
    assert!(
        said.starts_with(&format!("restored {length} bytes")),
        "{said}"
    );
    assert_eq!(env.ok(&["kv", "get", "a"]), "1");
}

#[test]
fn a_snapshot_goes_through_pipes() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "a", "1"]);
    let saved = env.run(&["snapshot", "save", "-"]);
    assert_eq!((saved.code, saved.stderr.as_str()), (0, ""));
    let shown = env.run_with(
        &["--output", "json", "snapshot", "inspect", "-"],
        &saved.stdout,
    );
    assert!(
        shown.text().contains(r#""name":"keys""#),
        "{}",
        shown.text()
    );
    env.ok(&["kv", "rm", "a"]);
    let restored = env.run_with(&["snapshot", "restore", "--yes", "-"], &saved.stdout);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert_eq!(env.ok(&["kv", "get", "a"]), "1");
}

#[test]
fn inspecting_needs_no_server_and_refuses_what_is_no_snapshot() {
    let env = TestEnv::new().at("consul://127.0.0.1:1");
    env.write("notes", "no snapshot");
    let said = env.fails(&["snapshot", "inspect", "notes"], 2);
    assert!(said.contains("gzip"), "{said}");
    env.fails(&["snapshot", "inspect", "none"], 3);
    assert!(!env.data().exists(), "no agent was started");
}
