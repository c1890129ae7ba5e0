//! Values as indented trees: `tree ls`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::{Style, View};

/// A value and its path. The JSON is the value itself.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ValueTree {
    #[serde(skip)]
    path: String,
    value: Value,
}

impl ValueTree {
    pub(crate) fn new(path: &str, value: Value) -> Self {
        Self {
            path: path.to_owned(),
            value,
        }
    }
}

impl View for ValueTree {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let shown = leaf(&self.value, style);
        writeln!(out, "{}{shown}", style.title(style.line(&self.path)))?;
        beneath(out, style, &self.value, "")
    }
}

/// What stands behind a name: the value of a leaf, or what an empty directory is.
fn leaf(value: &Value, style: &Style) -> String {
    match value {
        Value::Array(items) if items.is_empty() => ": []".to_owned(),
        Value::Object(map) if map.is_empty() => ": {}".to_owned(),
        Value::Array(_) | Value::Object(_) => String::new(),
        Value::String(text) => format!(": {}", style.line(text)),
        other => format!(": {other}"),
    }
}

fn beneath(out: &mut dyn Write, style: &Style, value: &Value, indent: &str) -> io::Result<()> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => (1..)
            .map(|number: usize| number.to_string())
            .zip(items)
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, child)| (name.clone(), child))
            .collect(),
        _ => return Ok(()),
    };
    let count = children.len();
    for (position, (name, child)) in children.into_iter().enumerate() {
        let last = position + 1 == count;
        let (branch, below) = if last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        let shown = leaf(child, style);
        writeln!(out, "{indent}{branch}{}{shown}", style.line(&name))?;
        beneath(out, style, child, &format!("{indent}{below}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_has_a_line_of_its_own() {
        let value = json!({"a": ["x\ny", {"b": 1}], "e": {}, "l": [], "n": null});
        let mut out = Vec::new();
        let view = ValueTree::new("/at", value);
        view.text(&mut out, &Style::PLAIN).unwrap();
        let expected = "/at\n├── a\n│   ├── 1: x\\ny\n│   └── 2\n│       └── b: 1\n├── e: {}\n\
                        ├── l: []\n└── n: null\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
