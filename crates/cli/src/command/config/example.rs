//! Types by example.

use serde_json::Value;

/// What is allowed besides what the example has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Example {
    /// Parameters may be missing.
    pub(super) partial: bool,
    /// There may be others.
    pub(super) extra: bool,
}

impl Example {
    /// What is wrong with `found`, a line each. A text in it may be a number or a flag.
    pub(super) fn compare(self, example: &Value, found: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        self.walk(example, found, "", &mut wrong);
        wrong
    }

    fn walk(self, example: &Value, found: &Value, path: &str, wrong: &mut Vec<String>) {
        match (example, found) {
            (Value::Null, _) => {}
            (Value::Object(example), Value::Object(found)) => {
                for (name, example) in example {
                    let path = below(path, name);
                    match found.get(name) {
                        Some(found) => self.walk(example, found, &path, wrong),
                        None if self.partial || example.is_null() => {}
                        None => wrong.push(format!("  {path} is missing")),
                    }
                }
                let others = found.keys().filter(|name| !example.contains_key(*name));
                if !self.extra {
                    let others = others.map(|name| format!("  {} is unknown", below(path, name)));
                    wrong.extend(others);
                }
            }
            (Value::Array(example), Value::Array(found)) => {
                let items = found.iter().enumerate();
                for (at, found) in items.filter(|_| !example.is_empty()) {
                    let path = below(path, &(at + 1).to_string());
                    self.walk(&example[0], found, &path, wrong);
                }
            }
            (example, found) if fits(example, found) => {}
            (example, found) => {
                let (wanted, found) = (wanted(example), kind(found));
                wrong.push(format!("  {path} is to be {wanted}, and is {found}"));
            }
        }
    }
}

fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    }
}

/// Whether a single value is of the type of its example.
fn fits(example: &Value, found: &Value) -> bool {
    let text = match found {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(_) | Value::Bool(_) => found.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return false,
    };
    match example {
        Value::String(_) => true,
        Value::Bool(_) => matches!(text.as_str(), "true" | "false" | "True" | "False"),
        Value::Number(number) if number.is_f64() => text.parse::<f64>().is_ok(),
        Value::Number(_) => text.parse::<i128>().is_ok(),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn wanted(example: &Value) -> &'static str {
    match example {
        Value::Number(number) if !number.is_f64() => "a whole number",
        other => kind(other),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a category",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_type_fits_its_example_as_text_or_as_itself() {
        let example = json!({"n": 1, "f": 0.5, "b": true, "s": "x", "l": [1], "any": null});
        let texts = json!({"n": "7", "f": "2", "b": "false", "s": "9", "l": ["1", "2"], "any": {}});
        assert_eq!(Example::default().compare(&example, &texts), [""; 0]);
        assert_eq!(Example::default().compare(&example, &example), [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        let example = json!({"A": {"n": 1, "m": 1}, "l": [1], "s": "x"});
        let found = json!({"A": {"n": "many", "o": "1"}, "l": ["1", "x"], "s": {"t": "1"}});
        let expected = [
            "  A/m is missing",
            "  A/n is to be a whole number, and is a text",
            "  A/o is unknown",
            "  l/2 is to be a whole number, and is a text",
            "  s is to be a text, and is a category",
        ];
        assert_eq!(Example::default().compare(&example, &found), expected);
        let loose = Example {
            partial: true,
            extra: true,
        };
        assert_eq!(loose.compare(&example, &found).len(), 3);
    }
}
