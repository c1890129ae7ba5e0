//! `quorate tree`.

use serde_json::json;

use crate::testenv::{TestEnv, same};

#[test]
fn the_dictionary_of_the_tutorial_is_written_shown_and_erased() {
    let env = TestEnv::new();
    let dictionary = r#"{"subcollection": ["item1", "item2"]}"#;
    let said = env.ok(&["tree", "set", "/collection", dictionary]);
    same(
        "set",
        "/collection: wrote 2 keys and deleted 0 keys, in one step\n",
        &said,
    );
    env.expect(&["kv", "get", "collection/subcollection/2"], "item2");
    let value = json!({"subcollection": ["item1", "item2"]});
    assert_eq!(env.json(&["tree", "get", "/collection"]), value);
    assert_eq!(env.json(&["tree", "ls", "/collection"]), value);
    env.expect(
        &["tree", "ls", "/collection"],
        "/collection\n└── subcollection\n    ├── 1: item1\n    └── 2: item2\n",
    );
    env.expect(
        &["tree", "rm", "--yes", "/collection"],
        "deleted 2 keys at /collection\n",
    );
    let said = env.fails(&["tree", "get", "/collection"], 3);
    assert!(said.contains("nothing at /collection"), "{said}");
}

#[test]
fn a_set_merges_and_a_replacement_removes() {
    let env = TestEnv::new();
    env.write(
        "first.json",
        r#"{"port": 8080, "tags": ["a", "b"], "on": true}"#,
    );
    env.ok(&["tree", "set", "--typed", "config", "@first.json"]);
    let ended = env.run_with(
        &["tree", "set", "--typed", "config", "-"],
        br#"{"tags": ["c"]}"#,
    );
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let merged = json!({"port": 8080, "tags": ["c"], "on": true});
    assert_eq!(env.json(&["tree", "get", "--typed", "config"]), merged);
    let text = json!({"port": "8080", "tags": ["\"c\""], "on": "true"});
    assert_eq!(env.json(&["tree", "get", "config"]), text);
    let said = env.json(&["tree", "set", "config", r#"{"port": 1}"#, "--replace"]);
    assert_eq!(
        (&said["puts"], &said["deletes"], &said["atomic"]),
        (&json!(1), &json!(2), &json!(true))
    );
    assert_eq!(env.json(&["tree", "get", "config"]), json!({"port": "1"}));
}

#[test]
fn items_are_appended() {
    let env = TestEnv::new();
    env.expect(&["tree", "append", "colours", "\"red\""], "colours/1\n");
    env.expect(&["tree", "append", "colours", "\"green\""], "colours/2\n");
    env.expect(
        &["tree", "get", "colours"],
        "[\n  \"red\",\n  \"green\"\n]\n",
    );
}

#[test]
fn what_can_not_be_done_says_why() {
    let env = TestEnv::new();
    let said = env.fails(&["tree", "set", "a", "text"], 2);
    assert!(said.contains("no JSON"), "{said}");
    env.fails(&["tree", "set", "a//b", "1"], 2);
    let many = format!("[{}1]", "1,".repeat(200));
    let said = env.fails(&["tree", "set", "--atomic", "many", &many], 2);
    assert!(said.contains("64 operations"), "{said}");
    env.fails(&["tree", "get", "many"], 3);
    env.ok(&["tree", "set", "many", &many]);
    env.ok(&["kv", "put", "both", "1"]);
    env.ok(&["kv", "put", "both/b", "2"]);
    let said = env.fails(&["tree", "get", "both"], 1);
    assert!(said.contains("a value and children"), "{said}");
    env.fails(&["tree", "rm", "both"], 5);
}
