//! Protobuf made JSON: fields by their names in the `.proto` files, without those that say nothing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use quorate_etcd_proto::prost::DecodeError;
use quorate_etcd_proto::prost::encoding::{
    DecodeContext, WireType, decode_key, decode_varint, skip_field,
};

use super::schema::{Field, Kind, MessageId, Schema};

/// What was to be a message is none.
#[derive(Debug, thiserror::Error)]
#[error("a message is broken")]
pub(super) struct Broken;

impl From<DecodeError> for Broken {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

/// What a message says. Fields come in the order in which they come in the message.
///
/// # Errors
/// It is not one: the services send none such.
pub(super) fn write(schema: &Schema, id: MessageId, message: &[u8]) -> Result<String, Broken> {
    let mut out = String::with_capacity(message.len() * 2);
    object(schema, id, message, &mut out)?;
    Ok(out)
}

fn object(
    schema: &Schema,
    id: MessageId,
    mut message: &[u8],
    out: &mut String,
) -> Result<(), Broken> {
    let known = schema.message(id);
    // The list that is open.
    let mut list: Option<u32> = None;
    out.push('{');
    let begin = out.len();
    while !message.is_empty() {
        let (number, wire) = decode_key(&mut message)?;
        let Some(field) = known.numbered(number).filter(|it| fits(it, wire)) else {
            skip_field(wire, number, &mut message, DecodeContext::default())?;
            continue;
        };
        if list.is_some_and(|open| open != number) {
            out.push(']');
            list = None;
        }
        if out.len() > begin {
            out.push(',');
        }
        if list.is_none() {
            text(&field.name, out);
            out.push(':');
            if field.is_list {
                out.push('[');
                list = Some(number);
            }
        }
        value(schema, field, &mut message, out)?;
    }
    if list.is_some() {
        out.push(']');
    }
    out.push('}');
    Ok(())
}

fn fits(field: &Field, wire: WireType) -> bool {
    let delimited = matches!(field.kind, Kind::Text | Kind::Bytes | Kind::Message(_));
    wire == if delimited {
        WireType::LengthDelimited
    } else {
        WireType::Varint
    }
}

fn value(
    schema: &Schema,
    field: &Field,
    message: &mut &[u8],
    out: &mut String,
) -> Result<(), Broken> {
    let number = decode_varint(message)?;
    match field.kind {
        Kind::Bool => out.push_str(if number == 0 { "false" } else { "true" }),
        Kind::Int32 => out.push_str(&low(number).to_string()),
        Kind::Uint32 => out.push_str(&low(number).cast_unsigned().to_string()),
        Kind::Int64 => quoted(&number.cast_signed().to_string(), out),
        Kind::Uint64 => quoted(&number.to_string(), out),
        Kind::Enum(id) => match schema.enumeration(id).name(low(number)) {
            Some(name) => quoted(name, out),
            None => out.push_str(&low(number).to_string()),
        },
        Kind::Text => text(&String::from_utf8_lossy(take(message, number)?), out),
        Kind::Bytes => {
            out.push('"');
            BASE64_STANDARD.encode_string(take(message, number)?, out);
            out.push('"');
        }
        Kind::Message(id) => object(schema, id, take(message, number)?, out)?,
    }
    Ok(())
}

/// The 32 bits that a smaller number is in.
fn low(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

fn take<'a>(message: &mut &'a [u8], length: u64) -> Result<&'a [u8], Broken> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let parts = message.split_at_checked(length);
    let (taken, rest) = parts.ok_or(Broken)?;
    *message = rest;
    Ok(taken)
}

fn quoted(plain: &str, out: &mut String) {
    out.push('"');
    out.push_str(plain);
    out.push('"');
}

fn text(text: &str, out: &mut String) {
    // Writing a text does not fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use quorate_etcd_proto::etcdserverpb::response_op::Response;
    use quorate_etcd_proto::etcdserverpb::{
        AlarmMember, AlarmResponse, DeleteRangeResponse, HashResponse, Member, MemberListResponse,
        PutResponse, ResponseHeader, ResponseOp, TxnResponse,
    };
    use quorate_etcd_proto::mvccpb::KeyValue;
    use quorate_etcd_proto::prost::Message;

    use super::*;

    fn json(path: &str, message: &impl Message) -> String {
        let schema = Schema::get();
        let output = schema.call(path).unwrap().output;
        write(schema, output, &message.encode_to_vec()).unwrap()
    }

    #[test]
    fn an_answer_has_the_fields_that_say_something() {
        let answer = DeleteRangeResponse {
            header: Some(ResponseHeader {
                cluster_id: u64::MAX,
                revision: -1,
                ..ResponseHeader::default()
            }),
            deleted: 2,
            prev_kvs: vec![
                KeyValue {
                    key: "foo".into(),
                    ..KeyValue::default()
                },
                KeyValue::default(),
            ],
        };
        assert_eq!(
            json("kv/deleterange", &answer),
            r#"{"header":{"cluster_id":"18446744073709551615","revision":"-1"},"deleted":"2","prev_kvs":[{"key":"Zm9v"},{}]}"#
        );
        assert_eq!(json("kv/put", &PutResponse::default()), "{}");
    }

    #[test]
    fn names_are_those_of_the_proto_file() {
        let answer = MemberListResponse {
            header: None,
            members: vec![Member {
                id: 7,
                name: "a\"b\u{1}<ä>".to_owned(),
                peer_ur_ls: vec!["http://a:1".to_owned(), "http://b:1".to_owned()],
                client_ur_ls: vec!["http://a:2".to_owned()],
                is_learner: true,
            }],
        };
        assert_eq!(
            json("cluster/member/list", &answer),
            r#"{"members":[{"ID":"7","name":"a\"b\u0001<ä>","peerURLs":["http://a:1","http://b:1"],"clientURLs":["http://a:2"],"isLearner":true}]}"#
        );
    }

    #[test]
    fn enums_are_names_and_small_numbers_are_numbers() {
        let answer = AlarmResponse {
            header: None,
            alarms: [1, 9]
                .map(|alarm| AlarmMember {
                    member_id: 1,
                    alarm,
                })
                .to_vec(),
        };
        assert_eq!(
            json("maintenance/alarm", &answer),
            r#"{"alarms":[{"memberID":"1","alarm":"NOSPACE"},{"memberID":"1","alarm":9}]}"#
        );
        let answer = HashResponse {
            header: None,
            hash: u32::MAX,
        };
        assert_eq!(json("maintenance/hash", &answer), r#"{"hash":4294967295}"#);
    }

    #[test]
    fn what_is_within_a_transaction_is_there_even_if_it_says_nothing() {
        let put = Response::ResponsePut(PutResponse::default());
        let answer = TxnResponse {
            header: None,
            succeeded: true,
            responses: vec![ResponseOp {
                response: Some(put),
            }],
        };
        assert_eq!(
            json("kv/txn", &answer),
            r#"{"succeeded":true,"responses":[{"response_put":{}}]}"#
        );
    }

    #[test]
    fn a_message_that_is_cut_off_is_an_error() {
        let schema = Schema::get();
        let output = schema.call("kv/range").unwrap().output;
        assert!(write(schema, output, &[0x12, 5, 1]).is_err());
        // A field that nobody knows is left out.
        assert_eq!(write(schema, output, &[0xf8, 0x7f, 1]).unwrap(), "{}");
    }
}
