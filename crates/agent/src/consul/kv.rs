//! Keys: `/v1/kv/…`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::kv::{KvEntryRef, MAX_VALUE_BYTES, encode_entries, encode_keys};
use quorate_wire::consul::text;

use super::blocking::{self, Reading};
use super::body::{Body, BodyError};
use super::front::{Front, unexpected};
use super::options::{parse_u64, parse_u64_error};
use super::permit::{Permit, denied, require};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::config::Compat;
use crate::engine::consul::{
    Command, Delete, KvEntry, Put, PutMode, Reply as Outcome, State, Table,
};
use crate::identity::UuidText;
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint::new("kv/", "OPTIONS,GET,PUT,DELETE", answer)];

/// Answers every method of the endpoint.
fn answer(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let options = request.options()?;
    let of_many = request.params.has("keys") || request.params.has("recurse");
    if *request.method == Method::GET && !of_many {
        check_key(request)?;
    }
    request.check_namespace()?;
    match *request.method {
        Method::PUT => put(request, body),
        Method::DELETE => delete(request),
        _ if request.params.has("keys") => {
            let permit = list_permit(request)?;
            let prefix = Bytes::copy_from_slice(request.name);
            let separator = separator(request);
            let watch = Watch::Prefix(prefix.clone());
            let read = move |state: &State, permit: &Permit| {
                keys(state, permit, &prefix, separator.as_bytes())
            };
            Ok(blocking::answer_permitted(
                request,
                permit,
                options,
                [watch],
                read,
            ))
        }
        _ if request.params.has("recurse") => {
            let permit = list_permit(request)?;
            let prefix = Bytes::copy_from_slice(request.name);
            let watch = Watch::Prefix(prefix.clone());
            let read = move |state: &State, permit: &Permit| tree(state, permit, &prefix);
            Ok(blocking::answer_permitted(
                request,
                permit,
                options,
                [watch],
                read,
            ))
        }
        _ => {
            request.check_datacenter()?;
            let permit = request.permit()?;
            if !permit.key_read(request.name) {
                return Err(unreadable(request).into());
            }
            let raw = request.params.has("raw");
            if options.index == 0 {
                return Ok(entry(request.front.snapshot().consul(), request.name, raw)
                    .reply
                    .into());
            }
            let key = Bytes::copy_from_slice(request.name);
            let watch = Watch::Key(key.clone());
            let read = move |state: &State, permit: &Permit| match permit.key_read(&key) {
                true => entry(state, &key, raw),
                false => Reading::without_headers(u64::MAX, denied()),
            };
            Ok(blocking::answer_permitted(
                request,
                permit,
                options,
                [watch],
                read,
            ))
        }
    }
}

/// The permit of a list: what may not be read is left out of it, unless lists have rules of their
/// own.
fn list_permit(request: Request<'_>) -> Result<Permit, Refused> {
    request.check_datacenter()?;
    let permit = request.permit()?;
    let ruled = request
        .front
        .acl
        .as_ref()
        .is_some_and(|acl| acl.key_list_policy);
    require(!ruled || permit.key_list(request.name))?;
    Ok(permit)
}

/// A key that may not be read looked to clients of old as if it did not exist.
fn unreadable(request: Request<'_>) -> Reply {
    match request.front.compat {
        Compat::V0_7 => entry_index(request),
        _ => denied(),
    }
}

fn entry_index(request: Request<'_>) -> Reply {
    let snapshot = request.front.snapshot();
    let index = snapshot.consul().table_index(Table::Kv);
    Reply::empty(StatusCode::NOT_FOUND).with_index(index)
}

/// One key. A key that is missing is told from an empty one by the status.
fn entry(state: &State, key: &[u8], raw: bool) -> Reading {
    let found = state.kv_get(key);
    let reply = match found.value {
        None => Reply::empty(StatusCode::NOT_FOUND),
        Some(entry) if raw => Reply::raw(entry.value.clone()),
        Some(entry) => Reply::json(encode(&[entry])),
    };
    Reading::new(found.index, reply)
}

/// Every key under a prefix.
fn tree(state: &State, permit: &Permit, prefix: &[u8]) -> Reading {
    let mut found = state.kv_list(prefix);
    if permit.is_restricted() {
        found.value.retain(|entry| permit.key_read(&entry.key));
    }
    let reply = if found.value.is_empty() {
        Reply::empty(StatusCode::NOT_FOUND)
    } else {
        Reply::json(encode(&found.value))
    };
    Reading::new(found.index, reply)
}

/// The names under a prefix. The root alone is an empty list when there are none.
fn keys(state: &State, permit: &Permit, prefix: &[u8], separator: &[u8]) -> Reading {
    let found = match permit.is_restricted() {
        false => state.kv_keys(prefix, separator),
        true => state.kv_keys_shown(prefix, separator, |key| permit.key_read(key)),
    };
    let reply = if found.value.is_empty() && !prefix.is_empty() {
        Reply::empty(StatusCode::NOT_FOUND)
    } else {
        Reply::json(encode_keys(found.value))
    };
    Reading::new(found.index, reply)
}

