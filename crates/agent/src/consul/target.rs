//! A request's target as Consul reads it: the decoded and cleaned path, and the parameters.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use quorate_wire::consul::path::is_printable;

/// What becomes of a path before any endpoint sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Path<'a> {
    /// The decoded path, which needed no cleaning.
    Clean(Cow<'a, [u8]>),
    /// The path had empty or dot segments: the client is sent to this one, encoded again.
    Redirect(String),
    /// A `%` without two hex digits: the request is refused before anything else.
    Malformed,
    /// A character that can't be printed: Consul answers 400 without a word.
    NonPrintable,
}

impl<'a> Path<'a> {
    /// Decodes and judges `raw`.
    pub(crate) fn parse(raw: &'a str) -> Self {
        if is_plain(raw.as_bytes()) {
            return Self::Clean(Cow::Borrowed(raw.as_bytes()));
        }
        if !is_percent_encoded(raw) {
            return Self::Malformed;
        }
        let decoded: Cow<'a, [u8]> = percent_decode_str(raw).into();
        if !is_all_printable(&decoded) {
            return Self::NonPrintable;
        }
        match clean(&decoded) {
            None => Self::Clean(decoded),
            Some(cleaned) => Self::Redirect(encode(&cleaned)),
        }
    }
}

/// Whether the path is printable ASCII without escapes and without anything to clean: the usual
/// case, told in one pass.
fn is_plain(path: &[u8]) -> bool {
    let mut previous = 0;
    for &byte in path {
        let suspicious = !(0x20..0x7f).contains(&byte)
            || byte == b'%'
            || (previous == b'/' && matches!(byte, b'/' | b'.'));
        if suspicious {
            return false;
        }
        previous = byte;
    }
    path.first() == Some(&b'/')
}

fn is_percent_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).all(|at| bytes[at] != b'%' || (is_hex(at + 1) && is_hex(at + 2)))
}

/// Bytes that are not UTF-8 count as U+FFFD, which can be printed.
fn is_all_printable(path: &[u8]) -> bool {
    path.utf8_chunks()
        .all(|chunk| chunk.valid().chars().all(is_printable))
}

/// The path without empty and dot segments, or `None` if it has none. A slash at the end stays.
fn clean(path: &[u8]) -> Option<Vec<u8>> {
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut cleaned = Vec::with_capacity(path.len());
    for segment in &segments {
        cleaned.push(b'/');
        cleaned.extend_from_slice(segment);
    }
    if cleaned.is_empty() || path.ends_with(b"/") {
        cleaned.push(b'/');
    }
    (cleaned != path).then_some(cleaned)
}

/// Encodes a path as Go's `URL.EscapedPath` does.
fn encode(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len() + 16);
    for &byte in path {
        let keep = byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
        push_encoded(&mut text, byte, keep);
    }
    text
}

fn push_encoded(text: &mut String, byte: u8, keep: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if keep {
        text.push(char::from(byte));
    } else {
        text.push('%');
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// The parameters of a request, decoded, in their order.
#[derive(Debug, Default)]
pub(crate) struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// Decodes `query`; `None` when an escape in it is malformed. Pairs end at `&` or `;`, and
    /// bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn parse(query: &'a str) -> Option<Self> {
        let mut pairs = Vec::new();
        for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Some(Self(pairs))
    }

    /// The first value of `name`, which is empty for a flag.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_ref())
    }

    /// Whether `name` is given, with or without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Every parameter's name and value, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Every value of `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(given, _)| given == name);
        found.map(|(_, value)| value.as_ref())
    }

    /// The value of `name`, unless it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The parameters sorted by name and encoded again, as Consul's errors show them.
    pub(crate) fn sorted(&self) -> String {
        let mut pairs: Vec<_> = self.0.iter().collect();
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut text = String::new();
        for (name, value) in pairs {
            if !text.is_empty() {
                text.push('&');
            }
            push_query(&mut text, name);
            text.push('=');
            push_query(&mut text, value);
        }
        text
    }
}

