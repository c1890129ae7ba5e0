//! Texts in double quotes, as Go writes them.

use std::fmt::Write as _;

use quorate_wire::consul::duration::ParseDurationError;
use quorate_wire::consul::path::is_printable;

/// `text` in double quotes, as Go's `%q` writes it.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        push_escaped(&mut quoted, c);
    }
    quoted.push('"');
    quoted
}

fn push_escaped(out: &mut String, c: char) {
    let short = match c {
        '"' | '\\' => Some(c),
        '\u{7}' => Some('a'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{b}' => Some('v'),
        _ => None,
    };
    let code = u32::from(c);
    // Writing to a text does not fail.
    let _ = match short {
        Some(short) => write!(out, "\\{short}"),
        None if is_printable(c) => write!(out, "{c}"),
        None if c < ' ' => write!(out, "\\x{code:02x}"),
        None if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        None => write!(out, "\\U{code:08x}"),
    };
}

/// A byte in single quotes, as Go's JSON decoder names one that is wrong: bytes above ASCII look
/// like the characters of that number.
pub(crate) fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".into(),
        b'"' => "'\"'".into(),
        byte => {
            let mut quoted = String::from("'");
            push_escaped(&mut quoted, char::from(byte));
            quoted + "'"
        }
    }
}

/// Several errors as Consul lists them.
pub(crate) fn errors(texts: &[String]) -> String {
    let plural = if texts.len() == 1 { "error" } else { "errors" };
    let mut all = format!("{} {plural} occurred:\n", texts.len());
    for text in texts {
        // Writing to a text does not fail.
        let _ = writeln!(all, "\t* {text}");
    }
    all.push('\n');
    all
}

/// Why Go does not read a text as a duration. It puts the text between quotes as it is.
pub(crate) fn in_gos_words(problem: &ParseDurationError) -> String {
    match problem {
        ParseDurationError::MissingUnit(text) => {
            format!("time: missing unit in duration \"{text}\"")
        }
        ParseDurationError::UnknownUnit { unit, text } => {
            format!("time: unknown unit \"{unit}\" in duration \"{text}\"")
        }
        ParseDurationError::Invalid(text) | ParseDurationError::OutOfRange(text) => {
            format!("time: invalid duration \"{text}\"")
        }
        other => format!("time: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Consul 1.8.7 answered about the same keys.
    #[test]
    fn what_cannot_be_printed_is_escaped_as_go_does_it() {
        for (text, quoted) in [
            ("a\0b", r#""a\x00b""#),
            ("\u{1}\u{7f}\u{a0}\u{2028}", r#""\x01\u007f\u00a0\u2028""#),
            ("\u{7}\u{b}\u{e000}", r#""\a\v\ue000""#),
            ("\"\\é🦀", r#""\"\\é🦀""#),
        ] {
            assert_eq!(quote(text), quoted);
        }
        assert_eq!(quote_byte(0xe9), "'é'");
        assert_eq!(quote_byte(b'\n'), "'\\n'");
        assert_eq!(quote_byte(b'\\'), "'\\\\'");
    }
}
