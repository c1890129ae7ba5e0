//! One thing: its fields, one a line, for people; itself for programs.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Style, View};

/// One thing. The JSON is the thing, with the names of the protocol.
pub(crate) struct Object<T> {
    thing: T,
    /// For a thing that is no object: the one line of it, and its name in JSON.
    name: Option<&'static str>,
    /// Fields that people don't see.
    hidden: &'static [&'static str],
}

impl<T> Object<T> {
    /// A thing with fields.
    pub(crate) fn of(thing: T) -> Self {
        Self {
            thing,
            name: None,
            hidden: &[],
        }
    }

    /// The same, without some of its fields for people.
    pub(crate) fn hiding(mut self, fields: &'static [&'static str]) -> Self {
        self.hidden = fields;
        self
    }

    /// A single text or number: people see it alone, programs as the field `name`.
    pub(crate) fn new(name: &'static str, thing: T) -> Self {
        Self {
            thing,
            name: Some(name),
            hidden: &[],
        }
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.name {
            Some(name) => serializer.collect_map([(name, &self.thing)]),
            None => self.thing.serialize(serializer),
        }
    }
}

impl<T: Serialize> View for Object<T> {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let mut value = serde_json::to_value(&self.thing).map_err(io::Error::other)?;
        if let Value::Object(fields) = &mut value {
            fields.retain(|name, _| !self.hidden.contains(&name.as_str()));
        }
        match &value {
            Value::Object(_) => fields(&value, out, style),
            single => writeln!(out, "{}", style.line(&shown(single))),
        }
    }
}

/// Each field on its line; texts of several lines stand below, as they are.
fn fields(value: &Value, out: &mut dyn Write, style: &Style) -> io::Result<()> {
    let mut lines = Vec::new();
    flatten("", value, &mut lines);
    let (texts, lines): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .partition(|(_, value)| value.trim_end().contains('\n'));
    let width = lines.iter().map(|(name, _)| name.chars().count()).max();
    for (name, value) in &lines {
        let width = width.unwrap_or_default();
        writeln!(out, "{name:width$}  {}", style.line(value))?;
    }
    for (name, text) in &texts {
        writeln!(out, "{name}:\n{}", style.clean(text.trim_end()))?;
    }
    Ok(())
}

/// The fields with their paths; what is empty is left out.
fn flatten(path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                flatten(&path, value, lines);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, item) in items.iter().enumerate() {
                flatten(&format!("{path}[{at}]"), item, lines);
            }
        }
        value => {
            let text = shown(value);
            if !text.is_empty() {
                lines.push((path.to_owned(), text));
            }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(view: &impl View) -> String {
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_stand_under_each_other_and_nothing_empty_is_shown() {
        let thing = json!({"ID": "x", "Meta": {"rack": "a"}, "Tags": ["b", "c"], "Notes": "", "Checks": [{"Name": "n"}]});
        let shown = text(&Object::of(thing));
        assert_eq!(
            shown,
            "Checks[0].Name  n\nID              x\nMeta.rack       a\nTags            b, c\n"
        );
    }

    #[test]
    fn a_text_of_several_lines_stands_below_the_others() {
        let thing = json!({"Hash": "x", "Name": "n", "Rules": "a {\n}\n"});
        let object = Object::of(thing).hiding(&["Hash"]);
        assert_eq!(text(&object), "Name  n\nRules:\na {\n}\n");
        assert!(serde_json::to_string(&object).unwrap().contains("Hash"));
    }

    #[test]
    fn a_single_value_stands_alone_and_has_a_name_for_programs() {
        let id = Object::new("ID", "x");
        assert_eq!(text(&id), "x\n");
        assert_eq!(serde_json::to_string(&id).unwrap(), r#"{"ID":"x"}"#);
    }
}
