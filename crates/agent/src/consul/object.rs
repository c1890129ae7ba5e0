//! The objects of a body, field by field.

use std::collections::BTreeMap;

use super::decode::{DecodeError, Json, Kind, Place};

/// One kind of object, and how it is named in errors.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    /// Where it stands itself.
    pub(crate) place: Place<'static>,
    /// What stands before a field's name.
    pub(crate) path: &'static str,
    /// Its fields as Consul spells them; they are found in any case of letters.
    pub(crate) fields: &'static [&'static str],
    /// Whether other fields are refused.
    pub(crate) strict: bool,
}

impl Object {
    /// Calls `field` with the name of each field, in lower case, and its value; with the names of
    /// fields that are not listed too, unless it is strict.
    pub(crate) fn each(
        self,
        object: Json<'_>,
        mut field: impl FnMut(&str, Field<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        match object.kind() {
            Kind::Null => return Ok(()),
            Kind::Object => {}
            _ => return Err(object.mismatch(self.place)),
        }
        let mut first = Ok(());
        for (name, value) in object.fields() {
            let mut fields = self.fields.iter();
            let listed = fields.find(|listed| listed.eq_ignore_ascii_case(&name));
            let read = if listed.is_none() && self.strict {
                Err(unknown(&name))
            } else {
                let path = format!("{}{}", self.path, listed.copied().unwrap_or(&name));
                field(&name.to_ascii_lowercase(), Field { value, path: &path })
            };
            match read {
                Err(error) if error.ends() => return Err(error),
                read => first = first.and(read),
            }
        }
        first
    }
}

/// Consul explains one of the fields that it does not know.
fn unknown(name: &str) -> DecodeError {
    let error = DecodeError::unknown_field(name);
    match name {
        "Namespace" => DecodeError::new(format!(
            "{error} - Namespaces are a Consul Enterprise feature"
        )),
        _ => error,
    }
}

/// One field's value, and its name for errors.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) value: Json<'a>,
    path: &'a str,
}

impl<'a> Field<'a> {
    /// The same value with another name for errors.
    pub(super) fn named(self, path: &'a str) -> Self {
        Self { path, ..self }
    }
    pub(super) fn place(&self, type_name: &'static str) -> Place<'_> {
        Place {
            field: self.path,
            type_name,
        }
    }

    pub(crate) fn text(&self, into: &mut String) -> Result<(), DecodeError> {
        self.text_of("string", into)
    }

    /// A text that Go knows by a type of its own.
    pub(super) fn text_of(
        &self,
        type_name: &'static str,
        into: &mut String,
    ) -> Result<(), DecodeError> {
        if let Some(text) = self.value.text(self.place(type_name))? {
            *into = text;
        }
        Ok(())
    }

    pub(super) fn flag(&self, into: &mut bool) -> Result<(), DecodeError> {
        *into = self.value.bool(self.place("bool"))?.unwrap_or(*into);
        Ok(())
    }

    pub(super) fn number(&self, into: &mut i64) -> Result<(), DecodeError> {
        *into = self.value.i64(self.place("int"))?.unwrap_or(*into);
        Ok(())
    }

    /// An index, which the agent has no use for.
    pub(super) fn index(&self) -> Result<(), DecodeError> {
        self.value.u64(self.place("uint64"))?;
        Ok(())
    }

    pub(crate) fn texts(&self, into: &mut Vec<String>) -> Result<(), DecodeError> {
        let texts = self.value.texts(self.place("[]string"), "string")?;
        *into = texts.unwrap_or_default();
        Ok(())
    }

    /// A map, read over the one that is there.
    pub(super) fn map(
        &self,
        into: &mut Option<BTreeMap<String, String>>,
    ) -> Result<(), DecodeError> {
        match self.value.kind() {
            Kind::Null => *into = None,
            Kind::Object => {
                let map = into.get_or_insert_default();
                for (name, value) in self.value.fields() {
                    let text = value.text(self.place("string"))?.unwrap_or_default();
                    map.insert(name.into_owned(), text);
                }
            }
            _ => return Err(self.value.mismatch(self.place("map[string]string"))),
        }
        Ok(())
    }
}
