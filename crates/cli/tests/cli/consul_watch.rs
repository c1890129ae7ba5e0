//! `quorate consul watch`: each change printed, handed to a command, or sent elsewhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::testenv::TestEnv;

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn the_state_is_printed_and_then_each_change() {
    let env = TestEnv::new();
    let mut watch = env.start(&[
        "--output", "json", "consul", "watch", "--type", "key", "--key", "a",
    ]);
    assert_eq!(watch.line(), "null");
    env.ok(&["kv", "put", "b", "1"]);
    env.ok(&["kv", "put", "a", "1"]);
    let entry = parsed(&watch.line());
    assert_eq!(
        (&entry["Key"], &entry["Value"]),
        (&"a".into(), &"MQ==".into())
    );
    env.ok(&["kv", "rm", "a"]);
    assert_eq!(watch.line(), "null");
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.wait().code, 130);
}

#[test]
fn once_ends_with_the_state_as_it_is() {
    let env = TestEnv::new();
    let text = env.ok(&["consul", "watch", "--type", "services", "--once"]);
    assert_eq!(text, "{\n    \"consul\": []\n}\n");
    let text = env.ok(&[
        "consul",
        "watch",
        "--type",
        "keyprefix",
        "--prefix",
        "a/",
        "--once",
    ]);
    assert_eq!(text, "null\n");
    let nodes = env.json(&["consul", "watch", "--type", "nodes", "--once"]);
    assert_eq!(nodes.as_array().unwrap().len(), 1);
}

#[test]
fn a_command_gets_each_change_and_its_index() {
    let env = TestEnv::new();
    let mut watch = env.start(&[
        "consul",
        "watch",
        "--type",
        "key",
        "--key",
        "a",
        "--shell=false",
        "--",
        "sh",
        "-c",
        "echo 'it works' >&2; echo \"$CONSUL_INDEX $(cat)\"",
    ]);
    assert!(watch.line().ends_with(" null"));
    env.ok(&["kv", "put", "a", "<1>"]);
    let line = watch.line();
    let (index, entry) = line.split_once(' ').unwrap();
    let entry = parsed(entry);
    assert_eq!(entry["ModifyIndex"].to_string(), index);
    watch.signal(Signal::SIGTERM);
    let ended = watch.wait();
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (143, "it works\nit works\n")
    );
}

#[test]
fn words_are_one_line_of_a_shell_unless_told_otherwise() {
    let env = TestEnv::new();
    let watch = [
        "consul",
        "watch",
        "--once",
        "--type",
        "keyprefix",
        "--prefix",
        "a/",
    ];
    let in_shell = [&watch[..], &["cat", "|", "tr", "a-z", "A-Z"]].concat();
    assert_eq!(env.ok(&in_shell), "NULL\n");
    let alone = [&watch[..], &["--shell=false", "echo", "$CONSUL_INDEX"]].concat();
    assert_eq!(env.ok(&alone), "$CONSUL_INDEX\n");
}

#[test]
fn a_command_that_fails_ends_the_watch() {
    let env = TestEnv::new();
    let said = env.fails(&["consul", "watch", "--type", "nodes", "exit", "3"], 1);
    assert!(said.contains("exit status: 3"), "{said}");
    let missing = [
        "consul",
        "watch",
        "--type",
        "nodes",
        "--shell=false",
        "./no-such-program",
    ];
    env.fails(&missing, 127);
}

#[test]
fn a_signal_is_passed_on_to_the_command() {
    let env = TestEnv::new();
    let script = "trap 'echo stopping; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let mut watch = env.start(&["consul", "watch", "--type", "nodes", script]);
    assert_eq!(watch.line(), "ready");
    watch.signal(Signal::SIGTERM);
    assert_eq!(watch.line(), "stopping");
    assert_eq!(watch.wait().code, 143);
}

#[test]
fn what_is_wrong_with_a_watch_is_named() {
    let env = TestEnv::new();
    for (args, word) in [
        (&["--type", "kv"][..], "connect_leaf"),
        (&["--type", "key"], "`key`"),
        (&["--type", "key", "--key", "a", "--name", "x"], "`name`"),
        (
            &["--type", "checks", "--service", "a", "--state", "passing"],
            "not both",
        ),
        (&["--type", "event", "--stale"], "`stale`"),
        (&[], "--type"),
        (&["--type", "key", "--config", "x"], "--config"),
    ] {
        let said = env.fails(&[&["consul", "watch"], args].concat(), 2);
        assert!(said.contains(word), "{args:?}: {said}");
    }
}

#[test]
fn a_watch_of_a_mesh_that_is_off_ends_with_the_reason() {
    let env = TestEnv::new();
    let leaf = [
        "consul",
        "watch",
        "--type",
        "connect_leaf",
        "--service",
        "web",
    ];
    let said = env.fails(&leaf, 1);
    assert!(said.contains("Connect must be enabled"), "{said}");
}

#[test]
fn a_watch_is_read_from_a_file_and_its_command_may_fail() {
    let env = TestEnv::new();
    let file = r#"{"type": "key", "key": "a", "args": ["sh", "-c", "cat; exit 1"]}"#;
    env.write("watch.json", file);
    let mut watch = env.start(&["consul", "watch", "--config", "watch.json"]);
    assert_eq!(watch.line(), "null");
    env.ok(&["kv", "put", "a", "1"]);
    assert_eq!(parsed(&watch.line())["Key"], "a");
    env.write("hcl.hcl", "type = \"nodes\"\nhandler = \"echo a node\"");
    assert_eq!(
        env.ok(&["consul", "watch", "--once", "--config", "hcl.hcl"]),
        "a node\n"
    );
    env.write(
        "wrong.json",
        r#"{"type": "key", "key": "a", "argv": ["x"]}"#,
    );
    let said = env.fails(&["consul", "watch", "--config", "wrong.json"], 2);
    assert!(said.contains("`argv`"), "{said}");
}

/// Takes one request and answers it: its head in small letters, and its body.
fn take(listener: &TcpListener, status: &str) -> (String, String) {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        head.push_str(&line.to_lowercase());
        line.clear();
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().trim().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn a_change_is_sent_where_a_file_says_and_refusals_are_told() {
    let env = TestEnv::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let config = serde_json::json!({"type": "key", "key": "a", "handler_type": "http",
        "http_handler_config": {"path": url, "header": {"X-Own": ["yes"]}}});
    env.write("watch.json", config.to_string());
    let watch = env.start(&["consul", "watch", "--config", "watch.json"]);
    let (head, body) = take(&listener, "500 No");
    assert!(head.starts_with("post /hook?x=1 "), "{head}");
    assert!(
        head.contains("x-own: yes") && head.contains("x-consul-index: "),
        "{head}"
    );
    assert_eq!(body, "null\n");
    env.ok(&["kv", "put", "a", "1"]);
    let (_, body) = take(&listener, "204 Fine");
    assert_eq!(parsed(&body)["Key"], "a");
    watch.signal(Signal::SIGTERM);
    let ended = watch.wait();
    assert!(ended.stderr.contains("500"), "{}", ended.stderr);
}
