//! Request bodies, decoded the way Go does it, and refused in Go's words.
//!
//! Names of fields match in any case, the last of several equal ones counts, `null` leaves a field
//! at its default, and whatever follows the first JSON value is ignored. A type that does not fit
//! is an error that names the field.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::reply::{Refused, Reply};
use super::{base64_text, syntax};
use crate::quote::quote;

/// Why a body is refused, in Go's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    text: String,
    ends: bool,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl DecodeError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ends: false,
        }
    }

    /// An error that ends the decoding at once. Go goes on after others, to answer the first of
    /// them if none like this follows.
    pub(crate) fn ending(mut self) -> Self {
        self.ends = true;
        self
    }

    /// What the agent's own endpoints answer.
    pub(super) fn refuse(&self) -> Refused {
        // It is the catalog's alone to explain this.
        const EXPLAINED: &str = " - Namespaces are a Consul Enterprise feature";
        let text = self.text.strip_suffix(EXPLAINED).unwrap_or(&self.text);
        undecodable(text).into()
    }

    pub(crate) fn ends(&self) -> bool {
        self.ends
    }

    /// A field that the request does not have.
    pub(crate) fn unknown_field(name: &str) -> Self {
        Self::new(format!("json: unknown field {}", quote(name)))
    }
}

/// What most endpoints answer to a body that can't be decoded.
pub(super) fn undecodable(problem: impl fmt::Display) -> Reply {
    Reply::bad_request(format!("Request decode failed: {problem}"))
}

/// A body as text. Each byte that is no text becomes U+FFFD, as in Go, but outside of strings
/// there is no place for it.
pub(crate) fn text_of(body: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    if let Ok(text) = str::from_utf8(body) {
        return Ok(text.into());
    }
    syntax::first_value(body)?;
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(text.into())
}

/// One JSON value whose syntax is known to be right.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(&'a str);

