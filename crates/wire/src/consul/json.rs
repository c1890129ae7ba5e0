//! JSON as Go writes it: `<`, `>`, `&`, U+2028 and U+2029 are escaped in texts.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

/// Encodes `value` byte for byte as Consul does.
///
/// # Errors
/// Only when a map of `value` has keys that are no texts.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(128);
    let formatter = GoFormatter {
        short_escapes: false,
    };
    value.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    Ok(out)
}

/// Writes the pieces of texts that serde_json leaves alone and Go escapes.
pub(crate) struct GoFormatter {
    /// Whether a backspace is `\b` and a form feed `\f`, as since Go 1.22, or `\u0008` and `\u000c`.
    pub(crate) short_escapes: bool,
}

impl Formatter for GoFormatter {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if !fragment
            .bytes()
            .any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2))
        {
            return writer.write_all(fragment.as_bytes());
        }
        let mut out = Vec::with_capacity(fragment.len() + 16);
        write_fragment(&mut out, fragment);
        writer.write_all(&out)
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        write_f64(writer, number)
    }

    fn write_char_escape<W>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        match escape {
            CharEscape::Backspace if !self.short_escapes => writer.write_all(b"\\u0008"),
            CharEscape::FormFeed if !self.short_escapes => writer.write_all(b"\\u000c"),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

/// Writes a number as Go does: the shortest digits, with an exponent only beyond 1e-6 and 1e21.
fn write_f64<W: ?Sized + io::Write>(writer: &mut W, number: f64) -> io::Result<()> {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return write!(writer, "{number}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => write!(writer, "{digits}e+{power}"),
        _ => writer.write_all(text.as_bytes()),
    }
}

/// Appends `text` as a JSON string, escaped as Go's encoder does: `<`, `>`, `&`, U+2028 and
/// U+2029 as `\u…` too.
pub(crate) fn write_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_fragment(out, text);
    out.push(b'"');
}

/// Appends `bytes` as a JSON string; each byte that is not UTF-8 becomes `\ufffd`, as in Go.
pub(crate) fn write_lossy(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        write_fragment(out, chunk.valid());
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

fn write_fragment(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let skip = match byte {
            0x00..=0x1f | b'"' | b'\\' | b'<' | b'>' | b'&' => 1,
            0xe2 if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => 3,
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..at]);
        write_escape(out, byte, bytes.get(at + 2).copied());
        start = at + skip;
    }
    out.extend_from_slice(&bytes[start..]);
}

fn write_escape(out: &mut Vec<u8>, byte: u8, third: Option<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0xe2 => {
            let last = if third == Some(0xa8) { b'8' } else { b'9' };
            out.extend_from_slice(b"\\u202");
            out.push(last);
        }
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 0xf)]);
        }
    }
}

/// Appends `number` in decimal.
pub(crate) fn write_u64(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_reads_back_the_same() {
        let text = "a\"b\\c\n\r\t\u{1}<>&\u{2028}\u{2029}\u{2027}é漢🦀";
        let mut out = Vec::new();
        write_str(&mut out, text);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        let json = String::from_utf8(out).unwrap();
        assert!(
            json.contains("\\u003c\\u003e\\u0026\\u2028\\u2029"),
            "{json}"
        );
    }

    #[test]
    fn any_value_is_escaped_as_go_escapes_it() {
        let json = encode(&["a<b>&\u{2028}\"\n€"]).unwrap();
        assert_eq!(
            json,
            "[\"a\\u003cb\\u003e\\u0026\\u2028\\\"\\n€\"]".as_bytes()
        );
    }

    // What Consul 1.8.7 made of the same numbers.
    #[test]
    fn fractions_are_written_as_go_writes_them() {
        for (number, text) in [
            (0.0, "0"),
            (-1.5, "-1.5"),
            (3.0, "3"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e300, "1.25e+300"),
        ] {
            assert_eq!(encode(&number).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 7, 10, 999, u64::MAX] {
            let mut out = Vec::new();
            write_u64(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
