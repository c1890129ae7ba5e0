//! `quorate config`.

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::testenv::TestEnv;

/// An editor that does what a script says.
fn editor(env: &TestEnv, script: &str) -> String {
    let path = env.write("editor", format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&path, mode).unwrap();
    path.display().to_string()
}

fn edit(env: &TestEnv, script: &str, args: &[&str]) -> (i32, String) {
    let editor = editor(env, script);
    let mut command = env.command(args);
    let ended = command
        .env("EDITOR", editor)
        .env_remove("VISUAL")
        .output()
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (
        ended.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

#[test]
fn parameters_are_set_and_read() {
    let env = TestEnv::new();
    let set = ["config", "set", "app", "HTTP/port=8080", "debug=true"];
    let said = env.ok(&set);
    assert!(said.starts_with("app: 2 changes, revision "), "{said}");
    env.expect(
        &["config", "get", "app"],
        "HTTP/port = 8080\ndebug = true\n",
    );
    env.expect(&["config", "get", "app", "HTTP/port"], "8080\n");
    env.expect(&["kv", "get", "app/HTTP/port"], "8080");
    let json = env.json(&["config", "get", "app", "debug"]);
    assert_eq!(
        (&json["value"], &json["parameter"]),
        (&"true".into(), &"debug".into())
    );
    env.expect(&set, "app: nothing to change\n");
    env.expect(
        &["config", "get", "app", "--as", "toml"],
        "debug = \"true\"\n\n[HTTP]\nport = \"8080\"\n",
    );
    env.ok(&["config", "set", "app", "--remove", "HTTP"]);
    env.expect(&["config", "get", "app"], "debug = true\n");
    let said = env.fails(&["config", "get", "app", "HTTP/port"], 3);
    assert!(said.contains("next: quorate config get app"), "{said}");
    env.fails(&["config", "get", "nothing"], 3);
    env.fails(&["config", "set", "app"], 2);
}

#[test]
fn a_document_keeps_its_types() {
    let env = TestEnv::new();
    env.ok(&["kv", "put", "app.json", r#"{"port": 1, "name": "1"}"#]);
    let in_document = ["--document", "json"];
    let set = [
        &["config", "set", "app.json", "port=2", "name=2", "new=false"][..],
        &in_document,
    ]
    .concat();
    env.ok(&set);
    let text = env.ok(&["kv", "get", "app.json"]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found, json!({"port": 2, "name": "2", "new": false}));
    let get = [&["config", "get", "app.json", "port"][..], &in_document].concat();
    env.expect(&get, "2\n");
}

#[test]
fn defaults_overwrite_nothing() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "HTTP/port=1"]);
    let file = env.write(
        "app.json",
        r#"{"HTTP": {"port": 80, "on": true}, "hosts": ["a"]}"#,
    );
    let file = file.display().to_string();
    env.ok(&["config", "set", "app", "--defaults", &file]);
    env.expect(
        &["config", "get", "app"],
        "HTTP/on = true\nHTTP/port = 1\nhosts/1 = a\n",
    );
}

#[test]
fn an_editor_changes_what_it_changed_and_nothing_else() {
    let env = TestEnv::new();
    env.ok(&[
        "config",
        "set",
        "app",
        "HTTP/port=1",
        "keep=x",
        "DB/password=s",
    ]);
    let script = "sed -i 's/port = \"1\"/port = 2/; /password/d; /DB/d' \"$1\"";
    let (code, said) = edit(&env, script, &["config", "edit", "app"]);
    assert!(code == 0 && said.starts_with("app: 2 changes"), "{said}");
    env.expect(&["config", "get", "app"], "HTTP/port = 2\nkeep = x\n");
    let (code, said) = edit(&env, "true", &["config", "edit", "app", "--as", "json"]);
    assert_eq!((code, said.as_str()), (0, "app: nothing to change\n"));
    let (code, said) = edit(&env, "exit 3", &["config", "edit", "app"]);
    assert!(code == 1 && said.contains("nothing was written"), "{said}");
}

#[test]
fn what_an_editor_leaves_is_kept_if_it_cannot_be_written() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "port=1"]);
    let (code, said) = edit(&env, "echo '[' > \"$1\"", &["config", "edit", "app"]);
    assert!(code == 1 && said.contains("is no TOML"), "{said}");
    let kept = said.split("your text is in ").nth(1).unwrap();
    let kept = kept.split_whitespace().next().unwrap();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "[\n");
    std::fs::remove_file(kept).unwrap();

    // Somebody else is faster.
    env.ok(&["config", "set", "app", "port=1", "other=1"]);
    let put = format!(
        "{} kv put app/port 9 >/dev/null",
        env!("CARGO_BIN_EXE_quorate")
    );
    let script = format!("{put} && sed -i 's/port = \"1\"/port = 2/' \"$1\"");
    let (code, said) = edit(&env, &script, &["config", "edit", "app"]);
    assert!(code == 4 && said.contains("app/port"), "{code}: {said}");
    let kept = said.split("your text is in ").nth(1).unwrap();
    std::fs::remove_file(kept.split_whitespace().next().unwrap()).unwrap();
    env.expect(&["config", "get", "app", "port"], "9\n");
    // What the other one changed is not ours to overwrite, and does not stop us elsewhere.
    let script = "sed -i 's/other = \"1\"/other = 2/' \"$1\"";
    assert_eq!(edit(&env, script, &["config", "edit", "app"]).0, 0);
}

