//! JSON made protobuf, refused in the words of Go's decoders.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::BufMut;
use quorate_etcd_proto::prost::encoding::{WireType, encode_key, encode_varint};

use super::cursor::{Cursor, Part, Token};
use super::number;
use super::schema::{Field, Kind, MessageId, Schema};
use crate::consul::first_value;

/// How deep messages may be in each other: what reads them takes no more.
const MAX_DEPTH: usize = 90;

/// What is wrong with a value.
pub(super) type Wrong = String;

/// The message that the first value in `json` says. What follows the value does not matter.
pub(super) fn first(schema: &Schema, message: MessageId, json: &[u8]) -> Result<Vec<u8>, Wrong> {
    let end = first_value(json).map_err(|error| error.to_string())?;
    let begin = json.iter().take_while(|byte| byte.is_ascii_whitespace());
    let value = json.get(begin.count()..end).unwrap_or_default();
    let mut reader = Reader {
        schema,
        cursor: Cursor::new(value),
    };
    let mut out = Vec::with_capacity(value.len());
    reader.message(message, MAX_DEPTH, &mut out)?;
    Ok(out)
}

struct Reader<'a> {
    schema: &'a Schema,
    cursor: Cursor<'a>,
}

/// The fields of a message that are there already.
#[derive(Default)]
struct Seen {
    fields: Vec<u32>,
    oneofs: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn message(&mut self, id: MessageId, depth: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let open = self.cursor.next();
        if open.part != Part::ObjectOpen {
            return Err(self.unexpected(&open));
        }
        let depth = depth.checked_sub(1);
        let depth = depth.ok_or_else(|| "proto: exceeded max recursion depth".to_owned())?;
        let message = self.schema.message(id);
        let mut seen = Seen::default();
        loop {
            let name = self.cursor.next();
            if name.part != Part::Text {
                return Ok(());
            }
            match message.named(&self.text(&name)?) {
                None => self.cursor.skip(),
                Some(field) => {
                    self.check(&name, field, &message.oneofs, &mut seen)?;
                    self.field(field, depth, out)?;
                }
            }
        }
    }

    /// Whether a field may be there.
    fn check(
        &self,
        name: &Token<'_>,
        field: &Field,
        oneofs: &[String],
        seen: &mut Seen,
    ) -> Result<(), Wrong> {
        let raw = String::from_utf8_lossy(name.raw);
        if seen.fields.contains(&field.number) {
            return Err(self.wrong(name, &format!("duplicate field {raw}")));
        }
        seen.fields.push(field.number);
        let is_null = self.cursor.peek().part == Part::Null;
        let Some(oneof) = field.oneof.filter(|_| !is_null) else {
            return Ok(());
        };
        if seen.oneofs.contains(&oneof) {
            let called = oneofs.get(oneof).map(String::as_str).unwrap_or_default();
            let text = format!("error parsing {raw}, oneof {called} is already set");
            return Err(self.wrong(name, &text));
        }
        seen.oneofs.push(oneof);
        Ok(())
    }

    fn field(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
        if self.cursor.peek().part == Part::Null {
            self.cursor.next();
            return Ok(());
        }
        if !field.is_list {
            return self.value(field, depth, out);
        }
        let open = self.cursor.next();
        if open.part != Part::ArrayOpen {
            return Err(self.unexpected(&open));
        }
        while self.cursor.peek().part != Part::ArrayClose {
            self.value(field, depth, out)?;
        }
        self.cursor.next();
        Ok(())
    }

    fn value(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
        if let Kind::Message(id) = field.kind {
            let mut inner = Vec::new();
            self.message(id, depth, &mut inner)?;
            put_bytes(field.number, &inner, out);
            return Ok(());
        }
        let token = self.cursor.next();
        let put = match field.kind {
            Kind::Text => self.text_of(&token)?.map(|text| {
                put_bytes(field.number, text.as_bytes(), out);
            }),
            Kind::Bytes => self.text_of(&token)?.and_then(|text| {
                let bytes = bytes(&text)?;
                put_bytes(field.number, &bytes, out);
                Some(())
            }),
            Kind::Enum(id) if token.part == Part::Text => {
                // A name that nobody knows says nothing.
                let known = self.schema.enumeration(id).number(&self.text(&token)?);
                if let Some(known) = known {
                    put_varint(field.number, i64::from(known).cast_unsigned(), out);
                }
                Some(())
            }
            _ => self.number(field.kind, &token)?.map(|number| {
                put_varint(field.number, number, out);
            }),
        };
        put.ok_or_else(|| self.invalid(field, &token))
    }

