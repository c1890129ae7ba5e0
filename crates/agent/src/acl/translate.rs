//! Legacy rules in today's syntax.

use super::hcl::{Item, Literal, Value, quote};
use super::rules::{Resource, items};

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
            key.quoted = false;
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
        let Some(named) = by_name(&item) else {
            flat.push(item);
            continue;
        };
        for inner in named {
            let keys = item.keys.iter().chain(&inner.keys).cloned().collect();
            let mut value = inner.value.clone();
            unquote(&mut value);
            flat.push(Item::new(keys, value, false));
        }
    }
    flat
}

/// Writes the names in a block without the quotes of JSON, where they are words.
fn unquote(block: &mut Value) {
    let Value::Object(items) = block else {
        return;
    };
    for key in items.iter_mut().filter_map(|item| item.keys.first_mut()) {
        let mut chars = key.text.chars();
        let first = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        let is_word = first && chars.all(|c| c.is_alphanumeric() || "_-.".contains(c));
        key.quoted = !is_word || matches!(key.text.as_str(), "true" | "false");
    }
}

/// The objects of an item of JSON by their names: of one object, or of a list of such. `None` if it
/// is anything else.
fn by_name(item: &Item) -> Option<Vec<&Item>> {
    if item.keys.first()?.at.is_some() {
        return None;
    }
    let named: Vec<&Item> = match &item.value {
        Value::Object(inner) => inner.iter().collect(),
        Value::List(values, _) => {
            let objects = values.iter().map(|value| match value {
                Value::Object(inner) => Some(inner),
                Value::List(..) | Value::Literal(..) => None,
            });
            let objects: Option<Vec<&Vec<Item>>> = objects.collect();
            objects?.into_iter().flatten().collect()
        }
        Value::Literal(..) => return None,
    };
    let all_objects = named.iter().all(|it| matches!(it.value, Value::Object(_)));
    (all_objects && !named.is_empty()).then_some(named)
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
        out.push_str(if at > 0 { " " } else { "" });
        if at > 0 || key.quoted {
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
        Value::Literal(Literal::Text(text), _) => out.push_str(&quote(text)),
        Value::Literal(Literal::Number(number), _) => out.push_str(number),
        Value::Literal(Literal::Bool(flag), _) => {
            out.push_str(if *flag { "true" } else { "false" });
        }
        // The real server writes nothing, which no longer is a rule.
        Value::Literal(Literal::Null, _) => out.push_str("\"\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::rules::Rules;

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
        for (legacy, new) in [
            (r#""foo" = "x""#, r#""foo" = "x""#),
            (
                r#"foo = 5 bar = true baz = [1,"a",true] "a b" { "c d" = 1 }"#,
                "foo = 5\n\nbar = true\n\nbaz = [1, \"a\", true]\n\n\"a b\" {\n  \"c d\" = 1\n}",
            ),
            (r#"{"foo":"x"}"#, r#""foo" = "x""#),
            (
                r#"{"a b":{"c d":{"e f":"x"}}}"#,
                "\"a b\" \"c d\" {\n  \"e f\" = \"x\"\n}",
            ),
            (
                r#"{"key":[{"a b":{"policy":"read"}}]}"#,
                "key_prefix \"a b\" {\n  policy = \"read\"\n}",
            ),
            (
                r#"{"key":{"a":"x"},"operator":true}"#,
                "key_prefix = {\n  \"a\" = \"x\"\n}\n\n\"operator\" = true",
            ),
        ] {
            assert_eq!(translate(legacy).as_deref(), Ok(new), "{legacy}");
        }
    }

    #[test]
    fn what_was_translated_can_be_read() {
        for legacy in [
            r#"key "${"a"}" { policy = "read" }"#,
            r#"{"key":{"${a":{"policy":"read"}}}"#,
            r#"{"key":{"":{"policy":"read"}}}"#,
            "key \"\\x00\\u2028\" { policy = \"read\" }",
        ] {
            let rules = Rules::parse_legacy(legacy).unwrap();
            let translated = translate(legacy).unwrap();
            assert_eq!(Rules::parse(&translated), Ok(rules), "{translated}");
        }
    }
}
