//! Exported keys: a JSON list of `{"key", "flags", "value"}`, the value in base64, indented with
//! tabs, byte for byte as `consul kv export` writes it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

use crate::failure::Failure;

/// One exported key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) flags: u64,
    pub(crate) value: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Form {
    key: String,
    #[serde(default)]
    flags: u64,
    #[serde(default)]
    value: Option<String>,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = Some(STANDARD.encode(&self.value));
        Form {
            key: self.key.clone(),
            flags: self.flags,
            value,
        }
        .serialize(serializer)
    }
}

/// Writes records one after the other, without a copy of the whole document in memory.
pub(crate) struct Writer<W: Write> {
    out: W,
    records: usize,
}

impl<W: Write> Writer<W> {
    /// Begins a document.
    pub(crate) fn new(out: W) -> Self {
        Self { out, records: 0 }
    }

    /// Adds a record.
    pub(crate) fn write(&mut self, record: &Record) -> io::Result<()> {
        let mut text = Vec::with_capacity(record.value.len() * 2);
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        record.serialize(&mut serde_json::Serializer::with_formatter(
            &mut text, formatter,
        ))?;
        self.out
            .write_all(if self.records == 0 { b"[\n" } else { b",\n" })?;
        self.records += 1;
        for (position, line) in text.split(|byte| *byte == b'\n').enumerate() {
            self.out
                .write_all(if position == 0 { b"\t" } else { b"\n\t" })?;
            self.line(line)?;
        }
        Ok(())
    }

    /// A line with the escapes that Go makes for `<`, `>` and `&`.
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        for part in line.split_inclusive(|byte| matches!(byte, b'<' | b'>' | b'&')) {
            let (plain, escape) = match part {
                [plain @ .., b'<'] => (plain, "\\u003c"),
                [plain @ .., b'>'] => (plain, "\\u003e"),
                [plain @ .., b'&'] => (plain, "\\u0026"),
                plain => (plain, ""),
            };
            self.out.write_all(plain)?;
            self.out.write_all(escape.as_bytes())?;
        }
        Ok(())
    }

    /// Ends the document.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.records == 0 { b"[]\n" } else { b"\n]\n" };
        self.out.write_all(end)?;
        self.out.flush()
    }
}

/// Reads a document; `prefix` is put before every key. Nothing is accepted that could not all be
/// written: what is wrong is named by its position and key.
pub(crate) fn read(document: &[u8], prefix: &str) -> Result<Vec<Record>, Failure> {
    let wrong = |error| Failure::caused(crate::exit::Exit::Failure, anyhow::Error::from(error));
    let forms: Vec<Form> = serde_json::from_slice(document).map_err(|error| {
        wrong(error)
            .context("read the document")
            .with_next("quorate kv export, to see what a document looks like")
    })?;
    let mut keys = BTreeSet::new();
    let mut records = Vec::with_capacity(forms.len());
    for (position, form) in forms.into_iter().enumerate() {
        let record = record(form, prefix)
            .map_err(|reason| refuse(&format!("record {}: {reason}", position + 1)))?;
        if !keys.insert(record.key.clone()) {
            return Err(refuse(&format!("key {:?} stands in it twice", record.key)));
        }
        records.push(record);
    }
    Ok(records)
}

fn refuse(reason: &str) -> Failure {
    Failure::new(
        crate::exit::Exit::Failure,
        format!("the document cannot be imported: {reason}"),
    )
}

fn record(form: Form, prefix: &str) -> Result<Record, String> {
    if form.key.is_empty() {
        return Err("the key is empty".into());
    }
    let value = STANDARD
        .decode(form.value.unwrap_or_default())
        .map_err(|error| format!("the value of {:?} is not base64: {error}", form.key))?;
    Ok(Record {
        key: format!("{prefix}{}", form.key),
        flags: form.flags,
        value: value.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let record = |key: &str, flags, value: &'static [u8]| Record {
            key: key.into(),
            flags,
            value: Bytes::from_static(value),
        };
        vec![
            record("x/bin", u64::MAX, b"a\0b\xff"),
            record("x/dir/", 0, b""),
        ]
    }

    fn written(records: &[Record]) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        records
            .iter()
            .for_each(|record| writer.write(record).unwrap());
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_document_is_written_as_consul_writes_it() {
        // What `consul kv export` of 1.8.7 printed for the same keys.
        let expected = "[\n\t{\n\t\t\"key\": \"x/bin\",\n\t\t\"flags\": 18446744073709551615,\n\
                        \t\t\"value\": \"YQBi/w==\"\n\t},\n\t{\n\t\t\"key\": \"x/dir/\",\n\
                        \t\t\"flags\": 0,\n\t\t\"value\": \"\"\n\t}\n]\n";
        assert_eq!(written(&records()), expected);
        assert_eq!(written(&[]), "[]\n");
    }

    #[test]
    fn a_key_is_escaped_as_go_escapes_it() {
        let record = Record {
            key: "a<b>&\"c".into(),
            flags: 0,
            value: Bytes::new(),
        };
        let text = written(std::slice::from_ref(&record));
        assert!(
            text.contains(r#""key": "a\u003cb\u003e\u0026\"c""#),
            "{text}"
        );
        assert_eq!(read(text.as_bytes(), "").ok(), Some(vec![record]));
    }

    #[test]
    fn a_document_is_read_back_byte_for_byte() {
        assert_eq!(
            read(written(&records()).as_bytes(), "").ok(),
            Some(records())
        );
        let moved = read(written(&records()).as_bytes(), "to/").ok().unwrap();
        assert_eq!(moved[0].key, "to/x/bin");
    }

    #[test]
    fn a_wrong_document_is_refused_as_a_whole() {
        for (document, reason) in [
            (r#"[{"key":"","flags":0,"value":""}]"#, "empty"),
            (r#"[{"key":"a","value":"%"}]"#, "base64"),
            (r#"[{"key":"a"},{"key":"a"}]"#, "twice"),
            (r#"{"key":"a"}"#, "read the document"),
        ] {
            let message = read(document.as_bytes(), "")
                .err()
                .unwrap()
                .view()
                .error
                .message;
            assert!(message.contains(reason), "{message}");
        }
    }
}
