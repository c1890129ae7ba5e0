//! Transactions: `PUT /v1/txn`.

use std::mem;
use std::sync::Arc;

use http::StatusCode;
use quorate_wire::consul::json;
use quorate_wire::consul::txn::{KvVerb, MAX_BODY_BYTES, MAX_OPS};
use serde::Deserialize;
use serde::de::IntoDeserializer;

use super::body::{Body, BodyError};
use super::decode::{DecodeError, Json, Kind, Place, text_of};
use super::front::{Front, unexpected};
use super::kv::with_entry_ref;
use super::permit::Permit;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use super::txn_catalog::{self, RawCatalog};
use crate::engine::consul::{Command, KvOp, Reply as Outcome, TxnFailure, TxnOp, TxnRow};

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint::put("txn", run)];

/// Runs a transaction. One of reads alone never enters the writer.
fn run(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let limit = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
    if let Some(length) = body.declared().filter(|length| *length > limit) {
        return Err(too_large(Some(length)).into());
    }
    // What Consul checks only after the body.
    let datacenter = request.check_datacenter();
    let options = request.options();
    let permit = request.permit();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let body = match body.collect(MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return too_large(None),
            Err(BodyError::Broken) => return malformed("unexpected EOF"),
        };
        let ops = match decode(&body, front.strict) {
            Ok(ops) => ops,
            Err(refused) => return *refused,
        };
        let refusal = if ops.iter().all(TxnOp::is_read) {
            options.err().or(datacenter.err())
        } else {
            datacenter.err()
        };
        match (refusal, permit) {
            (Some(refused), _) | (None, Err(refused)) => *refused,
            (None, Ok(permit)) => apply(&front, &permit, ops).await,
        }
    }))
}

async fn apply(front: &Front, permit: &Permit, ops: Vec<TxnOp>) -> Reply {
    let read_only = ops.iter().all(TxnOp::is_read);
    let ops = permitted(permit, ops);
    if read_only {
        let mut outcome = front.snapshot().consul().read_txn(&ops);
        show_permitted(permit, &mut outcome);
        return encode(&outcome, &front.datacenter, true).with_leader();
    }
    match front.submit(Command::Txn(ops)).await {
        Ok(Outcome::Txn(mut outcome)) => {
            show_permitted(permit, &mut outcome);
            encode(&outcome, &front.datacenter, false)
        }
        Ok(_) => unexpected(),
        Err(refused) => *refused,
    }
}

/// The operations, with those replaced that the permit refuses.
fn permitted(permit: &Permit, ops: Vec<TxnOp>) -> Vec<TxnOp> {
    if !permit.is_restricted() {
        return ops;
    }
    let ops = ops.into_iter();
    ops.map(|op| match allows(permit, &op) {
        true => op,
        false => TxnOp::Denied,
    })
    .collect()
}

/// What is read is filtered later on; an operation without a key fails for that reason.
fn allows(permit: &Permit, op: &TxnOp) -> bool {
    match op {
        TxnOp::Kv(op) => match op.verb {
            KvVerb::Get | KvVerb::GetTree => true,
            KvVerb::DeleteTree => permit.key_write_under(&op.key),
            _ if op.key.is_empty() => true,
            KvVerb::CheckIndex | KvVerb::CheckSession => permit.key_read(&op.key),
            _ => permit.key_write(&op.key),
        },
        TxnOp::UnknownKvVerb { key, .. } => permit.key_write(key),
        TxnOp::Catalog(op) => op.is_read() || txn_catalog::allows(permit, op),
        _ => false,
    }
}

/// Leaves out of the rows what the permit does not show.
fn show_permitted(permit: &Permit, outcome: &mut Result<Vec<TxnRow>, Vec<TxnFailure>>) {
    if let Ok(rows) = outcome
        && permit.is_restricted()
    {
        rows.retain(|row| match row {
            TxnRow::Kv(row) => permit.key_read(&row.entry.key),
            row => txn_catalog::shows(permit, row),
        });
    }
}

