//! JSON as Go writes the messages: fields in their order, nothing that is empty, bytes in base64.

use std::fmt::{Display, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_etcd::v3::raw::proto::etcdserverpb::ResponseHeader;

/// An object that is being written.
#[derive(Debug)]
pub(crate) struct Object(String);

impl Object {
    /// The object that `fill` makes.
    pub(crate) fn of(fill: impl FnOnce(&mut Self)) -> String {
        let mut object = Self("{".to_owned());
        fill(&mut object);
        object.0.push('}');
        object.0
    }

    fn name(&mut self, name: &str) -> &mut String {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        // Writing to a string does not fail.
        let _ = write!(self.0, "\"{name}\":");
        &mut self.0
    }

    /// A number, or what else stands there as it is shown.
    pub(crate) fn always(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.name(name), "{value}");
    }

    /// A number that is not 0, or `true`.
    pub(crate) fn some<T: Display + Default + PartialEq>(&mut self, name: &str, value: T) {
        if value != T::default() {
            self.always(name, value);
        }
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.always(name, quoted(text));
        }
    }

    /// Bytes that are some.
    pub(crate) fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.text(name, &STANDARD.encode(bytes));
    }

    /// An object.
    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.always(name, Self::of(fill));
    }

    /// Things in a list, if there are any.
    pub(crate) fn list<T>(&mut self, name: &str, items: &[T], of: impl Fn(&T) -> String) {
        if !items.is_empty() {
            self.always(name, array(items, of));
        }
    }

    /// Texts in a list, if there are any.
    pub(crate) fn texts(&mut self, name: &str, texts: &[String]) {
        self.list(name, texts, |text| quoted(text));
    }

    /// The header of an answer.
    pub(crate) fn header(&mut self, header: Option<&ResponseHeader>) {
        if let Some(header) = header {
            self.object("header", |object| object.flat_header(Some(header)));
        }
    }

    /// What a header has, as fields of the object itself.
    pub(crate) fn flat_header(&mut self, header: Option<&ResponseHeader>) {
        let header = header.copied().unwrap_or_default();
        self.some("cluster_id", header.cluster_id);
        self.some("member_id", header.member_id);
        self.some("revision", header.revision);
        self.some("raft_term", header.raft_term);
    }
}

/// Things in a list.
pub(crate) fn array<T>(items: &[T], of: impl Fn(&T) -> String) -> String {
    let items: Vec<_> = items.iter().map(of).collect();
    format!("[{}]", items.join(","))
}

/// A text with the escapes that Go makes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_the_order_stays() {
        let text = Object::of(|object| {
            object.some("z", 0);
            object.some("b", 7);
            object.text("a", "<x>");
            object.bytes("k", b"foo");
            object.texts("none", &[]);
            object.object("o", |inner| inner.some("more", true));
        });
        assert_eq!(
            text,
            r#"{"b":7,"a":"\u003cx\u003e","k":"Zm9v","o":{"more":true}}"#
        );
    }
}
