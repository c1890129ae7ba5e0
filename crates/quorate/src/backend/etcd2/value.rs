//! Values: bytes here, text on etcd.
//!
//! etcd v2 replaces what is no UTF-8. So text is kept as it is, for whoever else reads it; any
//! other value becomes a data URL (RFC 2397) of its bytes, `data:;base64,AAEC`, which says of
//! itself what it is. So does text that begins like one. What others write is read the same way:
//! a well-formed `data:;base64,…` is its bytes, anything else is its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// What begins a value that is no text.
const MARK: &str = "data:;base64,";

/// The largest value: as a data URL in a form it is at most four times as long, and etcd reads no
/// body of more than 10 MiB.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// A value as etcd keeps it.
pub(super) fn encode(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.starts_with(MARK) => text.to_owned(),
        _ => format!("{MARK}{}", STANDARD.encode(value)),
    }
}

/// What a value of etcd means.
pub(super) fn decode(text: String) -> Bytes {
    let encoded = text.strip_prefix(MARK);
    match encoded.and_then(|encoded| STANDARD.decode(encoded).ok()) {
        Some(bytes) => bytes.into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_stays_text_for_other_clients() {
        for text in ["", "8080", "é ☃\n\0", "data:text/plain,x", "{\"a\":1}"] {
            assert_eq!(encode(text.as_bytes()), text);
            assert_eq!(decode(text.to_owned()), text);
        }
    }

    #[test]
    fn what_is_no_text_is_a_data_url() {
        assert_eq!(encode(&[0xff, 0, 1]), "data:;base64,/wAB");
        assert_eq!(decode("data:;base64,/wAB".into()), &[0xff, 0, 1][..]);
        let like_one = "data:;base64,/wAB";
        assert_ne!(encode(like_one.as_bytes()), like_one);
        assert_eq!(decode(encode(like_one.as_bytes())), like_one);
    }

    #[test]
    fn what_others_wrote_and_is_no_data_url_is_text() {
        for text in ["data:;base64,no base64", "data:;base64,/wA"] {
            assert_eq!(decode(text.into()), text);
        }
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value: Vec<u8>) {
            prop_assert_eq!(decode(encode(&value)), value);
        }

        #[test]
        fn every_text_comes_back(text: String) {
            prop_assert_eq!(decode(encode(text.as_bytes())), text);
        }
    }
}
