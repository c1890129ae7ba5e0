//! Bytes as Consul's JSON carries them: standard base64 with padding; no bytes are `null`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use std::borrow::Cow;

/// Writes base64, or `null` when there are no bytes (for `#[serde(with = …)]`).
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    if bytes.is_empty() {
        return serializer.serialize_none();
    }
    serializer.serialize_str(&STANDARD.encode(bytes))
}

/// Reads base64 or `null` (for `#[serde(with = …)]`).
///
/// # Errors
/// When the text is not base64.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = Option::<Text<'de>>::deserialize(deserializer)?;
    match text {
        None => Ok(Bytes::new()),
        Some(Text(text)) => STANDARD
            .decode(text.as_bytes())
            .map(Bytes::from)
            .map_err(|e| D::Error::custom(format_args!("illegal base64 data: {e}"))),
    }
}

/// Borrows the text where the input allows it, so that large values are copied once.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Appends `bytes` to `out` as a JSON base64 text, or as `null` when there are none.
pub(crate) fn write(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_empty() {
        out.extend_from_slice(b"null");
        return;
    }
    out.push(b'"');
    let start = out.len();
    let length = bytes.len().div_ceil(3) * 4;
    out.resize(start + length, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]);
    debug_assert_eq!(
        written,
        Ok(length),
        "the length of padded base64 is known beforehand"
    );
    out.push(b'"');
}