#[test]
fn a_file_is_compared_and_secrets_are_hidden() {
    let env = TestEnv::new();
    env.ok(&[
        "config",
        "set",
        "app",
        "HTTP/port=1",
        "DB/password=old",
        "gone=1",
    ]);
    let file = env.write(
        "app.toml",
        "new = true\n[HTTP]\nport = 1\n[DB]\npassword = 'hunter2'\n",
    );
    let file = file.display().to_string();
    let ended = env.run(&["config", "diff", "app", &file]);
    assert_eq!(ended.code, 1);
    assert_eq!(
        ended.text(),
        "DB/password: *** -> ***\n-gone = 1\n+new = true\n"
    );
    let ended = env.run(&["config", "diff", "app", &file, "--show-secrets"]);
    assert!(
        ended.text().starts_with("DB/password: old -> hunter2\n"),
        "{}",
        ended.text()
    );
    let document = env.ok(&["config", "get", "app", "--as", "json"]);
    let same = env.run_with(&["config", "diff", "app", "-"], document.as_bytes());
    assert_eq!((same.code, same.text().as_str()), (0, ""));
}

#[test]
fn a_configuration_is_checked_against_an_example() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "HTTP/port=many", "debug=true"]);
    let like = env.write(
        "like.json",
        r#"{"HTTP": {"port": 80}, "debug": false, "name": "x"}"#,
    );
    let like = like.display().to_string();
    let said = env.fails(&["config", "validate", "app", "--like", &like], 1);
    for wrong in [
        "HTTP/port is to be a whole number, and is a text",
        "name is missing",
    ] {
        assert!(said.contains(wrong), "{said}");
    }
    env.ok(&["config", "set", "app", "HTTP/port=81"]);
    env.expect(
        &["config", "validate", "app", "--like", &like, "--partial"],
        "app is valid\n",
    );
    env.ok(&["config", "validate", "--file", &like, "--like", &like]);
    env.ok(&["config", "set", "app", "debug/x=1"]);
    env.ok(&["kv", "put", "app/debug", "1"]);
    env.fails(&["config", "validate", "app"], 1);
    env.fails(&["config", "validate"], 2);
}

#[test]
fn changes_are_told_as_they_happen() {
    let env = TestEnv::new();
    env.ok(&["config", "set", "app", "port=1"]);
    let watch = ["config", "watch", "app", "--initial"];
    let mut watching = env.start(&watch);
    let mut once = env.start(&[&watch[..], &["--once"]].concat());
    assert_eq!(
        (watching.line(), once.line()),
        ("+port = 1".into(), "+port = 1".into())
    );
    env.ok(&["config", "set", "app", "port=2"]);
    assert_eq!(
        (watching.line(), once.line()),
        ("port: 1 -> 2".into(), "port: 1 -> 2".into())
    );
    assert_eq!(once.wait().code, 0);
    env.ok(&["config", "set", "app", "token=t", "--remove", "port"]);
    assert_eq!(watching.line(), "-port = 2");
    assert_eq!(watching.line(), "+token = ***");
    watching.signal(Signal::SIGTERM);
    assert_eq!(watching.wait().code, 143);
}
