//! Places in a document, by path.

use serde_json::{Map, Value};

use super::ConfigError;

/// Sets what is at `path`, and makes the maps above it.
pub(super) fn set(document: &mut Value, path: &str, value: Value) -> Result<(), ConfigError> {
    let mut place = document;
    let mut walked = 0;
    for segment in path.split('/') {
        if !place.is_object() {
            let above = path[..walked].trim_end_matches('/');
            if place.is_array() {
                let message = format!("`{above}` is a list: set it as a whole");
                return Err(ConfigError::Encode(message));
            }
            *place = Value::Object(Map::new());
        }
        let name = crate::tree::unescape(segment).into_owned();
        walked += segment.len() + 1;
        place = match place {
            Value::Object(map) => map.entry(name).or_insert(Value::Null),
            other => other,
        };
    }
    *place = value;
    Ok(())
}

/// Removes what is at `path`.
pub(super) fn remove(document: &mut Value, path: &str) {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut place = Some(document);
    for segment in above.split('/').filter(|segment| !segment.is_empty()) {
        let name = crate::tree::unescape(segment);
        place = place.and_then(|place| place.get_mut(&*name));
    }
    if let Some(Value::Object(map)) = place {
        map.remove(&*crate::tree::unescape(name));
    }
}

/// What a person means by `text` at `path`: `None` if it is a text.
pub(super) fn typed(document: &Value, path: &str, text: &str) -> Option<Value> {
    let mut place = Some(document);
    for segment in path.split('/') {
        place = place.and_then(|place| place.get(&*crate::tree::unescape(segment)));
    }
    if place.is_some_and(Value::is_string) {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_is_set_and_removed_by_its_path() {
        let mut document = json!({"a": {"b": 1}, "c": "x", "l": [1]});
        set(&mut document, "a/d/e", json!(2)).unwrap();
        set(&mut document, "c/y", json!(3)).unwrap();
        remove(&mut document, "a/b");
        remove(&mut document, "none/at/all");
        assert_eq!(
            document,
            json!({"a": {"d": {"e": 2}}, "c": {"y": 3}, "l": [1]})
        );
        assert!(set(&mut document, "l/1", json!(1)).is_err());
    }

    #[test]
    fn what_was_typed_is_a_number_unless_there_is_a_text() {
        let document = json!({"a": "1", "b": 1});
        assert_eq!(typed(&document, "a", "2"), None);
        assert_eq!(typed(&document, "b", "2"), Some(json!(2)));
        assert_eq!(typed(&document, "new", "true"), Some(json!(true)));
        assert_eq!(typed(&document, "new", "plain"), None);
    }
}
