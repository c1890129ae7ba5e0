//! `quorate kv export` and `import`.

use crate::testenv::{TestEnv, same};

/// What `consul kv export x/` of Consul 1.8.7 printed, byte for byte.
const FROM_CONSUL: &str = "[\n\t{\n\t\t\"key\": \"x/bin\",\n\t\t\"flags\": 18446744073709551615,\n\
    \t\t\"value\": \"YQBi/w==\"\n\t},\n\t{\n\t\t\"key\": \"x/dir/\",\n\t\t\"flags\": 0,\n\
    \t\t\"value\": \"\"\n\t},\n\t{\n\t\t\"key\": \"x/empty\",\n\t\t\"flags\": 0,\n\
    \t\t\"value\": \"\"\n\t},\n\t{\n\t\t\"key\": \"x/y\",\n\t\t\"flags\": 0,\n\
    \t\t\"value\": \"aGVsbG8gPCY+\"\n\t}\n]\n";

#[test]
fn what_consul_exported_is_imported_and_exported_byte_for_byte() {
    let env = TestEnv::new();
    env.write("from-consul.json", FROM_CONSUL);
    let said = env.ok(&["kv", "import", "--yes", "@from-consul.json"]);
    assert_eq!(said, "imported 4 keys, 13 bytes, into embedded:\n");
    same("export", FROM_CONSUL, &env.ok(&["kv", "export", "x/"]));
    assert_eq!(env.run(&["kv", "get", "x/bin"]).stdout, b"a\0b\xff");
    env.expect(&["kv", "export", "none"], "[]\n");
}

#[test]
fn many_keys_survive_the_way_through_a_pipe_into_another_agent() {
    let env = TestEnv::new();
    let rows: Vec<String> = (0..500)
        .map(|n| {
            format!(
                r#"{{"key":"many/{n:03}","flags":{n},"value":"{}"}}"#,
                "QUJD".repeat(n)
            )
        })
        .collect();
    env.write("many.json", format!("[{}]", rows.join(",")));
    env.ok(&["kv", "import", "--yes", "many.json"]);
    let exported = env.ok(&["kv", "export"]);
    let (_agent, address) = env.agent();
    let there = TestEnv::new().at(format!("consul://{address}"));
    let ended = there.run_with(&["kv", "import", "--yes", "-"], exported.as_bytes());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.text().starts_with("imported 500 keys"),
        "{}",
        ended.text()
    );
    same("export", &exported, &there.ok(&["kv", "export"]));
    assert_eq!(there.ok(&["kv", "get", "many/002"]), "ABCABC");
}

#[test]
fn a_prefix_is_put_before_every_key() {
    let env = TestEnv::new();
    env.write("from-consul.json", FROM_CONSUL);
    env.ok(&[
        "kv",
        "import",
        "--yes",
        "--prefix",
        "copy/",
        "from-consul.json",
    ]);
    env.expect(&["kv", "get", "copy/x/y"], "hello <&>");
}

#[test]
fn an_import_that_nobody_can_be_asked_about_is_not_done() {
    let env = TestEnv::new();
    env.write("from-consul.json", FROM_CONSUL);
    env.ok(&["kv", "put", "x/y", "mine"]);
    let said = env.fails(&["kv", "import", "from-consul.json"], 5);
    assert!(
        said.contains("write 4 keys (13 bytes) to embedded:"),
        "{said}"
    );
    assert!(said.contains("of which 1 are there already"), "{said}");
    assert!(said.contains("--yes"), "{said}");
    env.expect(&["kv", "get", "x/y"], "mine");
    env.expect(&["kv", "ls", "--recursive"], "x/y\n");
}

#[test]
fn a_document_that_is_wrong_anywhere_writes_nothing() {
    let env = TestEnv::new();
    env.write(
        "bad.json",
        r#"[{"key":"a","value":"QQ=="},{"key":"b","value":"%%"}]"#,
    );
    let said = env.fails(&["kv", "import", "--yes", "bad.json"], 1);
    assert!(said.contains("record 2"), "{said}");
    env.expect(&["kv", "ls"], "");
}