fn encode(entries: &[&Arc<KvEntry>]) -> Vec<u8> {
    if let [entry] = entries {
        return with_entry_ref(entry, true, |entry| encode_entries([entry]));
    }
    let mut out = Vec::with_capacity(256 * entries.len());
    for entry in entries {
        out.push(if out.is_empty() { b'[' } else { b',' });
        with_entry_ref(entry, true, |entry| entry.encode(&mut out));
    }
    out.push(b']');
    out
}

/// Calls `encode` with the entry as the wire takes it.
pub(super) fn with_entry_ref<T>(
    entry: &KvEntry,
    shows_value: bool,
    encode: impl FnOnce(KvEntryRef<'_>) -> T,
) -> T {
    let session = entry.session.map(|id| UuidText::new(id.to_bytes()));
    encode(KvEntryRef {
        lock_index: entry.lock_index,
        key: &entry.key,
        flags: entry.flags,
        value: shows_value.then_some(&entry.value[..]),
        session: session.as_ref().map(UuidText::as_str),
        create_index: entry.create_index,
        modify_index: entry.modify_index,
    })
}

/// `seperator` is what clients of old sent.
fn separator(request: Request<'_>) -> String {
    let params = request.params;
    let separator = params.text("separator").or(params.text("seperator"));
    separator.unwrap_or_default().to_owned()
}

fn check_key(request: Request<'_>) -> Result<(), Refused> {
    if request.name.is_empty() {
        return Err(Reply::bad_request(text::MISSING_KEY).into());
    }
    Ok(())
}

fn check_conflicts(request: Request<'_>, flags: &[&str]) -> Result<(), Refused> {
    let given = flags.iter().filter(|flag| request.params.has(flag)).count();
    if given > 1 {
        let sorted = request.params.sorted();
        return Err(Reply::bad_request(format!("Conflicting flags: {sorted}")).into());
    }
    Ok(())
}

/// A parameter that is a number, if it is given; a bad one is the server's error.
fn number(request: Request<'_>, name: &str) -> Result<Option<u64>, Refused> {
    let Some(text) = request.params.get(name) else {
        return Ok(None);
    };
    let number = parse_u64(text);
    number
        .map(Some)
        .ok_or_else(|| Reply::server_error(parse_u64_error(text)).into())
}

fn put(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_key(request)?;
    check_conflicts(request, &["cas", "acquire", "release"])?;
    let flags = number(request, "flags")?.unwrap_or(0);
    let session = |name| request.params.get(name).map(str::to_owned);
    let mode = if let Some(index) = number(request, "cas")? {
        PutMode::Cas(index)
    } else if let Some(session) = session("acquire") {
        PutMode::Acquire(session)
    } else if let Some(session) = session("release") {
        PutMode::Release(session)
    } else {
        PutMode::Set
    };
    if let Some(length) = body.declared().filter(|length| *length > limit()) {
        return Err(too_large(Some(length)).into());
    }
    request.check_datacenter()?;
    require(request.permit()?.key_write(request.name))?;
    let (front, key) = (
        Arc::clone(request.front),
        Bytes::copy_from_slice(request.name),
    );
    Ok(Answer::later(async move {
        let value = match body.collect(MAX_VALUE_BYTES).await {
            Ok(value) => value,
            Err(BodyError::TooLarge) => return too_large(None),
            Err(BodyError::Broken) => return Reply::bad_request("unexpected EOF"),
        };
        let put = Put {
            key,
            value,
            flags,
            mode,
        };
        write(&front, Command::Put(put)).await
    }))
}

fn delete(request: Request<'_>) -> Result<Answer, Refused> {
    check_conflicts(request, &["recurse", "cas"])?;
    let key = Bytes::copy_from_slice(request.name);
    let delete = if request.params.has("recurse") {
        Delete::Tree(key)
    } else {
        check_key(request)?;
        match number(request, "cas")? {
            Some(index) => Delete::Cas(key, index),
            None => Delete::Key(key),
        }
    };
    request.check_datacenter()?;
    let permit = request.permit()?;
    require(match &delete {
        Delete::Tree(prefix) => permit.key_write_under(prefix),
        Delete::Key(key) | Delete::Cas(key, _) => permit.key_write(key),
    })?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        write(&front, Command::Delete(delete)).await
    }))
}

async fn write(front: &Front, command: Command) -> Reply {
    match front.submit(command).await {
        Ok(Outcome::Applied(applied)) => Reply::flag(applied),
        Ok(_) => unexpected(),
        Err(refused) => *refused,
    }
}

fn limit() -> u64 {
    u64::try_from(MAX_VALUE_BYTES).unwrap_or(u64::MAX)
}

fn too_large(length: Option<u64>) -> Reply {
    let length = length.map_or_else(String::new, |length| format!("({length} bytes)"));
    Reply::too_large(format!(
        "Request body{length} too large, max size: {MAX_VALUE_BYTES} bytes. \
         See https://www.consul.io/docs/agent/options.html#kv_max_value_size."
    ))
}
