//! JSON as etcd writes it.

use serde::Serialize;
use serde_json::ser::Serializer;

use crate::consul::json::GoFormatter;

/// How control characters are written: it depends on the Go that built the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Escapes {
    /// A backspace is `\b`, a form feed `\f`: Go 1.22 and newer, so etcd 3.5.16.
    #[default]
    Short,
    /// They are `\u0008` and `\u000c`: older ones, so etcd 3.4.23.
    Long,
}

/// Encodes `value` byte for byte as etcd 3.5.16 does, without the line feed that ends the bodies
/// of keys, members, users and roles (see [`encode_line`]).
///
/// # Errors
/// Only when a map of `value` has keys that are no texts.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    encode_as(value, Escapes::default())
}

/// The same with a line feed behind it.
///
/// # Errors
/// As [`encode`].
pub fn encode_line<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = encode(value)?;
    out.push(b'\n');
    Ok(out)
}

/// The same as [`encode`] as another server does it.
///
/// # Errors
/// As [`encode`].
pub fn encode_as<T: Serialize + ?Sized>(
    value: &T,
    escapes: Escapes,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(128);
    let formatter = GoFormatter {
        short_escapes: escapes == Escapes::Short,
    };
    value.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_its_own_escapes() {
        let text = "<\u{8}\u{c}>\u{7f}";
        let short = encode_line(text).unwrap();
        assert_eq!(short, b"\"\\u003c\\b\\f\\u003e\x7f\"\n");
        let long = encode_as(text, Escapes::Long).unwrap();
        assert_eq!(long, b"\"\\u003c\\u0008\\u000c\\u003e\x7f\"");
    }
}