/// The kinds of JSON values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl<'a> Json<'a> {
    /// The first JSON value in `text`.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        if let Ok(raw) = <&RawValue>::deserialize(&mut reader) {
            return Ok(Self(raw.get()));
        }
        // Go sees the end of a number elsewhere, and says more about what is wrong.
        let end = syntax::first_value(text.as_bytes())?;
        Ok(Self(text[..end].trim_ascii_start()))
    }

    pub(crate) fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The value as it was sent.
    pub(crate) fn raw(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The fields of an object, in their order; none for anything else.
    pub(crate) fn fields(self) -> Vec<(Cow<'a, str>, Json<'a>)> {
        serde_json::from_str(self.0).map_or_else(|_| Vec::new(), |Fields(fields)| fields)
    }

    /// The elements of an array; none for anything else.
    pub(crate) fn elements(self) -> Vec<Json<'a>> {
        let raw: Vec<&'a RawValue> = serde_json::from_str(self.0).unwrap_or_default();
        raw.into_iter().map(|raw| Json(raw.get())).collect()
    }

    /// The value in full.
    pub(crate) fn value(self) -> Result<serde_json::Value, DecodeError> {
        serde_json::from_str(self.0)
            .or_else(|_| serde_json::from_str(&without_halves(self.0)))
            .map_err(|error| DecodeError::new(error.to_string()))
    }

    /// The error of a value that does not fit into `place`.
    pub(crate) fn mismatch(self, place: Place<'_>) -> DecodeError {
        let kind = match self.kind() {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        };
        place.mismatch(kind)
    }

    /// A text; `None` for `null`.
    pub(crate) fn text(self, place: Place<'_>) -> Result<Option<String>, DecodeError> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::String => Ok(Some(self.string())),
            _ => Err(self.mismatch(place)),
        }
    }

    /// The text of a string. Halves of surrogate pairs, which are no text, become U+FFFD.
    pub(crate) fn string(self) -> String {
        serde_json::from_str(self.0)
            .or_else(|_| serde_json::from_str(self.0).map(|Lossy(text)| text))
            .unwrap_or_default()
    }

    /// The same, borrowed where nothing is escaped.
    fn borrowed(self) -> Cow<'a, str> {
        match serde_json::from_str::<&'a str>(self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(self.string()),
        }
    }

    /// A number from 0 to 2^64-1; `None` for `null`.
    pub(crate) fn u64(self, place: Place<'_>) -> Result<Option<u64>, DecodeError> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::Number => match self.0.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(place.mismatch(&format!("number {}", self.0))),
            },
            _ => Err(self.mismatch(place)),
        }
    }

    /// A number of any size; `None` for anything else.
    pub(crate) fn f64(self) -> Option<f64> {
        (self.kind() == Kind::Number)
            .then(|| self.0.parse().ok())
            .flatten()
    }

    /// A number that a float of 64 bits can hold; `None` for `null`.
    pub(crate) fn finite(self, place: Place<'_>) -> Result<Option<f64>, DecodeError> {
        match (self.kind(), self.f64()) {
            (Kind::Null, _) => Ok(None),
            (Kind::Number, Some(number)) if number.is_finite() => Ok(Some(number)),
            (Kind::Number, _) => Err(place.mismatch(&format!("number {}", self.0))),
            _ => Err(self.mismatch(place)),
        }
    }

    /// A whole number; `None` for `null`.
    pub(crate) fn i64(self, place: Place<'_>) -> Result<Option<i64>, DecodeError> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::Number => match self.0.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(place.mismatch(&format!("number {}", self.0))),
            },
            _ => Err(self.mismatch(place)),
        }
    }

    /// A flag; `None` for `null`.
    pub(crate) fn bool(self, place: Place<'_>) -> Result<Option<bool>, DecodeError> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::Bool => Ok(Some(self.0 == "true")),
            _ => Err(self.mismatch(place)),
        }
    }

    /// Bytes in base64, or as a list of numbers; `None` for `null`.
    pub(crate) fn bytes(self, place: Place<'_>) -> Result<Option<Bytes>, DecodeError> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::String => base64_text::decode(&self.string()).map(Some),
            Kind::Array => {
                let place = Place {
                    type_name: "uint8",
                    ..place
                };
                let bytes = self.elements().into_iter().map(|byte| byte.u8(place));
                bytes.collect::<Result<Bytes, _>>().map(Some)
            }
            _ => Err(self.mismatch(place)),
        }
    }

    /// A number from 0 to 255; `null` is 0.
    pub(crate) fn u8(self, place: Place<'_>) -> Result<u8, DecodeError> {
        match (self.kind(), self.0.parse()) {
            (Kind::Null, _) => Ok(0),
            (Kind::Number, Ok(number)) => Ok(number),
            (Kind::Number, Err(_)) => Err(place.mismatch(&format!("number {}", self.0))),
            _ => Err(self.mismatch(place)),
        }
    }

    /// A list of texts; `None` for `null`. `element` is the type of one as Go calls it.
    pub(crate) fn texts(
        self,
        place: Place<'_>,
        element: &str,
    ) -> Result<Option<Vec<String>>, DecodeError> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::Array => {
                let place = Place {
                    type_name: element,
                    ..place
                };
                let texts = self.elements().into_iter().map(|text| text.text(place));
                texts
                    .map(|text| Ok(text?.unwrap_or_default()))
                    .collect::<Result<_, _>>()
                    .map(Some)
            }
            _ => Err(self.mismatch(place)),
        }
    }

    /// As [`Json::texts`], read over a list that is there: Go leaves what a `null` stands in the
    /// place of.
    pub(crate) fn texts_over(
        self,
        old: &[String],
        place: Place<'_>,
        element: &str,
    ) -> Result<Option<Vec<String>>, DecodeError> {
        let mut texts = self.texts(place, element)?;
        for (at, value) in self.elements().into_iter().enumerate() {
            if let (Some(texts), Some(old)) = (&mut texts, old.get(at))
                && value.is_null()
            {
                texts[at].clone_from(old);
            }
        }
        Ok(texts)
    }
}

/// Where a value was to go: `field` is the path that Go prints (empty for the whole body), and
/// `type_name` Go's name of the type.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) field: &'a str,
    pub(crate) type_name: &'a str,
}

