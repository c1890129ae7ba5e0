//! Foreign text that may not command the terminal, or may not break a line.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with each control character but newline and tab replaced by U+FFFD, and the
/// characters that turn the direction of text around too: a key cannot paint over a line.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let commands = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_bidi(c);
    if text.contains(commands) {
        Cow::Owned(text.replace(commands, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The bytes as text of one line: UTF-8 in quotes with escapes where needed, anything else as
/// `base64:…`, and no more than `limit` characters of it.
pub(crate) fn one_line(bytes: &[u8], limit: usize) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        use base64::Engine;
        let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
        return format!("base64:{}", shorten(&encoded, limit));
    };
    let mut line = String::with_capacity(text.len() + 2);
    line.push('"');
    for c in shorten(text, limit).chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if c.is_control() || is_bidi(c) => {
                // Writing to a String cannot fail.
                let _ = write!(line, "\\u{{{:x}}}", u32::from(c));
            }
            c => line.push(c),
        }
    }
    line.push('"');
    line
}

/// At most `limit` characters, with an ellipsis where some were left out.
pub(crate) fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_instead_of_obeyed() {
        assert_eq!(visible("a\x1b]0;x\x07b"), "a\u{fffd}]0;x\u{fffd}b");
        assert_eq!(visible("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(visible("line\n\ttab"), "line\n\ttab");
    }

    #[test]
    fn one_line_never_has_a_line_break() {
        assert_eq!(one_line(b"a\nb\"\\\x1b", 99), "\"a\\nb\\\"\\\\\\u{1b}\"");
        assert_eq!(one_line(b"\xff\x00", 99), "base64:/wA=");
        assert_eq!(one_line("äöü".as_bytes(), 2), "\"äö…\"");
    }
}
