//! Answers about keys as lines.

use std::fmt::Write as _;

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::response_op::Response;
use quorate_etcd_proto::mvccpb;

use super::names::Names;

/// The longest value that is told in full.
const LONG: usize = 64;

/// What a header adds: where revisions are numbers, each; else that of a change.
pub(super) fn at(names: &mut Names, header: Option<&pb::ResponseHeader>, changed: bool) -> String {
    let revision = header.map_or(0, |header| header.revision);
    if revision > 0 {
        names.note_last(revision);
    }
    if changed || names.exact {
        format!(" @{}", names.tell_revision(revision))
    } else {
        String::new()
    }
}

/// A key with all that is known of it.
pub(crate) fn tell_kv(names: &mut Names, kv: &mvccpb::KeyValue) -> String {
    let mut told = format!("{}={}", names.tell_key(&kv.key), tell_value(&kv.value));
    // Those of what happened before come first, so that letters are in the order of the events.
    let made = names.tell_revision(kv.create_revision);
    let _ = write!(told, " @{}", names.tell_revision(kv.mod_revision));
    if kv.create_revision != kv.mod_revision {
        let _ = write!(told, "/{made}");
    }
    if kv.version != 1 {
        let _ = write!(told, " v{}", kv.version);
    }
    if kv.lease != 0 {
        let _ = write!(told, " lease {}", names.tell_lease(kv.lease));
    }
    told
}

fn tell_value(value: &[u8]) -> String {
    if value.len() > LONG {
        format!("<{} bytes>", value.len())
    } else {
        format!("'{}'", value.escape_ascii())
    }
}

fn tell_kvs(names: &mut Names, kvs: &[mvccpb::KeyValue]) -> String {
    let kvs: Vec<_> = kvs.iter().map(|kv| tell_kv(names, kv)).collect();
    format!("[{}]", kvs.join(", "))
}

fn was(names: &mut Names, before: Option<&mvccpb::KeyValue>) -> String {
    before.map_or_else(String::new, |kv| format!(" was {}", tell_kv(names, kv)))
}

pub(super) fn put(names: &mut Names, answer: &pb::PutResponse) -> String {
    let was = was(names, answer.prev_kv.as_ref());
    let at = at(names, answer.header.as_ref(), true);
    format!("put{at}{was}")
}

pub(super) fn range(names: &mut Names, answer: &pb::RangeResponse) -> String {
    let mut told = tell_kvs(names, &answer.kvs);
    if i64::try_from(answer.kvs.len()).ok() != Some(answer.count) {
        let _ = write!(told, " of {}", answer.count);
    }
    if answer.more {
        told += " more";
    }
    told + &at(names, answer.header.as_ref(), false)
}

pub(super) fn delete(names: &mut Names, answer: &pb::DeleteRangeResponse) -> String {
    let was = if answer.prev_kvs.is_empty() {
        String::new()
    } else {
        format!(" was {}", tell_kvs(names, &answer.prev_kvs))
    };
    let at = at(names, answer.header.as_ref(), answer.deleted > 0);
    format!("deleted {}{at}{was}", answer.deleted)
}

pub(super) fn txn(names: &mut Names, answer: &pb::TxnResponse) -> String {
    let wrote = answer.responses.iter().any(writes);
    let parts: Vec<_> = answer
        .responses
        .iter()
        .map(|part| operation(names, part))
        .collect();
    // An inner one has no header of its own; those around it say when.
    let own = answer
        .header
        .as_ref()
        .is_some_and(|header| header.revision > 0);
    let at = at(names, answer.header.as_ref(), wrote && own);
    let which = if answer.succeeded { "yes" } else { "no" };
    format!("{which}{at} {{ {} }}", parts.join(" ; "))
}

fn writes(operation: &pb::ResponseOp) -> bool {
    match &operation.response {
        Some(Response::ResponsePut(_)) => true,
        Some(Response::ResponseDeleteRange(delete)) => delete.deleted > 0,
        Some(Response::ResponseTxn(txn)) => txn.responses.iter().any(writes),
        _ => false,
    }
}

fn operation(names: &mut Names, part: &pb::ResponseOp) -> String {
    match &part.response {
        Some(Response::ResponseRange(answer)) => range(names, answer),
        Some(Response::ResponsePut(answer)) => put(names, answer),
        Some(Response::ResponseDeleteRange(answer)) => delete(names, answer),
        Some(Response::ResponseTxn(answer)) => txn(names, answer),
        None => "nothing".to_owned(),
    }
}

pub(super) fn compact(names: &mut Names, answer: &pb::CompactionResponse) -> String {
    format!("compacted{}", at(names, answer.header.as_ref(), false))
}
