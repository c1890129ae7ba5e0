//! The form with a field a line: `"Name" : value`.

use std::fmt::{Display, Write as _};

use quorate_etcd::v3::raw::proto::etcdserverpb::ResponseHeader;

/// Fields that are being written.
#[derive(Debug, Default)]
pub(crate) struct Fields(String);

impl Fields {
    /// A field that is shown as it is.
    pub(crate) fn field(&mut self, name: &str, value: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "\"{name}\" : {value}");
    }

    /// A text or bytes.
    pub(crate) fn quoted(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.field(name, quote(bytes.as_ref()));
    }

    /// The header of an answer.
    pub(crate) fn header(&mut self, header: Option<&ResponseHeader>) {
        let header = header.copied().unwrap_or_default();
        self.field("ClusterID", header.cluster_id);
        self.field("MemberID", header.member_id);
        self.field("Revision", header.revision);
        self.field("RaftTerm", header.raft_term);
    }

    /// A line of its own form.
    pub(crate) fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// All of it.
    pub(crate) fn end(self) -> String {
        self.0
    }
}

/// Bytes in quotes, with the escapes that Go makes.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| escape(&mut out, c));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn escape(out: &mut String, c: char) {
    let short = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => "",
    };
    let _ = match (u32::from(c), short) {
        (number, "") if number < 0x20 || number == 0x7f => write!(out, "\\x{number:02x}"),
        (number, "") if is_hidden(c) && number > 0xffff => write!(out, "\\U{number:08x}"),
        (number, "") if is_hidden(c) => write!(out, "\\u{number:04x}"),
        (_, "") => write!(out, "{c}"),
        (_, short) => write!(out, "{short}"),
    };
}

/// Whether nothing is seen of it where it stands.
fn is_hidden(c: char) -> bool {
    // Behind a letter, where a mark that combines is seen.
    !c.is_ascii() && (c.is_whitespace() || format!("a{c}").escape_debug().count() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_quoted_as_go_quotes_them() {
        // What etcdctl 3.5.16 printed.
        assert_eq!(
            quote("{\"a\":\"ü\u{1}\"}".as_bytes()),
            r#""{\"a\":\"ü\x01\"}""#
        );
        assert_eq!(quote(b"\xff\x01\t\""), r#""\xff\x01\t\"""#);
        assert_eq!(quote(b"b\nr<&>"), r#""b\nr<&>""#);
        assert_eq!(quote("\u{200b}\u{e000}".as_bytes()), r#""\u200b\ue000""#);
    }

    #[test]
    fn a_field_stands_on_its_line() {
        let mut fields = Fields::default();
        fields.field("Count", 2);
        fields.quoted("Key", "a b");
        assert_eq!(fields.end(), "\"Count\" : 2\n\"Key\" : \"a b\"\n");
    }
}
