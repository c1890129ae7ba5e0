//! JSON read the way Consul reads what people write: names in several spellings, numbers as texts,
//! one thing where a list is meant.

use std::borrow::Cow;

use quorate_wire::consul::GoDuration;
use serde_json::{Map, Value, json};

use crate::consul::session_create::whole_nanos;
use crate::quote::{errors, in_gos_words, quote};

/// One field: its name, and what it holds.
pub(in super::super) type Field = (&'static str, Shape);

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Shape {
    Text,
    Flag,
    Int,
    /// A number of 32 bits without a sign.
    Unsigned,
    Float,
    Duration,
    /// A map of anything.
    Any,
    /// A map of texts.
    Labels,
    /// A list.
    List(&'static Shape),
    /// An object with these fields.
    Object(&'static [Field]),
    /// A map of objects with these fields.
    Objects(&'static [Field]),
}

/// What was found on the way.
#[derive(Debug, Default)]
pub(in super::super) struct Weak {
    errors: Vec<String>,
    unused: Vec<String>,
    negative: Option<(String, GoDuration)>,
}

/// What Consul calls the type of a value.
pub(in super::super) fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        other => kind_name(other),
    }
}

impl Weak {
    /// Says what was wrong, if anything was. A strict reader refuses what no field is called.
    pub(in super::super) fn finish(&mut self, strict: bool) -> Result<(), String> {
        if !self.errors.is_empty() {
            self.errors.sort();
            let list: Vec<String> = self.errors.iter().map(|it| format!("* {it}")).collect();
            let (count, list) = (list.len(), list.join("\n"));
            return Err(format!("{count} error(s) decoding:\n\n{list}"));
        }
        if strict && !self.unused.is_empty() {
            let keys: Vec<String> = self.unused.iter().map(|key| unused(key)).collect();
            return Err(errors(&keys));
        }
        Ok(())
    }

    /// A duration below zero, if there was one, and the last part of its name.
    pub(in super::super) fn negative(&self) -> Option<(&str, GoDuration)> {
        let (name, duration) = self.negative.as_ref()?;
        Some((name.rsplit('.').next().unwrap_or(name), *duration))
    }

    /// The fields of a body by the names that Consul shows; others stay as they are.
    pub(in super::super) fn object(
        &mut self,
        given: Map<String, Value>,
        fields: &'static [Field],
    ) -> Map<String, Value> {
        self.fields("", given, fields)
    }

    fn fields(
        &mut self,
        path: &str,
        mut given: Map<String, Value>,
        fields: &'static [Field],
    ) -> Map<String, Value> {
        let mut read = Map::new();
        for (name, shape) in fields {
            if let Some(value) = take(&mut given, name)
                && let Some(value) = self.value(&join(path, name), value, shape)
            {
                read.insert((*name).to_owned(), value);
            }
        }
        self.unused.extend(given.keys().map(|key| join(path, key)));
        for (name, value) in given {
            read.entry(name).or_insert(value);
        }
        read
    }

    /// A value as its shape wants it; `None` for `null`, and for what does not fit.
    fn value(&mut self, path: &str, value: Value, shape: &Shape) -> Option<Value> {
        let value = match (value, shape) {
            (Value::Null, _) => return None,
            // One thing in a list stands for the thing.
            (Value::Array(mut list), shape) if list.len() == 1 && !shape.is_list() => {
                return self.value(path, list.remove(0), shape);
            }
            (value, _) => value,
        };
        match shape {
            Shape::List(inner) => Some(self.list(path, value, inner)),
            Shape::Object(fields) => {
                let given = self.map(path, value)?;
                Some(Value::Object(self.fields(path, given, fields)))
            }
            // A list of none is a map of none, but no object.
            Shape::Any | Shape::Labels | Shape::Objects(_) if value == json!([]) => Some(json!({})),
            Shape::Any => self.map(path, value).map(Value::Object),
            Shape::Labels => Some(self.entries(path, value, &Shape::Text)?.into()),
            Shape::Objects(fields) => {
                Some(self.entries(path, value, &Shape::Object(fields))?.into())
            }
            Shape::Text => self.scalar(path, &value, "string", text),
            Shape::Flag => self.scalar(path, &value, "bool", flag),
            Shape::Int => self.scalar(path, &value, "int", int),
            Shape::Unsigned => self.scalar(path, &value, "uint32", unsigned),
            Shape::Float => self.scalar(path, &value, "float32", float),
            Shape::Duration => self.duration(path, &value),
        }
    }

    fn list(&mut self, path: &str, value: Value, inner: &Shape) -> Value {
        let list = match value {
            Value::Array(list) => list,
            Value::Object(fields) if fields.is_empty() => Vec::new(),
            one => vec![one],
        };
        let elements = list.into_iter().enumerate().map(|(at, element)| {
            let read = self.value(&format!("{path}[{at}]"), element, inner);
            read.unwrap_or_else(|| inner.zero())
        });
        elements.collect()
    }

    /// A map; several in a list count as one.
    fn map(&mut self, path: &str, value: Value) -> Option<Map<String, Value>> {
        match value {
            Value::Object(fields) => Some(fields),
            Value::Array(list) if !list.iter().any(|it| !it.is_object()) && list.len() > 1 => {
                let maps = list.into_iter().filter_map(|it| match it {
                    Value::Object(fields) => Some(fields),
                    _ => None,
                });
                Some(maps.flatten().collect())
            }
            other => {
                let kind = kind_name(&other);
                self.errors
                    .push(format!("'{path}' expected a map, got '{kind}'"));
                None
            }
        }
    }

    fn entries(&mut self, path: &str, value: Value, shape: &Shape) -> Option<Map<String, Value>> {
        let given = self.map(path, value)?;
        let read = given.into_iter().map(|(key, value)| {
            let value = self.value(&format!("{path}[{key}]"), value, shape);
            (key, value.unwrap_or_else(|| shape.zero()))
        });
        Some(read.collect())
    }

    fn scalar(
        &mut self,
        path: &str,
        value: &Value,
        wanted: &str,
        convert: fn(&Value) -> Result<Value, Option<String>>,
    ) -> Option<Value> {
        match convert(value) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.errors.push(match problem {
                    Some(problem) => {
                        let name = wanted.trim_end_matches("32");
                        format!("cannot parse '{path}' as {name}: {problem}")
                    }
                    None if path.ends_with("MeshGateway.Mode") => format!(
                        "'{path}' expected type 'structs.MeshGatewayMode', got unconvertible type '{}'",
                        type_name(value)
                    ),
                    None => format!(
                        "'{path}' expected type '{wanted}', got unconvertible type '{}'",
                        type_name(value)
                    ),
                });
                None
            }
        }
    }

    fn duration(&mut self, path: &str, value: &Value) -> Option<Value> {
        let duration = match value {
            Value::String(text) => match text.parse::<GoDuration>() {
                Ok(duration) => duration,
                Err(problem) => {
                    let problem = in_gos_words(&problem);
                    self.errors
                        .push(format!("error decoding '{path}': {problem}"));
                    return None;
                }
            },
            other => {
                let number = self.scalar(path, other, "time.Duration", int)?;
                GoDuration::from_nanos(number.as_i64().unwrap_or_default())
            }
        };
        if duration < GoDuration::ZERO {
            self.negative = Some((path.to_owned(), duration));
        }
        Some(duration.to_string().into())
    }
}

