//! JSON bodies, and how they go wrong.

use super::{Generator, pool};
use crate::request::{Body, Request};

/// A field, and the values that suit it, as JSON.
pub(super) type Field<'a> = (&'a str, &'a [&'a str]);

impl Generator {
    /// An object of some of these fields, now and then with something wrong.
    pub(super) fn object(&mut self, required: &[(&str, String)], optional: &[Field<'_>]) -> String {
        let mut fields = Vec::new();
        for (name, value) in required {
            if !self.one_in(30) {
                fields.push(((*name).to_owned(), value.clone()));
            }
        }
        for (name, values) in optional {
            if self.one_in(3) {
                let value = self.pick(values).to_owned();
                fields.push(((*name).to_owned(), value));
            }
        }
        if self.one_in(10) {
            self.spoil(&mut fields);
        }
        if self.one_in(10) && fields.len() > 1 {
            let at = self.random.below(fields.len() as u64) as usize;
            fields.swap(0, at);
        }
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", fields.join(","))
    }

    fn spoil(&mut self, fields: &mut Vec<(String, String)>) {
        if fields.is_empty() || self.one_in(6) {
            let name = self.pick(&["Bogus", "", "Namespace", "CreateIndex", "<&>\\u00e4"]);
            let value = self.pick(&pool::WRONG).to_owned();
            fields.push((name.to_owned(), value));
            return;
        }
        let at = self.random.below(fields.len() as u64) as usize;
        match self.random.below(5) {
            0 | 1 => fields[at].1 = self.pick(&pool::WRONG).to_owned(),
            2 => fields[at].0 = fields[at].0.to_lowercase(),
            3 => fields[at].0 = fields[at].0.to_uppercase(),
            _ => {
                let (name, value) = fields[at].clone();
                let value = match self.one_in(2) {
                    true => value,
                    false => self.pick(&pool::WRONG).to_owned(),
                };
                fields.push((name, value));
            }
        }
    }

    /// Makes a body of JSON into one that is none, or hardly.
    pub(super) fn break_body(&mut self, request: &mut Request) {
        let Body::Text(text) = &request.body else {
            return;
        };
        let text = text.clone();
        let length = text.chars().count() as u64;
        let at = self.random.below(length + 1) as usize;
        let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
        let (before, after) = text.split_at(at);
        let body = match self.random.below(8) {
            0 | 1 => self.pick(&pool::NO_JSON).to_owned(),
            2 | 3 => before.to_owned(),
            4 => {
                let noise = self.pick(&[
                    "x", "\"", ",", ":", "{", "]", "\\", "\n", "\u{1}", "é", "-", "0",
                ]);
                format!("{before}{noise}{after}")
            }
            5 => {
                let rest: String = after.chars().skip(1).collect();
                format!("{before}{rest}")
            }
            6 => format!("  \r\n\t{text}  x"),
            _ => {
                request.body = self.bytes_within(before, after);
                return;
            }
        };
        request.body = Body::Text(body);
    }

    /// Bytes that are no text, amid text without references.
    fn bytes_within(&mut self, before: &str, after: &str) -> Body {
        let whole = format!("{before}{after}");
        if whole.contains('⟦') {
            return Body::Text(whole);
        }
        let noise: &[u8] = match self.random.below(4) {
            0 => b"\xff",
            1 => b"\xe2\x82",
            2 => b"\xc3\x28",
            _ => b"\xed\xa0\x80",
        };
        Body::Bytes([before.as_bytes(), noise, after.as_bytes()].concat())
    }
}
