//! `quorate consul query`, `snapshot`, `coordinate` and `rtt`.

use crate::testenv::TestEnv;

#[test]
fn a_query_is_created_run_changed_and_deleted() {
    let env = TestEnv::new();
    let create = [
        "consul",
        "query",
        "create",
        "--name",
        "servers",
        "--service",
        "consul",
    ];
    let id = env.ok(&create);
    let id = id.trim();
    let listed = env.ok(&["consul", "query", "list"]);
    assert!(
        listed.contains(id) && listed.contains("servers"),
        "{listed}"
    );
    let found = env.ok(&["consul", "query", "execute", "servers"]);
    assert!(
        found.starts_with("NODE ") && found.contains("passing"),
        "{found}"
    );
    let found = env.json(&["consul", "query", "execute", "--limit", "1", id]);
    assert_eq!(
        (&found["Service"], found["Nodes"].as_array().unwrap().len()),
        (&"consul".into(), 1)
    );
    env.ok(&[
        "consul",
        "query",
        "update",
        "--near",
        "_agent",
        "--dns-ttl",
        "10s",
        id,
    ]);
    let shown = env.json(&["consul", "query", "read", id]);
    assert_eq!(shown["Name"], "servers", "what is not named stays");
    assert_eq!(
        (&shown["Service"]["Near"], &shown["DNS"]["TTL"]),
        (&"_agent".into(), &"10000ms".into())
    );
    env.expect(&["consul", "query", "delete", id], "");
    env.fails(&["consul", "query", "read", id], 3);
    env.fails(&["consul", "query", "execute", "servers"], 3);
}

#[test]
fn a_template_is_explained_for_a_name() {
    let env = TestEnv::new();
    env.write(
        "query.json",
        r#"{"Name": "find-", "Service": {"Service": "${name.suffix}"}}"#,
    );
    env.ok(&[
        "consul",
        "query",
        "create",
        "--template",
        "--file",
        "query.json",
    ]);
    let explained = env.json(&["consul", "query", "explain", "find-consul"]);
    assert_eq!(explained["Service"]["Service"], "consul");
    env.write("query.json", r#"{"Name": "x", "Service": {"Servce": "y"}}"#);
    let said = env.fails(&["consul", "query", "create", "--file", "query.json"], 2);
    assert!(said.contains("`Service.Servce`"), "{said}");
}

#[test]
fn a_snapshot_is_saved_inspected_and_restored() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "a", "1"]);
    let said = env.ok(&["consul", "snapshot", "save", "backup.snap"]);
    assert!(
        said.starts_with("Saved and verified snapshot to index "),
        "{said}"
    );
    let inspected = env.json(&["consul", "snapshot", "inspect", "backup.snap"]);
    assert!(
        said.trim_end().ends_with(&inspected["Index"].to_string()),
        "{said} {inspected}"
    );
    let tables = inspected["Tables"].as_array().unwrap();
    assert!(
        tables
            .iter()
            .any(|table| table["Name"] == "keys" && table["Rows"] == 1)
    );
    let text = env.ok(&["consul", "snapshot", "inspect", "backup.snap"]);
    assert!(
        text.contains("\nkeys ") && text.starts_with("ID "),
        "{text}"
    );
    env.ok(&["kv", "rm", "a"]);
    env.expect(
        &["consul", "snapshot", "restore", "backup.snap"],
        "Restored snapshot\n",
    );
    env.expect(&["kv", "get", "a"], "1");
}

#[test]
fn what_is_no_snapshot_is_refused_before_anything_is_changed() {
    let env = TestEnv::new();
    env.write("no.snap", "nothing of the kind");
    env.fails(&["consul", "snapshot", "inspect", "no.snap"], 1);
    env.fails(&["consul", "snapshot", "inspect", "missing.snap"], 1);
    env.fails(&["consul", "snapshot", "restore", "no.snap"], 2);
    env.fails(&["consul", "snapshot", "save", "no/such/folder/x.snap"], 2);
}

#[test]
fn distances_are_estimated_from_coordinates() {
    let env = TestEnv::new();
    let node = env.json(&["consul", "coordinate", "nodes"])[0]["Node"].clone();
    let node = node.as_str().unwrap();
    let expected = format!("Estimated {node} <-> {node} rtt: 0.020 ms (using LAN coordinates)\n");
    env.expect(&["consul", "rtt", node], &expected);
    env.expect(&["consul", "rtt", node, node], &expected);
    let server = format!("{node}.dc1");
    let wan = env.json(&["consul", "rtt", "--wan", &server]);
    assert_eq!(wan["Network"], "WAN");
    env.fails(&["consul", "rtt", "--wan", node], 2);
    assert!(
        env.fails(&["consul", "rtt", "nobody"], 3)
            .contains("nobody")
    );
    let shown = env.ok(&["consul", "coordinate", "node", node]);
    assert!(shown.contains("0.010ms"), "{shown}");
    assert!(
        env.ok(&["consul", "coordinate", "datacenters"])
            .contains("dc1")
    );
    env.fails(&["consul", "coordinate", "node", "nobody"], 3);
    let mut coordinate = env.json(&["consul", "coordinate", "node", node])[0].clone();
    coordinate["Coord"]["Height"] = 0.5.into();
    env.write("here.json", coordinate.to_string());
    env.expect(&["consul", "coordinate", "update", "here.json"], "");
    env.write("here.json", r#"{"Node": "n", "Cord": {"Vec": []}}"#);
    assert!(
        env.fails(&["consul", "coordinate", "update", "here.json"], 2)
            .contains("`Cord`")
    );
}
