//! Leaves, to and from bytes.

use std::borrow::Cow;
use std::str::FromStr;

use serde::de::{Unexpected, Visitor};

use super::error::{TreeError, TreeProblem};
use super::options::Scalars;

type Result<T> = std::result::Result<T, TreeError>;

/// A text as a leaf.
pub(super) fn write_text(text: &str, scalars: Scalars) -> Result<Vec<u8>> {
    match scalars {
        Scalars::Text => Ok(text.as_bytes().to_vec()),
        Scalars::Json => serde_json::to_vec(text).map_err(serde::ser::Error::custom),
    }
}

/// A finite number, or whatever else plain text can say: `text` is its `Debug` form, which is the
/// shortest that is read as the same number, and JSON if it is finite.
pub(super) fn write_float(finite: bool, text: String, scalars: Scalars) -> Result<Vec<u8>> {
    match scalars {
        Scalars::Json if !finite => Err(TreeProblem::NotFinite.into()),
        Scalars::Text | Scalars::Json => Ok(text.into_bytes()),
    }
}

/// The text of a leaf.
pub(super) fn text(value: &[u8], scalars: Scalars) -> Result<Cow<'_, str>> {
    let text = std::str::from_utf8(value).map_err(|_| wrong("a text", "bytes"))?;
    Ok(match scalars {
        Scalars::Text => Cow::Borrowed(text),
        Scalars::Json => unquoted(text).map_or(Cow::Borrowed(text), Cow::Owned),
    })
}

fn unquoted(text: &str) -> Option<String> {
    let trimmed = text.trim_ascii();
    let quoted = trimmed.starts_with('"');
    quoted.then(|| serde_json::from_str(trimmed).ok()).flatten()
}

/// A number, of whatever type is wanted.
pub(super) fn number<T: FromStr>(value: &[u8], expected: &str, scalars: Scalars) -> Result<T> {
    let text = text(value, scalars).map_err(|_| wrong(expected, "bytes"))?;
    let parsed = text.trim().parse();
    parsed.map_err(|_| wrong(expected, "another value"))
}

/// A flag; Python's words for them are known too.
pub(super) fn flag(value: &[u8], scalars: Scalars) -> Result<bool> {
    let text = text(value, scalars).map_err(|_| wrong("true or false", "bytes"))?;
    match text.trim() {
        "true" | "True" => Ok(true),
        "false" | "False" => Ok(false),
        _ => Err(wrong("true or false", "another value")),
    }
}

/// Whether a leaf says that there is nothing.
pub(super) fn is_null(value: &[u8], scalars: Scalars) -> bool {
    scalars == Scalars::Json && value.trim_ascii() == b"null"
}

/// A leaf for a visitor that takes what comes.
pub(super) fn any<'de, V: Visitor<'de>>(
    value: &[u8],
    scalars: Scalars,
    visitor: V,
) -> Result<V::Value> {
    let Ok(text) = std::str::from_utf8(value) else {
        return visitor.visit_bytes(value);
    };
    if scalars == Scalars::Text {
        return visitor.visit_str(text);
    }
    match text.trim_ascii() {
        "null" => visitor.visit_unit(),
        "true" => visitor.visit_bool(true),
        "false" => visitor.visit_bool(false),
        trimmed => match trimmed.bytes().next() {
            Some(b'-' | b'0'..=b'9') => any_number(trimmed, text, visitor),
            Some(b'"') => match unquoted(trimmed) {
                Some(text) => visitor.visit_string(text),
                None => visitor.visit_str(text),
            },
            _ => visitor.visit_str(text),
        },
    }
}

/// A JSON number, exactly: one that no integer can hold is a float only if it says so itself.
fn any_number<'de, V: Visitor<'de>>(number: &str, text: &str, visitor: V) -> Result<V::Value> {
    // `007` and `1.` are no JSON; they are texts.
    let Ok(parsed) = serde_json::from_str::<serde_json::Number>(number) else {
        return visitor.visit_str(text);
    };
    if let Some(number) = parsed.as_u64() {
        return visitor.visit_u64(number);
    }
    if let Some(number) = parsed.as_i64() {
        return visitor.visit_i64(number);
    }
    if let Some(number) = number.parse().ok().filter(|number: &u128| *number > 0) {
        return visitor.visit_u128(number);
    }
    if let Some(number) = number.parse().ok().filter(|number: &i128| *number < 0) {
        return visitor.visit_i128(number);
    }
    match parsed.as_f64() {
        Some(number) => visitor.visit_f64(number),
        None => Err(serde::de::Error::invalid_value(
            Unexpected::Other("number"),
            &visitor,
        )),
    }
}

pub(super) fn wrong(expected: &str, found: &'static str) -> TreeError {
    let expected = expected.to_owned();
    TreeProblem::WrongType { expected, found }.into()
}
