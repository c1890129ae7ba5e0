//! Rules as JSON: the same items, without places in the text.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::hcl::{Item, Key, Literal, Value};
use super::rules::MAX_DEPTH;

/// Reads the first JSON value in `text`, which must be an object; what follows it is ignored.
pub(super) fn parse(text: &str) -> Result<Vec<Item>, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 0 }.deserialize(&mut reader);
    match value.map_err(|error| error.to_string())? {
        Value::Object(items) => Ok(items),
        Value::List(..) | Value::Literal(..) => Err("no object".into()),
    }
}

/// A value at some depth.
struct Node {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(de::Error::custom(format!(
                "more than {MAX_DEPTH} objects and lists within each other"
            )));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rules")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let depth = self.depth + 1;
            let value = map.next_value_seed(Self { depth })?;
            let keys = vec![Key {
                text: name,
                quoted: true,
                at: None,
            }];
            items.push(Item::new(keys, value, true));
        }
        Ok(Value::Object(items))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let depth = self.depth + 1;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Self { depth })? {
            values.push(value);
        }
        Ok(Value::List(values, None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(literal(Literal::Text(text.to_owned())))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(literal(Literal::Bool(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(literal(Literal::Number(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(literal(Literal::Number(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(literal(Literal::Number(number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(literal(Literal::Null))
    }
}

fn literal(literal: Literal) -> Value {
    Value::Literal(literal, None)
}
