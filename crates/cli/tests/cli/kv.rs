//! `quorate kv get|put|rm|ls|tree`.

use crate::testenv::TestEnv;

#[test]
fn a_value_is_read_as_it_was_written() {
    let env = TestEnv::new();
    let wrote = env.ok(&["kv", "put", "config/port", "8080"]);
    assert!(
        wrote.starts_with("wrote config/port, 4 bytes, revision "),
        "{wrote}"
    );
    // To a pipe: the bytes, without a newline.
    env.expect(&["kv", "get", "config/port"], "8080");
}

#[test]
fn values_come_from_files_and_standard_input_byte_for_byte() {
    let env = TestEnv::new();
    let bytes: Vec<u8> = (0..=255).chain([0, 10, 13]).collect();
    env.write("blob", &bytes);
    env.ok(&["kv", "put", "file", "@blob"]);
    assert_eq!(env.run(&["kv", "get", "file"]).stdout, bytes);
    let put = env.run_with(&["kv", "put", "piped", "-"], &bytes);
    assert_eq!(put.code, 0, "{}", put.stderr);
    assert_eq!(env.run(&["kv", "get", "piped"]).stdout, bytes);
    env.ok(&["kv", "put", "--literal", "mail", "@home"]);
    env.expect(&["kv", "get", "mail"], "@home");
    env.ok(&["kv", "put", "dash", "--literal", "-"]);
    env.expect(&["kv", "get", "dash"], "-");
    env.ok(&["kv", "put", "empty", ""]);
    env.expect(&["kv", "get", "empty"], "");
}

#[test]
fn a_key_that_is_not_there_has_its_own_exit_code() {
    let env = TestEnv::new();
    let said = env.fails(&["kv", "get", "a/none"], 3);
    assert_eq!(
        said,
        "error: key a/none does not exist\n  next: quorate kv ls a\n"
    );
    let said = env.fails(&["--output", "json", "kv", "get", "none"], 3);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["exit_code"], 3);
}

#[test]
fn json_shows_the_value_with_its_revision() {
    let env = TestEnv::new();
    let put = env.json(&["kv", "put", "a", "x\ny"]);
    assert_eq!(put["done"], "put");
    let got = env.json(&["kv", "get", "a"]);
    assert_eq!(got["value"], "x\ny");
    assert_eq!(got["encoding"], "utf-8");
    assert_eq!(got["revision"], put["revision"]);
    assert_eq!(got["size"], 3);
    env.run_with(&["kv", "put", "b", "-"], b"\xff\x00");
    let got = env.json(&["kv", "get", "b"]);
    assert_eq!(
        (&got["value"], &got["encoding"]),
        (&"/wA=".into(), &"base64".into())
    );
}

#[test]
fn meta_shows_the_facts_before_the_value() {
    let env = TestEnv::new();
    let revision = env.json(&["kv", "put", "a", "b"])["revision"].to_string();
    let expected =
        format!("key       a\nrevision  {revision}\ncreated   {revision}\nsize      1\n\nb");
    env.expect(&["kv", "get", "--meta", "a"], &expected);
}

#[test]
fn a_condition_that_does_not_hold_changes_nothing() {
    let env = TestEnv::new();
    let first = env.json(&["kv", "put", "--create", "a", "1"])["revision"].to_string();
    let said = env.fails(&["kv", "put", "--create", "a", "2"], 4);
    assert!(said.contains("outcome: nothing was changed"), "{said}");
    assert!(said.contains("next: quorate kv get --meta a"), "{said}");
    env.ok(&["kv", "put", "--cas", &first, "a", "3"]);
    env.fails(&["kv", "put", "--cas", &first, "a", "4"], 4);
    env.expect(&["kv", "get", "a"], "3");
    env.fails(&["kv", "rm", "--cas", &first, "a"], 4);
    let second = env.json(&["kv", "get", "a"])["revision"].to_string();
    env.expect(&["kv", "rm", "--cas", &second, "a"], "deleted a\n");
    env.fails(&["kv", "get", "a"], 3);
}

fn filled() -> TestEnv {
    let env = TestEnv::new();
    for key in ["a/b", "a/c/d", "a/c/e", "f"] {
        env.ok(&["kv", "put", key, "12"]);
    }
    env
}

#[test]
fn ls_shows_one_level_or_all() {
    let env = filled();
    env.expect(&["kv", "ls"], "a/\nf\n");
    env.expect(&["kv", "ls", "a"], "a/b\na/c/\n");
    env.expect(&["kv", "ls", "a/", "--recursive"], "a/b\na/c/d\na/c/e\n");
    env.expect(&["kv", "ls", "none"], "");
    let rows = env.json(&["kv", "ls", "--long", "a"]);
    assert_eq!(rows["keys"][0]["key"], "a/b");
    assert_eq!(rows["keys"][0]["size"], 2);
    assert_eq!(
        (&rows["keys"][1]["key"], &rows["keys"][1]["folder"]),
        (&"a/c/".into(), &true.into())
    );
    let table = env.ok(&["kv", "ls", "--long", "--recursive"]);
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.lines().all(|line| line == line.trim_end()), "{table}");
    assert!(!table.contains('\x1b'), "{table:?}");
}

#[test]
fn tree_draws_the_keys() {
    let env = filled();
    let expected = "a/\n├── b  2 B\n└── c\n    ├── d  2 B\n    └── e  2 B\n3 keys\n";
    env.expect(&["kv", "tree", "a"], expected);
    env.expect(
        &["kv", "tree", "--depth", "1"],
        "/\n├── a  (+3)\n└── f  2 B\n4 keys\n",
    );
    assert_eq!(env.json(&["kv", "tree"])["keys"], 4);
}

#[test]
fn rm_deletes_a_key_or_a_tree() {
    let env = filled();
    env.expect(&["kv", "rm", "f"], "deleted f\n");
    env.expect(&["kv", "rm", "f"], "deleted f\n");
    env.expect(
        &["kv", "rm", "--tree", "--yes", "a/c"],
        "deleted 2 keys below a/c/\n",
    );
    env.expect(&["kv", "ls", "--recursive"], "a/b\n");
    env.expect(
        &["kv", "rm", "--tree", "none"],
        "deleted 0 keys below none/\n",
    );
}

#[test]
fn keys_that_no_backend_can_hold_are_refused() {
    let env = TestEnv::new();
    let said = env.fails(&["kv", "put", "a//b", "1"], 2);
    assert!(said.contains("empty segment"), "{said}");
}

#[test]
fn the_memory_backend_forgets() {
    let env = TestEnv::new();
    env.ok(&["--at", "memory:", "kv", "put", "a", "1"]);
    env.fails(&["--at", "memory:", "kv", "get", "a"], 3);
    assert!(!env.data().exists());
}
