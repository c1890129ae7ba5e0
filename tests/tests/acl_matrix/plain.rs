//! An answer without what each server chooses by itself.

use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::operation::Operation;

/// Fields whose numbers and texts are each server's own.
const OWN: [&str; 8] = [
    "CreateIndex",
    "ModifyIndex",
    "LockIndex",
    "Index",
    "LTime",
    "Hash",
    "CreateTime",
    "ContentHash",
];

/// The answer in words that can be compared.
pub(crate) fn plain(operation: &Operation, answer: &Answer) -> String {
    let mut text = answer.status.to_string();
    if operation.opaque && answer.status == 200 {
        return text;
    }
    for name in ["content-type", "x-consul-knownleader", "x-consul-reason"] {
        if let Some(value) = answer.header(name) {
            text += &format!("\n{name}: {value}");
        }
    }
    // An index of 1 stands for none at all.
    match answer.header("x-consul-index") {
        None => {}
        Some("1") => text += "\nx-consul-index: 1",
        Some(_) => text += "\nx-consul-index: <index>",
    }
    text + "\n\n" + &body(operation, answer)
}

fn body(operation: &Operation, answer: &Answer) -> String {
    match answer.json() {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => {
            let mut value = masked(value);
            if operation.unordered {
                sort(&mut value);
            }
            value.to_string()
        }
        _ => words(&answer.text()),
    }
}

/// Puts the elements of every list into an order.
fn sort(value: &mut Value) {
    match value {
        Value::Array(rows) => {
            rows.iter_mut().for_each(sort);
            rows.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(sort),
        _ => {}
    }
}

fn masked(value: Value) -> Value {
    match value {
        Value::Array(rows) => {
            let kept = rows.into_iter().filter(|row| !is_consul(row));
            Value::Array(kept.map(masked).collect())
        }
        Value::Object(mut fields) => {
            // What the servers say of their own node is compared elsewhere.
            if fields.get("Node").is_some_and(|node| node == "node-1") {
                for field in ["Address", "TaggedAddresses", "Meta", "NodeMeta"] {
                    fields.remove(field);
                }
            }
            let kept = fields.into_iter().filter(|(name, _)| name != "consul");
            let masked = kept.map(|(name, value)| {
                let own = OWN.contains(&name.as_str()) && !value.is_null();
                let value = if own {
                    Value::from("<own>")
                } else {
                    masked(value)
                };
                (name, value)
            });
            Value::Object(masked.collect())
        }
        Value::String(text) => Value::String(words(&text)),
        other => other,
    }
}

/// Whether a row is about the service of the servers themselves, or the check of the only node.
fn is_consul(row: &Value) -> bool {
    row["ServiceName"] == "consul" || row["Service"]["Service"] == "consul"
}

/// A text without ids, times and indexes.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|char: char| char.is_ascii_hexdigit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (mask, length) = own(&out, rest);
        out.push_str(mask.unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    out + rest
}

/// What stands at the start of `rest`, which may be a server's own, and its length.
fn own(before: &str, rest: &str) -> (Option<&'static str>, usize) {
    let run = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let length = run.count().max(1);
    if length == 36 {
        // Those of the matrix are the same on both.
        let shared = [
            "00000000", "11111111", "aaaaaaaa", "bbbbbbbb", "dddddddd", "eeeeeeee",
        ];
        let shared = shared.iter().chain(&["ffffffff", "99999999"]);
        let mut shared = shared.filter(|start| rest.starts_with(**start));
        return match shared.next() {
            Some(_) => (None, length),
            None => (Some("<id>"), length),
        };
    }
    let time = rest.get(4..5) == Some("-") && rest.get(10..11) == Some("T");
    if time && rest.starts_with("20") {
        let end = rest.find('Z').map_or(rest.len(), |at| at + 1);
        return (Some("<time>"), end);
    }
    if before.ends_with("index: ") || before.ends_with("modify index ") {
        return (Some("<index>"), length);
    }
    (None, length)
}