fn encode_row(row: &TxnRow, datacenter: &str, out: &mut Vec<u8>) {
    let TxnRow::Kv(row) = row else {
        return txn_catalog::encode_row(row, datacenter, out);
    };
    out.extend_from_slice(b"{\"KV\":");
    with_entry_ref(&row.entry, row.shows_value, |entry| entry.encode(out));
    out.push(b'}');
}

fn encode(
    outcome: &Result<Vec<TxnRow>, Vec<TxnFailure>>,
    datacenter: &str,
    read_only: bool,
) -> Reply {
    let mut out = Vec::with_capacity(256);
    match outcome {
        Ok(rows) => {
            out.extend_from_slice(b"{\"Results\":[");
            for (at, row) in rows.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                encode_row(row, datacenter, &mut out);
            }
            out.extend_from_slice(b"],\"Errors\":null");
        }
        Err(failures) => {
            out.extend_from_slice(b"{\"Results\":null,\"Errors\":[");
            for (at, failure) in failures.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let head = format!("{comma}{{\"OpIndex\":{},\"What\":", failure.op_index);
                out.extend_from_slice(head.as_bytes());
                let what = json::encode(failure.what.as_str());
                out.extend_from_slice(&what.unwrap_or_default());
                out.push(b'}');
            }
            out.push(b']');
        }
    }
    if read_only {
        let meta = br#","Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":"""#;
        out.extend_from_slice(meta);
    }
    out.push(b'}');
    match outcome {
        Ok(_) => Reply::json(out),
        Err(_) => Reply::json(out).with_status(StatusCode::CONFLICT),
    }
}

fn malformed(problem: impl std::fmt::Display) -> Reply {
    Reply::bad_request(format!("Failed to parse body: {problem}"))
}

fn too_large(length: Option<u64>) -> Reply {
    let length = length.map_or_else(String::new, |length| format!("({length} bytes)"));
    Reply::too_large(format!(
        "Request body{length} too large, max size: {MAX_BODY_BYTES} bytes. \
         See https://www.consul.io/docs/agent/options.html#txn_max_req_len."
    ))
}

/// Reads the operations, or refuses them in Consul's words.
fn decode(body: &[u8], strict: bool) -> Result<Vec<TxnOp>, Refused> {
    let text = text_of(body).map_err(malformed)?;
    let list = Json::parse(&text).map_err(malformed)?;
    let place = Place {
        field: "",
        type_name: "api.TxnOps",
    };
    let ops = match list.kind() {
        Kind::Null => Vec::new(),
        Kind::Array => list.elements(),
        _ => return Err(malformed(list.mismatch(place)).into()),
    };
    let count = ops.len();
    let ops = ops
        .into_iter()
        .filter_map(|op| decode_op(op, strict).transpose());
    let ops = ops.collect::<Result<_, _>>().map_err(malformed)?;
    if count > MAX_OPS {
        let text = format!("Transaction contains too many operations ({count} > {MAX_OPS})");
        return Err(Reply::text(StatusCode::PAYLOAD_TOO_LARGE, text).into());
    }
    Ok(ops)
}

/// One operation; `None` for an object of no kind, which Consul leaves out.
fn decode_op(op: Json<'_>, strict: bool) -> Result<Option<TxnOp>, DecodeError> {
    let place = Place {
        field: "",
        type_name: "api.TxnOp",
    };
    match op.kind() {
        Kind::Object | Kind::Null => {}
        _ => return Err(op.mismatch(place)),
    }
    let (mut kv, mut other) = (None::<Raw>, RawCatalog::default());
    for (name, value) in op.fields() {
        match name.to_ascii_lowercase().as_str() {
            "kv" if value.is_null() => kv = None,
            "kv" => decode_kv(value, strict, kv.get_or_insert_with(Raw::default))?,
            "node" => other.node(value, strict)?,
            "service" => other.service(value, strict)?,
            "check" => other.check(value, strict)?,
            // Leaving out an operation is no leniency.
            _ => return Err(DecodeError::unknown_field(&name)),
        }
    }
    let kv = kv.map(Raw::into_op);
    Ok(kv.or_else(|| other.into_op().map(TxnOp::Catalog)))
}

