//! Keys and transactions.

use crate::operation::Operation;
use crate::rules::Group::{self, Key, Node, Service};

const KEY: &[Group] = &[Key];
const CATALOG: &[Group] = &[Node, Service];

pub(super) fn operations() -> Vec<Operation> {
    [reads(), writes(), transactions()].concat()
}

fn reads() -> Vec<Operation> {
    [
        "kv/app/a",
        "kv/app/a?raw",
        "kv/app/b/c",
        "kv/other/x",
        "kv/app/none",
        "kv/none",
        "kv/app/?keys",
        "kv/app/?keys&separator=/",
        "kv/?keys",
        "kv/?keys&separator=/",
        "kv/other/?keys",
        "kv/none/?keys",
        "kv/app/a?keys",
        "kv/app/?recurse",
        "kv/app/a?recurse",
        "kv/?recurse",
        "kv/other/?recurse",
        "kv/none/?recurse",
    ]
    .map(|target| Operation::get("kv", target, KEY))
    .into()
}

/// What makes all keys again, as they were.
fn restored(operation: Operation) -> Operation {
    operation
        .after("PUT", "kv/app/a", "1")
        .after("PUT", "kv/app/b/c", "2")
        .after("PUT", "kv/other/x", "3")
}

fn writes() -> Vec<Operation> {
    let put = |target, body| Operation::put("kv", target, body, KEY);
    let delete = |target| Operation::delete("kv", target, KEY);
    vec![
        put("kv/app/a", "1"),
        put("kv/app/b/c", "2"),
        put("kv/other/x", "3"),
        put("kv/app/new", "4").after("DELETE", "kv/app/new", ""),
        put("kv/new", "5").after("DELETE", "kv/new", ""),
        put("kv/app/a?cas=0", "6"),
        put("kv/app/a?acquire={session}", "1").after("PUT", "kv/app/a?release={session}", "1"),
        put("kv/app/a?release={session}", "1"),
        put("kv/app/a?acquire=ffffffff-ffff-4fff-bfff-ffffffffffff", "1"),
        put("kv/app/a?flags=x", "1"),
        restored(delete("kv/app/a")),
        restored(delete("kv/app/b/c")),
        delete("kv/app/none"),
        delete("kv/app/a?cas=1"),
        restored(delete("kv/app/?recurse")),
        restored(delete("kv/app/a?recurse")),
        restored(delete("kv/app/b/?recurse")),
        restored(delete("kv/?recurse")),
        restored(delete("kv/other/?recurse")),
    ]
}

fn transactions() -> Vec<Operation> {
    let key = |fields: &str| format!("{{\"KV\":{{{fields}}}}}");
    let verb = |verb: &str, name: &str| key(&format!("\"Verb\":\"{verb}\",\"Key\":\"{name}\""));
    let with =
        |verb: &str, rest: &str| key(&format!("\"Verb\":\"{verb}\",\"Key\":\"app/a\",{rest}"));
    let txn = |ops: &[String]| {
        let body = format!("[{}]", ops.join(","));
        restored(Operation::put("txn", "txn", &body, KEY))
    };
    let session = "\"Session\":\"{session}\"";
    vec![
        txn(&[verb("get", "app/a")]),
        txn(&[verb("get", "app/a"), verb("get", "other/x")]),
        txn(&[verb("get-tree", "app/")]),
        txn(&[verb("get-tree", "")]),
        txn(&[with("set", "\"Value\":\"MQ==\"")]),
        txn(&[with("set", "\"Value\":\"MQ==\""), verb("get", "other/x")]),
        txn(&[with("cas", "\"Value\":\"MQ==\",\"Index\":1")]),
        txn(&[with("lock", session), with("unlock", session)]),
        txn(&[with("check-index", "\"Index\":1")]),
        txn(&[with("check-session", session)]),
        txn(&[verb("check-not-exists", "app/none")]),
        txn(&[verb("delete", "app/a")]),
        txn(&[verb("delete-tree", "app/")]),
        txn(&[with("delete-cas", "\"Index\":1")]),
        txn(&[verb("delete", "app/a"), verb("set", "other/x")]),
        Operation::put(
            "txn",
            "txn",
            r#"[{"Node":{"Verb":"get","Node":{"Node":"n-ext"}}}]"#,
            CATALOG,
        ),
    ]
}
