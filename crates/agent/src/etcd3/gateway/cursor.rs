//! The parts of a JSON value whose syntax is known to be right, one by one.

use std::borrow::Cow;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    ObjectOpen,
    ObjectClose,
    ArrayOpen,
    ArrayClose,
    /// A text, or the name of a field.
    Text,
    Number,
    Bool,
    Null,
    /// There is nothing more.
    End,
}

/// A part, and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) part: Part,
    /// As it is written.
    pub(super) raw: &'a [u8],
    at: usize,
}

/// Goes through a value.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first part of `json`, which must be one whole value.
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self { json, at: 0 }
    }

    /// The next part.
    pub(super) fn next(&mut self) -> Token<'a> {
        let rest = &self.json[self.at..];
        // Where commas and colons have to be is known already.
        let between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
        let skipped = rest.iter().take_while(|byte| between(byte)).count();
        let at = self.at + skipped;
        let rest = &self.json[at..];
        let (part, length) = match rest.first() {
            None => (Part::End, 0),
            Some(b'{') => (Part::ObjectOpen, 1),
            Some(b'}') => (Part::ObjectClose, 1),
            Some(b'[') => (Part::ArrayOpen, 1),
            Some(b']') => (Part::ArrayClose, 1),
            Some(b'"') => (Part::Text, text_length(rest)),
            Some(b'n') => (Part::Null, word_length(rest)),
            Some(b't' | b'f') => (Part::Bool, word_length(rest)),
            Some(_) => (Part::Number, word_length(rest)),
        };
        self.at = at + length;
        Token {
            part,
            raw: &rest[..length],
            at,
        }
    }

    /// The next part, which stays the next one.
    pub(super) fn peek(&self) -> Token<'a> {
        self.clone().next()
    }

    /// Goes on behind the value that comes next.
    pub(super) fn skip(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.next().part {
                Part::ObjectOpen | Part::ArrayOpen => open += 1,
                Part::ObjectClose | Part::ArrayClose => open = open.saturating_sub(1),
                Part::End => return,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }

    /// The line and the column of a part, both from 1 on.
    pub(super) fn place(&self, token: &Token<'_>) -> (usize, usize) {
        let before = &self.json[..token.at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let of_line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or(&[]);
        let column = String::from_utf8_lossy(of_line).chars().count() + 1;
        (line, column)
    }
}

impl<'a> Token<'a> {
    /// What a text says; nothing if it is not UTF-8, or has half of a character.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        let inner = self.raw.get(1..self.raw.len().checked_sub(1)?)?;
        if inner.contains(&b'\\') {
            return serde_json::from_slice::<String>(self.raw)
                .ok()
                .map(Cow::Owned);
        }
        str::from_utf8(inner).ok().map(Cow::Borrowed)
    }
}

/// The length of a text with its quotes.
fn text_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

fn word_length(rest: &[u8]) -> usize {
    let is_end = |byte: &u8| {
        matches!(byte, b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"') || byte.is_ascii_whitespace()
    };
    let length = rest.iter().take_while(|byte| !is_end(byte)).count();
    length.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(json: &str) -> Vec<(Part, String)> {
        let mut cursor = Cursor::new(json.as_bytes());
        let next = || {
            let token = cursor.next();
            let raw = String::from_utf8_lossy(token.raw).into_owned();
            (token.part != Part::End).then_some((token.part, raw))
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_value_has_these_parts() {
        let found = parts(" {\"a\\\"b\" : [-1.5e3, true,null] ,\"\":\"x\"}");
        let found: Vec<(Part, &str)> = found.iter().map(|(part, raw)| (*part, &**raw)).collect();
        assert_eq!(
            found,
            [
                (Part::ObjectOpen, "{"),
                (Part::Text, "\"a\\\"b\""),
                (Part::ArrayOpen, "["),
                (Part::Number, "-1.5e3"),
                (Part::Bool, "true"),
                (Part::Null, "null"),
                (Part::ArrayClose, "]"),
                (Part::Text, "\"\""),
                (Part::Text, "\"x\""),
                (Part::ObjectClose, "}"),
            ]
        );
    }

    #[test]
    fn a_value_is_skipped_with_all_that_is_in_it() {
        let mut cursor = Cursor::new(b"{\"a\":{\"b\":[1,{}]},\"c\":2}");
        cursor.next();
        cursor.next();
        cursor.skip();
        assert_eq!(cursor.peek().text().unwrap(), "c");
        cursor.next();
        cursor.skip();
        assert_eq!(cursor.next().part, Part::ObjectClose);
    }

    #[test]
    fn a_place_is_a_line_and_a_character() {
        let mut cursor = Cursor::new("{\"ä\":1,\n \"b\":2}".as_bytes());
        let mut places = Vec::new();
        while cursor.peek().part != Part::End {
            let token = cursor.next();
            places.push(cursor.place(&token));
        }
        assert_eq!(places, [(1, 1), (1, 2), (1, 6), (2, 2), (2, 6), (2, 7)]);
    }
}
