//! Legacy rules in today's syntax.

use super::hcl::{Item, Literal, Value};
use super::rules::{Resource, items};
use crate::quote::quote;

/// Rewrites rules from before Consul 1.4: each name there is a prefix. Comments before a rule are
/// kept, and everything is indented alike.
pub(crate) fn translate(text: &str) -> Result<String, String> {
    let mut items = items(text)?;
    for item in &mut items {
        let legacy = |resource: &Resource| item.is(resource.word());
        if let Some(resource) = Resource::ALL.iter().find(|resource| legacy(resource))
            && let Some(key) = item.keys.first_mut()
        {
            key.text = format!("{}_prefix", resource.word());
        }
    }
    let mut out = String::new();
    for item in flat(items) {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        write_item(&mut out, &item, 0);
    }
    Ok(out)
}

/// JSON's objects by name as one block each, as HCL has them.
fn flat(items: Vec<Item>) -> Vec<Item> {
    let mut flat = Vec::new();
    for item in items {
        match item.value {
            Value::Object(inner) if item.assigned && item.keys[0].at.is_none() => {
                for inner in inner {
                    let keys = item.keys.iter().cloned().chain(inner.keys).collect();
                    flat.push(Item::new(keys, inner.value, false));
                }
            }
            value => flat.push(Item { value, ..item }),
        }
    }
    flat
}

fn write_item(out: &mut String, item: &Item, depth: usize) {
    let indent = "  ".repeat(depth);
    for comment in &item.comments {
        out.push_str(&indent);
        out.push_str(comment);
        out.push('\n');
    }
    out.push_str(&indent);
    for (at, key) in item.keys.iter().enumerate() {
        if at > 0 {
            out.push(' ');
            out.push_str(&quote(&key.text));
        } else {
            out.push_str(&key.text);
        }
    }
    out.push_str(
        if matches!(item.value, Value::Object(_)) && !item.assigned {
            " "
        } else {
            " = "
        },
    );
    write_value(out, &item.value, depth);
}

fn write_value(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(items) if items.is_empty() => out.push_str("{}"),
        Value::Object(items) => {
            out.push_str("{\n");
            for item in items {
                write_item(out, item, depth + 1);
                out.push('\n');
            }
            out.push_str(&"  ".repeat(depth));
            out.push('}');
        }
        Value::List(values, _) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_value(out, value, depth);
            }
            out.push(']');
        }
        Value::Literal(Literal::Text(text) | Literal::Number(text), _) => {
            out.push_str(&quote(text));
        }
        Value::Literal(Literal::Bool(_) | Literal::Null, _) => out.push_str("\"\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Consul 1.8.7 makes of the same rules.
    #[test]
    fn every_name_becomes_a_prefix() {
        let legacy = "# c\nkey \"a\" { policy = \"read\" } operator=\"read\"";
        let new = "# c\nkey_prefix \"a\" {\n  policy = \"read\"\n}\n\noperator = \"read\"";
        assert_eq!(translate(legacy).as_deref(), Ok(new));
        let json = r#"{"service":{"a":{"policy":"read"}}}"#;
        let new = "service_prefix \"a\" {\n  policy = \"read\"\n}";
        assert_eq!(translate(json).as_deref(), Ok(new));
        assert_eq!(translate(" ").as_deref(), Ok(""));
    }
}
