//! Items as a JSON object.

use serde_json::{Map, Number, Value as Json};

use super::{Item, Literal, Value};

/// Reads a text as an object. Blocks of one name become a list, and labels become keys.
pub(crate) fn to_object(text: &str) -> Result<Map<String, Json>, String> {
    object(super::parse(text)?)
}

fn object(items: Vec<Item>) -> Result<Map<String, Json>, String> {
    let mut fields = Map::new();
    for item in items {
        let at = item.at();
        let mut keys = item.keys.into_iter().map(|key| key.text);
        let name = keys.next().unwrap_or_default();
        let labels: Vec<String> = keys.collect();
        let value = value(item.value).map_err(|problem| match at {
            Some(at) => format!("At {at}: {problem}"),
            None => problem,
        })?;
        // The innermost label holds the block.
        let is_labelled = !labels.is_empty();
        let value = labels.into_iter().rev().fold(value, |value, label| {
            Json::Object(Map::from_iter([(label, value)]))
        });
        match fields.get_mut(&name) {
            Some(there) if is_labelled => merge(there, value),
            Some(there) => append(there, value),
            None => drop(fields.insert(name, value)),
        }
    }
    Ok(fields)
}

fn value(value: Value) -> Result<Json, String> {
    Ok(match value {
        Value::Object(items) => Json::Object(object(items)?),
        Value::List(values, _) => {
            let values = values.into_iter().map(self::value);
            Json::Array(values.collect::<Result<_, _>>()?)
        }
        Value::Literal(Literal::Text(text), _) => Json::String(text),
        Value::Literal(Literal::Number(text), _) => Json::Number(number(&text)?),
        Value::Literal(Literal::Bool(flag), _) => Json::Bool(flag),
        Value::Literal(Literal::Null, _) => Json::Null,
    })
}

/// A whole number, also as `0x1f` or `017`, or any other.
fn number(text: &str) -> Result<Number, String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let octal = digits.strip_prefix('0').filter(|rest| !rest.is_empty());
    let whole = match (hex, octal) {
        (Some(hex), _) => i64::from_str_radix(&format!("{sign}{hex}"), 16).ok(),
        (None, Some(octal)) => i64::from_str_radix(&format!("{sign}{octal}"), 8).ok(),
        (None, None) => text.parse().ok(),
    };
    let other = || text.parse().ok().and_then(Number::from_f64);
    let number = whole.map(Number::from).or_else(other);
    number.ok_or_else(|| format!("{text} is no number"))
}

/// Puts a labelled block beside others of the same name.
fn merge(there: &mut Json, value: Json) {
    match (there, value) {
        (Json::Object(there), Json::Object(more)) => {
            for (label, value) in more {
                match there.get_mut(&label) {
                    Some(inner) => merge(inner, value),
                    None => drop(there.insert(label, value)),
                }
            }
        }
        (there, value) => append(there, value),
    }
}

/// What stands there twice is a list; of single values the last one counts.
fn append(there: &mut Json, value: Json) {
    match (there, value) {
        (Json::Array(there), Json::Array(more)) => there.extend(more),
        (Json::Array(there), one) => there.push(one),
        (there @ Json::Object(_), one @ Json::Object(_)) => {
            let first = std::mem::take(there);
            *there = Json::Array(vec![first, one]);
        }
        (there, value) => *there = value,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Json {
        Json::Object(to_object(text).unwrap())
    }

    #[test]
    fn values_keep_their_type() {
        let text =
            "a = \"x\" b = 7 c = -1.5 d = true e = [1, \"y\"] f { g = 0x1f h = 010 } i = 1e3";
        let expected = json!({"a": "x", "b": 7, "c": -1.5, "d": true, "e": [1, "y"],
            "f": {"g": 31, "h": 8}, "i": 1000.0});
        assert_eq!(read(text), expected);
    }

    #[test]
    fn blocks_of_one_name_are_a_list_and_labels_are_keys() {
        let text = "splits { weight = 90 } splits { weight = 10 }\n\
            subsets \"v1\" { filter = \"a\" } subsets \"v2\" { filter = \"b\" }";
        let expected = json!({"splits": [{"weight": 90}, {"weight": 10}],
            "subsets": {"v1": {"filter": "a"}, "v2": {"filter": "b"}}});
        assert_eq!(read(text), expected);
        let three = read("a { b = 1 } a { b = 2 } a { b = 3 }");
        assert_eq!(three["a"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn of_a_value_that_stands_there_twice_the_last_one_counts() {
        assert_eq!(read("a = 1 a = 2"), json!({"a": 2}));
    }

    #[test]
    fn what_is_no_number_is_named() {
        let error = to_object("a = 1.2.3").unwrap_err();
        assert!(error.contains("1:1") && error.contains("1.2.3"), "{error}");
    }
}