impl Shape {
    fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    /// What stands in a list or a map in the place of `null`.
    fn zero(&self) -> Value {
        match self {
            Self::Text => json!(""),
            Self::Flag => json!(false),
            Self::Int | Self::Unsigned | Self::Float => json!(0),
            Self::Duration => json!("0s"),
            Self::List(_) => json!([]),
            Self::Any | Self::Labels | Self::Object(_) | Self::Objects(_) => json!({}),
        }
    }
}

/// Takes a field by its name as it is shown, as it is written in HCL, or in any case of letters.
fn take(given: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let alias = snake_case(name);
    given
        .remove(name)
        .or_else(|| given.remove(&*alias))
        .or_else(|| {
            let mut keys = given.keys();
            let key = keys.find(|key| key.eq_ignore_ascii_case(name))?.clone();
            given.remove(&key)
        })
}

/// `MeshGateway` as `mesh_gateway`, and `CAFile` as `ca_file`.
fn snake_case(name: &str) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        let after_small = at > 0 && bytes[at - 1].is_ascii_lowercase();
        let before_small = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        if c.is_ascii_uppercase() && at > 0 && (after_small || before_small) {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake.into()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    format!("{path}.{name}")
}

fn unused(key: &str) -> String {
    let tail = match key.rsplit('.').next().unwrap_or(key) {
        "Namespace" | "namespace" => ", namespaces are a consul enterprise feature",
        _ => "",
    };
    format!("invalid config key {}{tail}", quote(key))
}

/// A conversion fails with Go's words, or without any when there is none.
type Converted = Result<Value, Option<String>>;

fn text(value: &Value) -> Converted {
    match value {
        Value::String(text) => Ok(text.clone().into()),
        Value::Bool(yes) => Ok(u8::from(*yes).to_string().into()),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => Ok(float.to_string().into()),
            _ => Ok(number.to_string().into()),
        },
        _ => Err(None),
    }
}

fn flag(value: &Value) -> Converted {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::Number(number) => Ok((number.as_f64() != Some(0.0)).into()),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true.into()),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false.into()),
            _ => Err(Some(not_parsed("ParseBool", text))),
        },
        _ => Err(None),
    }
}

fn int(value: &Value) -> Converted {
    match value {
        Value::Bool(yes) => Ok(i64::from(*yes).into()),
        Value::Number(number) => Ok(number
            .as_i64()
            .unwrap_or_else(|| whole_nanos(number.as_f64().unwrap_or_default()))
            .into()),
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err(Some(not_parsed("ParseInt", text))),
        },
        _ => Err(None),
    }
}

/// Numbers that do not fit are cut off, as in Go.
fn unsigned(value: &Value) -> Converted {
    if let Value::String(text) = value
        && text.parse::<u64>().is_err()
    {
        return Err(Some(not_parsed("ParseUint", text)));
    }
    let number = int(value)?.as_i64().unwrap_or_default();
    Ok(number.rem_euclid(1 << 32).into())
}

fn float(value: &Value) -> Converted {
    match value {
        Value::Bool(yes) => Ok(u8::from(*yes).into()),
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number.into()),
            _ => Err(Some(not_parsed("ParseFloat", text))),
        },
        _ => Err(None),
    }
}

fn not_parsed(function: &str, text: &str) -> String {
    format!(
        "strconv.{function}: parsing {}: invalid syntax",
        quote(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_as_hcl_spells_them() {
        for (name, snake) in [
            ("MeshGateway", "mesh_gateway"),
            ("CAFile", "ca_file"),
            ("SNI", "sni"),
            ("ExternalSNI", "external_sni"),
            ("HTTP", "http"),
            ("RetryOnStatusCodes", "retry_on_status_codes"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
