//! Where a text stops being JSON, in the words of Go's decoder.

use super::decode::DecodeError;
use crate::quote::quote_byte;

/// Finds the end of the first JSON value in `text`; what follows it does not matter.
///
/// A value that is cut off is an `unexpected EOF`, and none at all an `EOF`. Anything else names
/// the byte that is wrong and what was expected.
pub(crate) fn first_value(text: &[u8]) -> Result<usize, DecodeError> {
    let mut scan = Scan { text, at: 0 };
    if scan.skip_space().is_none() {
        return Err(DecodeError::new("EOF"));
    }
    scan.values()?;
    Ok(scan.at)
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

type Scanned = Result<(), DecodeError>;

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte, which the value can't do without.
    fn next(&mut self) -> Result<u8, DecodeError> {
        let byte = self.peek();
        let byte = byte.ok_or_else(|| DecodeError::new("unexpected EOF"))?;
        self.at += 1;
        Ok(byte)
    }

    fn skip_space(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    fn next_token(&mut self) -> Result<u8, DecodeError> {
        self.skip_space();
        self.next()
    }

    /// One value with everything in it. Nesting is counted on the heap: it has no limit but that
    /// of the body.
    fn values(&mut self) -> Scanned {
        let mut open: Vec<u8> = Vec::new();
        loop {
            let byte = self.next_token()?;
            match byte {
                b'{' | b'[' => {
                    let close = if byte == b'{' { b'}' } else { b']' };
                    if self.skip_space() == Some(close) {
                        self.at += 1;
                    } else {
                        open.push(close);
                        self.key_if_object(close)?;
                        continue;
                    }
                }
                byte => self.scalar(byte)?,
            }
            // A value is over, and with it maybe what it is in.
            loop {
                let Some(close) = open.last().copied() else {
                    return Ok(());
                };
                match self.next_token()? {
                    b',' => {
                        self.key_if_object(close)?;
                        break;
                    }
                    byte if byte == close => {
                        open.pop();
                    }
                    byte if close == b'}' => return wrong(byte, "after object key:value pair"),
                    byte => return wrong(byte, "after array element"),
                }
            }
        }
    }

    fn key_if_object(&mut self, close: u8) -> Scanned {
        if close != b'}' {
            return Ok(());
        }
        match self.next_token()? {
            b'"' => self.string()?,
            byte => return wrong(byte, "looking for beginning of object key string"),
        }
        match self.next_token()? {
            b':' => Ok(()),
            byte => wrong(byte, "after object key"),
        }
    }

    fn scalar(&mut self, first: u8) -> Scanned {
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(first),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            byte => wrong(byte, "looking for beginning of value"),
        }
    }

    /// The rest of a string.
    fn string(&mut self) -> Scanned {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                byte if byte < 0x20 => return wrong(byte, "in string literal"),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Scanned {
        match self.next()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    let byte = self.next()?;
                    if !byte.is_ascii_hexdigit() {
                        return wrong(byte, "in \\u hexadecimal character escape");
                    }
                }
                Ok(())
            }
            byte => wrong(byte, "in string escape code"),
        }
    }

    fn number(&mut self, mut first: u8) -> Scanned {
        if first == b'-' {
            first = self.next()?;
            if !first.is_ascii_digit() {
                return wrong(first, "in numeric literal");
            }
        }
        if first != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, place: &str) -> Scanned {
        let byte = self.next()?;
        if !byte.is_ascii_digit() {
            return wrong(byte, place);
        }
        self.digits();
        Ok(())
    }

    /// The rest of a word.
    fn literal(&mut self, word: &str) -> Scanned {
        for expected in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != expected {
                let expected = char::from(expected);
                return wrong(byte, &format!("in literal {word} (expecting '{expected}')"));
            }
        }
        Ok(())
    }
}

fn wrong(byte: u8, place: &str) -> Scanned {
    let byte = quote_byte(byte);
    Err(DecodeError::new(format!(
        "invalid character {byte} {place}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_ends_where_it_is_whole() {
        for (text, end) in [
            ("{}x", 2),
            (" [1,{\"a\":[]}] []", 13),
            ("01", 1),
            ("truex", 4),
            ("-1.5e+3 ", 7),
            ("\"\\u00e4\\\"\"", 10),
        ] {
            assert_eq!(first_value(text.as_bytes()), Ok(end), "{text}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(first_value(deep.as_bytes()), Ok(deep.len()));
    }

    // What Consul 1.8.7 answered to the same bodies.
    #[test]
    fn what_is_wrong_is_told_in_gos_words() {
        for (text, error) in [
            ("", "EOF"),
            (" \n", "EOF"),
            ("{\"a\":1", "unexpected EOF"),
            ("1e", "unexpected EOF"),
            ("nul", "unexpected EOF"),
            ("{\"a\"}", "invalid character '}' after object key"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 2}",
                "invalid character '2' after object key:value pair",
            ),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            (
                "nulx",
                "invalid character 'x' in literal null (expecting 'l')",
            ),
            ("[01]", "invalid character '1' after array element"),
            ("-x", "invalid character 'x' in numeric literal"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            (
                "1e+x",
                "invalid character 'x' in exponent of numeric literal",
            ),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            (
                "\"\\u12g4\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            ("é", "invalid character 'Ã' looking for beginning of value"),
        ] {
            assert_eq!(
                first_value(text.as_bytes()),
                Err(DecodeError::new(error)),
                "{text}"
            );
        }
    }
}
