//! Documents that users write: JSON, or HCL where Consul takes it.

use std::io;
use std::path::Path;

use quorate_agent::hcl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// The text of a file; `-` is standard input.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") {
        input::read(io::stdin().lock(), "standard input", hcl::MAX_BYTES)?
    } else {
        input::file(path, hcl::MAX_BYTES)?
    };
    String::from_utf8(bytes).map_err(|_| unreadable(path, anyhow::anyhow!("it is no text")))
}

/// An object in HCL or JSON.
pub(super) fn object(path: &Path) -> Result<Map<String, Value>, Failure> {
    hcl::read(&text(path)?).map_err(|error| unreadable(path, error))
}

/// A thing in JSON. A field that the thing does not have is refused: it would be lost silently.
pub(super) fn json<T: DeserializeOwned + Serialize>(path: &Path) -> Result<T, Failure> {
    let text = text(path)?;
    let thing: T = serde_json::from_str(&text).map_err(|error| unreadable(path, error))?;
    let given = serde_json::from_str(&text).map_err(|error| unreadable(path, error))?;
    let known = serde_json::to_value(&thing).map_err(|error| unreadable(path, error))?;
    match unknown(&given, &known) {
        None => Ok(thing),
        Some(field) => {
            let why = anyhow::anyhow!("there is no field `{field}`");
            Err(unreadable(path, why))
        }
    }
}

fn unreadable(path: &Path, error: impl Into<anyhow::Error>) -> Failure {
    Failure::caused(Exit::Usage, error).context(format!("read {}", path.display()))
}

/// The first field of `given` that is not in `known`.
fn unknown(given: &Value, known: &Value) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            given
                .iter()
                .find_map(|(name, value)| match known.get(name) {
                    // What is left out of the thing is nothing.
                    None => (!is_nothing(value)).then(|| name.clone()),
                    Some(there) => unknown(value, there).map(|inner| format!("{name}.{inner}")),
                })
        }
        (Value::Array(given), Value::Array(known)) => {
            let pairs = given.iter().zip(known);
            pairs
                .into_iter()
                .find_map(|(one, there)| unknown(one, there))
        }
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_would_be_lost_is_named_with_its_path() {
        let known = json!({"Name": "", "Service": {"Service": "a", "Tags": ["x"]}});
        let field = |given| unknown(&given, &known);
        assert_eq!(field(json!({"Name": "b", "Service": {"Tags": []}})), None);
        assert_eq!(field(json!({"Namee": "b"})), Some("Namee".into()));
        assert_eq!(
            field(json!({"Service": {"Tag": "b"}})),
            Some("Service.Tag".into())
        );
        assert_eq!(field(json!({"Namespace": ""})), None, "nothing is lost");
    }
}