fn push_query(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte == b' ' {
            out.push('+');
        } else {
            let keep = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            push_encoded(out, byte, keep);
        }
    }
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    if !is_percent_encoded(text) {
        return None;
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8_lossy().into_owned();
    Some(Cow::Owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean_path(raw: &str) -> Vec<u8> {
        match Path::parse(raw) {
            Path::Clean(path) => path.into_owned(),
            other => panic!("{raw}: {other:?}"),
        }
    }

    #[test]
    fn a_path_that_needs_nothing_is_borrowed() {
        for raw in [
            "/",
            "/v1/kv/a",
            "/v1/kv/a/",
            "/v1/kv/a.b/c..",
            "/v1/kv/a+b:c@d",
        ] {
            assert!(
                matches!(Path::parse(raw), Path::Clean(Cow::Borrowed(_))),
                "{raw}"
            );
        }
    }

    #[test]
    fn escapes_are_decoded_and_names_that_start_with_a_dot_stay() {
        for (raw, path) in [
            ("/v1/%6bv/a%20b", &b"/v1/kv/a b"[..]),
            ("/v1/kv/a%2Fb%3f", b"/v1/kv/a/b?"),
            ("/v1/kv/%ff", b"/v1/kv/\xff"),
            ("/v1/kv/...", b"/v1/kv/..."),
            ("/v1/kv/.a/..b", b"/v1/kv/.a/..b"),
            ("/v1/kv/%ef%bf%bd", b"/v1/kv/\xef\xbf\xbd"),
        ] {
            assert_eq!(clean_path(raw), path, "{raw}");
        }
    }

    // What Consul 1.8.7 answers to the same paths.
    #[test]
    fn empty_and_dot_segments_lead_to_a_redirect() {
        for (raw, to) in [
            ("//v1/kv/a", "/v1/kv/a"),
            ("/v1/kv/a//b", "/v1/kv/a/b"),
            ("/v1/kv/a%2F%2Fb", "/v1/kv/a/b"),
            ("/v1/kv/%2Fa", "/v1/kv/a"),
            ("/v1/kv/a/../b", "/v1/kv/b"),
            ("/v1/kv/../../x", "/x"),
            ("/v1/kv/a/.", "/v1/kv/a"),
            ("/v1/kv/a//", "/v1/kv/a/"),
            ("/v1/kv/a/..%2f", "/v1/kv/"),
            ("/..", "/"),
            ("/v1/kv//a%20b%3f<", "/v1/kv/a%20b%3F%3C"),
            ("/v1/kv//%c3%a4", "/v1/kv/%C3%A4"),
        ] {
            assert_eq!(Path::parse(raw), Path::Redirect(to.into()), "{raw}");
        }
    }

    #[test]
    fn broken_escapes_and_unprintable_characters_are_refused() {
        for raw in ["/v1/kv/a%zz", "/v1/kv/%", "/v1/kv/%4"] {
            assert_eq!(Path::parse(raw), Path::Malformed, "{raw}");
        }
        for raw in [
            "/%0A",
            "/%09",
            "/%e2%80%a8",
            "/%c2%ad",
            "/%c2%a0",
            "/%7f",
            "/%ee%80%80",
        ] {
            assert_eq!(Path::parse(raw), Path::NonPrintable, "{raw}");
        }
    }

    #[test]
    fn parameters_are_decoded_and_the_first_of_a_name_counts() {
        let params = Params::parse("a=1&b=x+y%26&a=2&&flag;c=3&empty=").unwrap();
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(params.get("b"), Some("x y&"));
        assert_eq!(params.get("c"), Some("3"));
        assert!(params.has("flag") && !params.has("none"));
        assert_eq!(
            (params.get("empty"), params.text("empty")),
            (Some(""), None)
        );
        assert!(Params::parse("x=%zz").is_none());
        assert!(Params::parse("").unwrap().0.is_empty());
    }

    #[test]
    fn sorted_parameters_look_as_in_consuls_errors() {
        let params = Params::parse("release=1&flags=2&acquire=x&cas=%20b&token=tt").unwrap();
        assert_eq!(
            params.sorted(),
            "acquire=x&cas=+b&flags=2&release=1&token=tt"
        );
        assert_eq!(
            Params::parse("recurse&cas=1").unwrap().sorted(),
            "cas=1&recurse="
        );
    }
}
