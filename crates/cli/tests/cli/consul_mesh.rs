//! `quorate consul config`, `intention`, `connect` and `discovery-chain`.

use crate::testenv::TestEnv;

#[test]
fn an_entry_is_written_from_hcl_and_changed_only_as_it_was() {
    let env = TestEnv::new();
    let entry = "Kind = \"service-defaults\"\nName = \"web\"\nProtocol = \"http\"\n\
        MeshGateway { Mode = \"local\" }\n";
    env.write("web.hcl", entry);
    env.expect(&["consul", "config", "write", "web.hcl"], "");
    env.expect(
        &["consul", "config", "list", "--kind", "service-defaults"],
        "web\n",
    );
    let read = [
        "consul",
        "config",
        "read",
        "--kind",
        "service-defaults",
        "--name",
        "web",
    ];
    let shown = env.json(&read);
    assert_eq!(
        (&shown["Protocol"], &shown["MeshGateway"]["Mode"]),
        (&"http".into(), &"local".into())
    );
    let cas = |index: &str| {
        env.run(&[
            "consul",
            "config",
            "write",
            "--cas",
            "--modify-index",
            index,
            "web.hcl",
        ])
    };
    let refused = cas("1");
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("service-defaults/web"),
        "{}",
        refused.stderr
    );
    assert_eq!(cas(&shown["ModifyIndex"].to_string()).code, 0);
    // What is read can be written.
    let text = env.ok(&read);
    assert_eq!(
        env.run_with(&["consul", "config", "write", "-"], text.as_bytes())
            .code,
        0
    );
    env.expect(
        &[
            "consul",
            "config",
            "delete",
            "--kind",
            "service-defaults",
            "--name",
            "web",
        ],
        "",
    );
    env.fails(&read, 3);
}

#[test]
fn an_entry_that_the_server_does_not_take_is_refused_with_its_words() {
    let env = TestEnv::new();
    env.write("odd.json", r#"{"Kind": "service-default", "Name": "x"}"#);
    let said = env.fails(&["consul", "config", "write", "odd.json"], 2);
    assert!(said.contains("invalid config entry kind"), "{said}");
    env.write("odd.hcl", "Kind = ");
    env.fails(&["consul", "config", "write", "odd.hcl"], 2);
    env.write("odd.hcl", "Kind = \"service-defaults\"");
    let said = env.fails(&["consul", "config", "write", "odd.hcl"], 2);
    assert!(said.contains("`name`"), "{said}");
}

#[test]
fn intentions_are_created_replaced_and_deleted() {
    let env = TestEnv::new();
    let create = [
        "consul",
        "intention",
        "create",
        "--deny",
        "--meta",
        "team=data",
        "web",
        "db",
    ];
    assert_eq!(env.ok(&create).trim().len(), 36);
    let check = ["consul", "intention", "check", "web", "db"];
    let checked = env.run(&check);
    assert_eq!((checked.code, checked.text().as_str()), (1, "Denied\n"));
    env.fails(&["consul", "intention", "create", "web", "db"], 4);
    env.ok(&["consul", "intention", "create", "--replace", "web", "db"]);
    env.expect(&check, "Allowed\n");
    let matched = env.json(&["consul", "intention", "match", "db"]);
    assert_eq!(
        (&matched[0]["SourceName"], &matched[0]["Action"]),
        (&"web".into(), &"allow".into())
    );
    let id = env.json(&["consul", "intention", "get", "web", "db"])["ID"].clone();
    let id = id.as_str().unwrap();
    assert!(env.ok(&["consul", "intention", "get", id]).contains("web"));
    env.expect(&["consul", "intention", "delete", id], "");
    env.fails(&["consul", "intention", "get", "web", "db"], 3);
    env.fails(&["consul", "intention", "create", "web"], 2);
}

#[test]
fn intentions_are_read_from_files_and_nothing_of_them_is_lost() {
    let env = TestEnv::new();
    let file =
        r#"{"SourceName": "web", "DestinationName": "db", "Action": "deny", "Meta": {"a": "b"}}"#;
    env.write("one.json", file);
    env.ok(&["consul", "intention", "create", "--file", "one.json"]);
    let listed = env.json(&["consul", "intention", "list"]);
    assert_eq!(
        (&listed[0]["Action"], &listed[0]["Meta"]["a"]),
        (&"deny".into(), &"b".into())
    );
    env.write(
        "two.json",
        r#"{"SourceName": "a", "DestinationName": "b", "Acton": "deny"}"#,
    );
    let said = env.fails(&["consul", "intention", "create", "--file", "two.json"], 2);
    assert!(said.contains("`Acton`"), "{said}");
}

#[test]
fn a_mesh_that_is_off_is_said_to_be() {
    let env = TestEnv::new();
    env.write(
        "ca.json",
        r#"{"Provider": "consul", "Config": {"LeafCertTTL": "72h"}}"#,
    );
    for args in [
        &["ca", "get-config"][..],
        &["ca", "set-config", "--config-file", "ca.json"],
        &["roots"],
        &["roots", "--pem"],
        &["leaf", "web"],
    ] {
        let said = env.fails(&[&["consul", "connect"], args].concat(), 1);
        assert!(said.contains("Connect must be enabled"), "{args:?}: {said}");
    }
    env.write(
        "odd.json",
        r#"{"Provider": "consul", "Confg": {}, "Extra": 1}"#,
    );
    let set = [
        "consul",
        "connect",
        "ca",
        "set-config",
        "--config-file",
        "odd.json",
    ];
    assert!(env.fails(&set, 2).contains("`Extra`"));
}

#[test]
fn a_chain_leads_to_the_service_itself() {
    let env = TestEnv::new();
    let chain = env.json(&["consul", "discovery-chain", "web"]);
    assert_eq!(chain["StartNode"], "resolver:web.default.dc1");
    env.ok(&["consul", "discovery-chain", "--compile-dc", "dc1", "web"]);
}
