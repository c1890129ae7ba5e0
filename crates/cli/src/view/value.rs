//! Bytes in JSON: as text where they are UTF-8, as base64 where they are not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// A value: `value` is the text itself with `"encoding":"utf-8"`, or base64 with
/// `"encoding":"base64"`, so that every byte is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ValueView {
    value: String,
    encoding: &'static str,
}

impl From<&[u8]> for ValueView {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self {
                value: text.to_owned(),
                encoding: "utf-8",
            },
            Err(_) => Self {
                value: STANDARD.encode(bytes),
                encoding: "base64",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_other_bytes_become_base64() {
        let text = serde_json::to_string(&ValueView::from(&b"a\n"[..])).unwrap();
        assert_eq!(text, r#"{"value":"a\n","encoding":"utf-8"}"#);
        let bytes = serde_json::to_string(&ValueView::from(&b"\xff"[..])).unwrap();
        assert_eq!(bytes, r#"{"value":"/w==","encoding":"base64"}"#);
    }
}