/// An operation on a key whose verb is not looked at yet.
struct Raw {
    verb: String,
    op: KvOp,
}

impl Default for Raw {
    fn default() -> Self {
        let op = KvOp {
            verb: KvVerb::Get,
            key: bytes::Bytes::new(),
            value: bytes::Bytes::new(),
            flags: 0,
            index: 0,
            session: String::new(),
        };
        let verb = String::new();
        Self { verb, op }
    }
}

impl Raw {
    fn into_op(self) -> TxnOp {
        let Self { verb, op } = self;
        let known: Result<KvVerb, serde::de::value::Error> =
            KvVerb::deserialize(verb.as_str().into_deserializer());
        match known {
            Ok(verb) => TxnOp::Kv(KvOp { verb, ..op }),
            // Consul looks at the key first, and at the verb only when it runs the operation.
            Err(_) if op.key.is_empty() => TxnOp::Kv(op),
            Err(_) => TxnOp::UnknownKvVerb { verb, key: op.key },
        }
    }
}

/// Reads an operation over what is there: when an object has it twice, both count.
fn decode_kv(op: Json<'_>, strict: bool, raw: &mut Raw) -> Result<(), DecodeError> {
    let place = |field, type_name| Place { field, type_name };
    if op.kind() != Kind::Object {
        return Err(op.mismatch(place("TxnOp.KV", "api.KVTxnOp")));
    }
    let Raw { verb, op: decoded } = raw;
    for (name, value) in op.fields() {
        match name.to_ascii_lowercase().as_str() {
            "verb" => {
                let text = value.text(place("KVTxnOp.KV.Verb", "api.KVOp"))?;
                *verb = text.unwrap_or_else(|| mem::take(verb));
            }
            "key" => {
                let text = value.text(place("KVTxnOp.KV.Key", "string"))?;
                decoded.key = text.map_or_else(|| mem::take(&mut decoded.key), Into::into);
            }
            "value" => {
                let bytes = value.bytes(place("KVTxnOp.KV.Value", "[]uint8"))?;
                decoded.value = bytes.unwrap_or_default();
            }
            "flags" => {
                let number = value.u64(place("KVTxnOp.KV.Flags", "uint64"))?;
                decoded.flags = number.unwrap_or(decoded.flags);
            }
            "index" => {
                let number = value.u64(place("KVTxnOp.KV.Index", "uint64"))?;
                decoded.index = number.unwrap_or(decoded.index);
            }
            "session" => {
                let text = value.text(place("KVTxnOp.KV.Session", "string"))?;
                decoded.session = text.unwrap_or_else(|| mem::take(&mut decoded.session));
            }
            "namespace" => {
                value.text(place("KVTxnOp.KV.Namespace", "string"))?;
            }
            _ if strict => return Err(DecodeError::unknown_field(&name)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(body: &str, strict: bool) -> Vec<TxnOp> {
        decode(body.as_bytes(), strict).unwrap_or_else(|reply| panic!("{body}: {reply:?}"))
    }

    #[test]
    fn names_match_in_any_case_and_unknown_ones_are_refused_only_strictly() {
        let body = r#"[{"kv":{"VERB":"set","key":"k","value":"YQ==","Bogus":1}},{}]"#;
        let ops = ops(body, false);
        assert!(matches!(&ops[..], [TxnOp::Kv(op)] if op.value == "a" && op.key == "k"));
        assert!(decode(body.as_bytes(), true).is_err());
    }

    #[test]
    fn an_unknown_verb_fails_the_operation_and_not_the_request() {
        let ops = ops(r#"[{"KV":{"Verb":"SET","Key":"k"}},{"KV":{}}]"#, true);
        assert!(matches!(&ops[0], TxnOp::UnknownKvVerb { verb, .. } if verb == "SET"));
        assert!(matches!(&ops[1], TxnOp::Kv(op) if op.key.is_empty()));
        assert!(ops.iter().all(TxnOp::is_read));
    }
}