    /// A number or a flag, as it is encoded; nothing if it is none, or too large.
    fn number(&self, kind: Kind, token: &Token<'_>) -> Result<Option<u64>, Wrong> {
        let text = match (token.part, kind) {
            (Part::Bool, Kind::Bool) => return Ok(Some(u64::from(token.raw == b"true"))),
            (_, Kind::Bool) => return Ok(None),
            (Part::Number, _) => String::from_utf8_lossy(token.raw),
            (Part::Text, Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64) => {
                self.text(token)?
            }
            _ => return Ok(None),
        };
        Ok(number::whole(&text).and_then(|number| match kind {
            Kind::Int32 | Kind::Enum(_) => {
                let number = i32::try_from(number).ok()?;
                Some(i64::from(number).cast_unsigned())
            }
            Kind::Int64 => Some(i64::try_from(number).ok()?.cast_unsigned()),
            Kind::Uint32 => Some(u64::from(u32::try_from(number).ok()?)),
            _ => u64::try_from(number).ok(),
        }))
    }

    fn text_of(&self, token: &Token<'a>) -> Result<Option<std::borrow::Cow<'a, str>>, Wrong> {
        match token.part {
            Part::Text => self.text(token).map(Some),
            _ => Ok(None),
        }
    }

    fn text<'t>(&self, token: &Token<'t>) -> Result<std::borrow::Cow<'t, str>, Wrong> {
        token.text().ok_or_else(|| {
            let (line, column) = self.cursor.place(token);
            format!("proto: syntax error (line {line}:{column}): invalid UTF-8 in string")
        })
    }

    fn unexpected(&self, token: &Token<'_>) -> Wrong {
        let (line, column) = self.cursor.place(token);
        let raw = String::from_utf8_lossy(token.raw);
        format!("proto: syntax error (line {line}:{column}): unexpected token {raw}")
    }

    fn wrong(&self, token: &Token<'_>, text: &str) -> Wrong {
        let (line, column) = self.cursor.place(token);
        format!("proto: (line {line}:{column}): {text}")
    }

    fn invalid(&self, field: &Field, token: &Token<'_>) -> Wrong {
        let kind = match field.kind {
            Kind::Bool => "bool",
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Text => "string",
            Kind::Bytes => "bytes",
            Kind::Enum(_) => "enum",
            Kind::Message(_) => "message",
        };
        let name = &field.json_name;
        let raw = String::from_utf8_lossy(token.raw);
        self.wrong(
            token,
            &format!("invalid value for {kind} field {name}: {raw}"),
        )
    }
}

fn put_varint(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

fn put_bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(u64::try_from(value.len()).unwrap_or(u64::MAX), out);
    out.put_slice(value);
}