impl Place<'_> {
    fn mismatch(self, what: &str) -> DecodeError {
        let Self { field, type_name } = self;
        DecodeError::new(if field.is_empty() {
            format!("json: cannot unmarshal {what} into Go value of type {type_name}")
        } else {
            format!(
                "json: cannot unmarshal {what} into Go struct field {field} of type {type_name}"
            )
        })
    }
}

struct Fields<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<&'de RawValue>()? {
                    let value: &'de RawValue = map.next_value()?;
                    fields.push((Json(name.get()).borrowed(), Json(value.get())));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// JSON in which halves of surrogate pairs stand for U+FFFD.
fn without_halves(json: &str) -> String {
    let unit = |rest: &str| {
        let digits = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4));
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let low = || escape.get(6..).and_then(unit);
        let length = match unit(escape) {
            None => escape
                .char_indices()
                .nth(2)
                .map_or(escape.len(), |(at, _)| at),
            Some(0xd800..=0xdbff) if matches!(low(), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                whole.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            Some(_) => 6,
        };
        whole.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    whole + rest
}

/// A text in which what is no text was replaced.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                let mut text = String::with_capacity(bytes.len());
                for chunk in bytes.utf8_chunks() {
                    text.push_str(chunk.valid());
                    // Half a pair arrives as three bytes of which the first alone says so.
                    if chunk.invalid() == [0xed] {
                        text.push(char::REPLACEMENT_CHARACTER);
                    }
                }
                Ok(Lossy(text))
            }
        }
        deserializer.deserialize_bytes(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U64: Place<'_> = Place {
        field: "KVTxnOp.KV.Flags",
        type_name: "uint64",
    };

    fn parse(text: &str) -> Json<'_> {
        Json::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_first_value_counts_and_the_rest_is_ignored() {
        assert!(parse("  {}garbage").fields().is_empty());
        assert_eq!(parse("[1,2]x").elements().len(), 2);
        for (text, error) in [
            ("", "EOF"),
            (" \n", "EOF"),
            ("{", "unexpected EOF"),
            ("[{", "unexpected EOF"),
            ("\"a", "unexpected EOF"),
            ("x", "invalid character 'x' looking for beginning of value"),
        ] {
            assert_eq!(
                Json::parse(text).err(),
                Some(DecodeError::new(error)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_type_that_does_not_fit_is_named_as_go_names_it() {
        for (text, error) in [
            (
                "\"5\"",
                "json: cannot unmarshal string into Go struct field KVTxnOp.KV.Flags of type uint64",
            ),
            (
                "-5",
                "json: cannot unmarshal number -5 into Go struct field KVTxnOp.KV.Flags of type uint64",
            ),
            (
                "1.5",
                "json: cannot unmarshal number 1.5 into Go struct field KVTxnOp.KV.Flags of type uint64",
            ),
            (
                "{}",
                "json: cannot unmarshal object into Go struct field KVTxnOp.KV.Flags of type uint64",
            ),
        ] {
            assert_eq!(parse(text).u64(U64), Err(DecodeError::new(error)));
        }
        assert_eq!(parse("null").u64(U64), Ok(None));
        assert_eq!(parse("18446744073709551615").u64(U64), Ok(Some(u64::MAX)));
    }

    #[test]
    fn halves_of_surrogate_pairs_are_replaced_in_names_and_whole_values() {
        let text = r#"{"\ud800":"\ud83e\udd80 \\ud800 \udc00x\n","a\udfff":["\ud83e"]}"#;
        let json = parse(text);
        let names: Vec<_> = json.fields().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["\u{fffd}", "a\u{fffd}"]);
        let value = json.value().unwrap();
        assert_eq!(value["\u{fffd}"], "🦀 \\ud800 \u{fffd}x\n");
        assert_eq!(value["a\u{fffd}"][0], "\u{fffd}");
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(parse(r#""a\ud800b""#).string(), "a\u{fffd}b");
        assert_eq!(
            parse(r#""\udc00\ud800\ud800""#).string(),
            "\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(parse(r#""\ud83e\udd80""#).string(), "🦀");
    }

    #[test]
    fn fields_keep_their_order_and_their_doubles() {
        let fields = parse(r#"{"Name":"a","n\u0061me":"b"}"#).fields();
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["Name", "name"]);
    }
}
