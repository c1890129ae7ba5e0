//! A request's path as etcd reads it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What becomes of a path before any endpoint sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// The decoded path, which needed no cleaning.
    Clean(Cow<'a, str>),
    /// The decoded path without empty and dot segments, which it had.
    Cleaned(String),
    /// A `%` without two hex digits.
    Malformed,
}

impl<'a> Target<'a> {
    /// Decodes and cleans `raw`. An escaped slash is a slash.
    pub(super) fn parse(raw: &'a str) -> Self {
        let decoded = if raw.contains('%') {
            if !is_percent_encoded(raw.as_bytes()) {
                return Self::Malformed;
            }
            Cow::Owned(percent_decode_str(raw).decode_utf8_lossy().into_owned())
        } else {
            Cow::Borrowed(raw)
        };
        match clean(&decoded) {
            None => Self::Clean(decoded),
            Some(cleaned) => Self::Cleaned(cleaned),
        }
    }
}

fn is_percent_encoded(bytes: &[u8]) -> bool {
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).all(|at| bytes[at] != b'%' || (is_hex(at + 1) && is_hex(at + 2)))
}

/// The path without empty and dot segments, or `None` if it has none. A slash at the end stays.
fn clean(path: &str) -> Option<String> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let is_odd = |segment: &str| matches!(segment, "" | "." | "..");
    if path == "/" || !inner.split('/').any(is_odd) {
        return None;
    }
    let mut cleaned = crate::engine::etcd2::clean(path).into_string();
    if path.ends_with('/') && cleaned != "/" {
        cleaned.push('/');
    }
    Some(cleaned)
}

/// The path as Go writes it into a `Location`.
pub(super) fn encode(path: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(path.len() + 16);
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_path_stays_as_it_is() {
        for path in [
            "/",
            "/v2/keys",
            "/v2/keys/",
            "/v2/keys/a/b",
            "/v2/keys/...",
            "/a/.b",
        ] {
            assert_eq!(Target::parse(path), Target::Clean(path.into()), "{path}");
        }
        assert_eq!(Target::parse("/a%2Fb%20c"), Target::Clean("/a/b c".into()));
    }

    #[test]
    fn segments_that_say_nothing_are_cleaned_away() {
        let cases = [
            ("//", "/"),
            ("/v2/keys//a", "/v2/keys/a"),
            ("/v2/keys/a/../b/", "/v2/keys/b/"),
            ("/v2/keys/./a", "/v2/keys/a"),
            ("/v2/keys/%2e%2e/x", "/v2/x"),
            ("/v2/keys//", "/v2/keys/"),
        ];
        for (path, cleaned) in cases {
            assert_eq!(
                Target::parse(path),
                Target::Cleaned(cleaned.into()),
                "{path}"
            );
        }
    }

    #[test]
    fn a_broken_escape_is_no_path() {
        for path in ["/%", "/%zz", "/a%2"] {
            assert_eq!(Target::parse(path), Target::Malformed, "{path}");
        }
    }
}