/// Bytes in base64 of either alphabet, with or without padding, and with line ends anywhere.
fn bytes(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const WITH_PLUS: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
    const WITH_MINUS: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);
    let is_of_urls = text.contains(['-', '_']);
    let decoder = if is_of_urls { WITH_MINUS } else { WITH_PLUS };
    if text.contains(['\r', '\n']) {
        return decoder.decode(text.replace(['\r', '\n'], "")).ok();
    }
    decoder.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use quorate_etcd_proto::etcdserverpb::{RangeRequest, TxnRequest};
    use quorate_etcd_proto::prost::Message as _;

    use super::*;

    fn read(path: &str, json: &str) -> Result<Vec<u8>, Wrong> {
        let schema = Schema::get();
        let call = schema.call(path).unwrap();
        first(schema, call.input, json.as_bytes())
    }

    fn range(json: &str) -> RangeRequest {
        let message = read("kv/range", json).unwrap();
        RangeRequest::decode(&message[..]).unwrap()
    }

    #[test]
    fn a_request_is_what_its_fields_say_under_either_name() {
        let wanted = RangeRequest {
            key: "foo".into(),
            range_end: vec![0].into(),
            limit: 5,
            sort_order: 1,
            sort_target: 4,
            keys_only: true,
            revision: -3,
            ..RangeRequest::default()
        };
        for json in [
            r#"{"key":"Zm9v","range_end":"AA==","limit":"5","sort_order":"ASCEND","sort_target":4,
                "keys_only":true,"revision":-3}"#,
            r#" {"revision":"-3","key":"Zm9v","rangeEnd":"AA","limit":5.0e0,"sortOrder":1,"new":[{}],
                "sortTarget":"VALUE","keysOnly":true,"serializable":null} and more"#,
        ] {
            assert_eq!(range(json), wanted);
        }
    }

    #[test]
    fn bytes_are_base64_of_any_kind() {
        for (text, bytes) in [
            ("Zm9v", &b"foo"[..]),
            ("Zg==", b"f"),
            ("Zg", b"f"),
            ("Zm\\n9v", b"foo"),
            ("-_-_", &[0xfb, 0xff, 0xbf]),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
            ("", b""),
        ] {
            assert_eq!(
                range(&format!(r#"{{"key":"{text}"}}"#)).key,
                bytes,
                "{text}"
            );
        }
    }

    #[test]
    fn a_name_that_an_enum_has_not_says_nothing() {
        assert_eq!(range(r#"{"sort_order":"NOPE"}"#), RangeRequest::default());
        assert_eq!(range(r#"{"sort_order":7}"#).sort_order, 7);
    }

    #[test]
    fn transactions_are_within_each_other() {
        let json = r#"{"compare":[{"key":"YQ==","target":"VERSION","version":"2"}],
            "success":[{"requestTxn":{"failure":[{"request_range":{"key":"Yg=="}}]}}]}"#;
        let message = read("kv/txn", json).unwrap();
        let txn = TxnRequest::decode(&message[..]).unwrap();
        assert_eq!(txn.compare.len(), 1);
        assert_eq!(txn.success.len(), 1);
    }

    /// Bodies, and what etcd 3.5.16 answered to them.
    const WRONG: &[(&str, &str, &str)] = &[
        (
            "kv/range",
            r#"{"key":5}"#,
            "proto: (line 1:8): invalid value for bytes field key: 5",
        ),
        (
            "kv/range",
            r#"{"key":{}}"#,
            "proto: (line 1:8): invalid value for bytes field key: {",
        ),
        (
            "kv/range",
            r#"{"key":"Zm!v"}"#,
            "proto: (line 1:8): invalid value for bytes field key: \"Zm!v\"",
        ),
        (
            "kv/range",
            "[]",
            "proto: syntax error (line 1:1): unexpected token [",
        ),
        (
            "kv/range",
            "null",
            "proto: syntax error (line 1:1): unexpected token null",
        ),
        ("kv/range", r#"{"key":"#, "unexpected EOF"),
        (
            "kv/range",
            r#"{"key":"Zm9v",}"#,
            "invalid character '}' looking for beginning of object key string",
        ),
        (
            "kv/range",
            r#"{"key":"Zm9v","limit":"5 "}"#,
            "proto: (line 1:23): invalid value for int64 field limit: \"5 \"",
        ),
        (
            "kv/range",
            r#"{"key":"Zm9v","limit":"99999999999999999999"}"#,
            "proto: (line 1:23): invalid value for int64 field limit: \
                 \"99999999999999999999\"",
        ),
        (
            "kv/range",
            r#"{"key":"Zm9v","serializable":1}"#,
            "proto: (line 1:30): invalid value for bool field serializable: 1",
        ),
        (
            "kv/range",
            r#"{"key":"Zm9v","sort_order":{}}"#,
            "proto: (line 1:28): invalid value for enum field sortOrder: {",
        ),
        (
            "kv/range",
            r#"{"key":"Zm9v","rangeEnd":"AA==","range_end":"AQ=="}"#,
            "proto: (line 1:33): duplicate field \"range_end\"",
        ),
        (
            "kv/txn",
            r#"{"success":[{"request_range":{"key":"Zm9v"},"requestPut":{"key":"Zm9v"}}]}"#,
            "proto: (line 1:45): error parsing \"requestPut\", oneof \
                 etcdserverpb.RequestOp.request is already set",
        ),
        (
            "kv/txn",
            r#"{"success":{"a":1}}"#,
            "proto: syntax error (line 1:12): unexpected token {",
        ),
        (
            "kv/txn",
            r#"{"success":[null]}"#,
            "proto: syntax error (line 1:13): unexpected token null",
        ),
        (
            "cluster/member/remove",
            r#"{"ID":-1}"#,
            "proto: (line 1:7): invalid value for uint64 field ID: -1",
        ),
        (
            "cluster/member/add",
            r#"{"peerURLs":[1]}"#,
            "proto: (line 1:14): invalid value for string field peerURLs: 1",
        ),
    ];

    #[test]
    fn what_is_wrong_is_told_in_the_words_of_etcd() {
        for &(path, json, wrong) in WRONG {
            assert_eq!(read(path, json), Err(wrong.to_owned()), "{json}");
        }
    }

    #[test]
    fn half_of_a_character_is_no_text() {
        let wrong = read("auth/user/add", "{\"name\":\"\\ud800\"}").unwrap_err();
        assert_eq!(
            wrong,
            "proto: syntax error (line 1:9): invalid UTF-8 in string"
        );
    }

    #[test]
    fn messages_are_not_in_each_other_without_end() {
        let deep = |depth: usize| {
            let open = r#"{"success":[{"requestTxn":"#.repeat(depth);
            read("kv/txn", &format!("{open}{{}}{}", "}]}".repeat(depth)))
        };
        assert!(deep(40).is_ok());
        assert!(deep(100_000).unwrap_err().contains("recursion depth"));
        let unknown = format!(
            r#"{{"new":{}{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert!(read("kv/range", &unknown).is_ok());
    }
}
