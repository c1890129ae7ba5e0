//! Rows as bytes.
//!
//! A row's key is one byte that names the table, then the key within the table. Keys of Consul
//! have a fixed layout, because they are written most; everything else is JSON, which can grow
//! fields without a new format.

use std::path::Path;
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use quorate_wire::consul::SecretText;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, etcd2, etcd3};
use crate::engine::Row;
use crate::engine::consul::{self, Indexes, KvEntry, SessionId};

/// The newest format that is understood, and the one that is written.
pub(super) const FORMAT: u8 = 1;

const INDEXES: u8 = 1;
const KV: u8 = 2;
const TOMBSTONE: u8 = 3;
const SESSION: u8 = 4;
const NODE: u8 = 5;
const SERVICE: u8 = 6;
const CHECK: u8 = 7;
const LOCAL_SERVICE: u8 = 8;
const LOCAL_CHECK: u8 = 9;
const CONFIG_ENTRY: u8 = 13;
const INTENTION: u8 = 14;
const COORDINATE: u8 = 11;
const PREPARED_QUERY: u8 = 12;
const AUTOPILOT: u8 = 22;

const ACL_TOKEN: u8 = 15;
const ACL_POLICY: u8 = 16;
const ACL_ROLE: u8 = 17;
const ACL_AUTH_METHOD: u8 = 18;
const ACL_BINDING_RULE: u8 = 19;
const ACL_BOOTSTRAP: u8 = 20;
const AGENT_TOKEN: u8 = 21;

const KV_FIXED: usize = 4 * 8 + 1;

/// A row's key, and its value unless it is gone.
pub(crate) fn encode_row(row: &Row) -> (Vec<u8>, Option<Vec<u8>>) {
    let row = match row {
        Row::Consul(row) => row,
        Row::Etcd2(row) => return etcd2::encode(row),
        Row::Etcd3(row) => return etcd3::encode(row),
    };
    match row {
        consul::Row::Indexes(indexes) => {
            let numbers = indexes.to_array().into_iter();
            let value = numbers.flat_map(u64::to_be_bytes).collect();
            (vec![INDEXES], Some(value))
        }
        consul::Row::Kv(key, entry) => (keyed(KV, key), entry.as_deref().map(encode_kv)),
        consul::Row::Tombstone(key, index) => {
            let value = index.map(|index| index.to_be_bytes().to_vec());
            (keyed(TOMBSTONE, key), value)
        }
        consul::Row::Session(id, it) => (keyed(SESSION, &id.to_bytes()), json(it.as_deref())),
        consul::Row::Node(name, it) => (keyed(NODE, name.as_bytes()), json(it.as_deref())),
        consul::Row::Service(id, it) => (part_key(SERVICE, id), json(it.as_deref())),
        consul::Row::Autopilot(it) => (vec![AUTOPILOT], json(it.as_deref())),
        consul::Row::Check(id, it) => (part_key(CHECK, id), json(it.as_deref())),
        consul::Row::LocalService(id, it) => {
            (keyed(LOCAL_SERVICE, id.as_bytes()), json(it.as_deref()))
        }
        consul::Row::LocalCheck(id, it) => (keyed(LOCAL_CHECK, id.as_bytes()), json(it.as_deref())),
        consul::Row::ConfigEntry(id, it) => (part_key(CONFIG_ENTRY, id), json(it.as_deref())),
        consul::Row::Intention(id, it) => (keyed(INTENTION, id.as_bytes()), json(it.as_deref())),
        consul::Row::AclToken(id, it) => named(ACL_TOKEN, id, it.as_deref()),
        consul::Row::AclPolicy(id, it) => named(ACL_POLICY, id, it.as_deref()),
        consul::Row::AclRole(id, it) => named(ACL_ROLE, id, it.as_deref()),
        consul::Row::AclAuthMethod(name, it) => named(ACL_AUTH_METHOD, name, it.as_deref()),
        consul::Row::AclBindingRule(id, it) => named(ACL_BINDING_RULE, id, it.as_deref()),
        consul::Row::AclBootstrap(index) => {
            (vec![ACL_BOOTSTRAP], Some(index.to_be_bytes().to_vec()))
        }
        consul::Row::AgentToken(name, it) => named(AGENT_TOKEN, name, it.as_ref()),
        consul::Row::PreparedQuery(id, it) => {
            (keyed(PREPARED_QUERY, &id.to_bytes()), json(it.as_deref()))
        }
        consul::Row::Coordinate(id, it) => (part_key(COORDINATE, id), json(it.as_deref())),
    }
}

/// The row that [`encode_row`] made these of; `path` is where they were found.
pub(super) fn decode(path: &Path, key: &[u8], value: &[u8]) -> Result<Row, StoreError> {
    decode_row(key, value).map_err(|problem| StoreError::damaged(path, problem))
}

/// The row that [`encode_row`] made these of, or what is wrong with it.
pub(crate) fn decode_row(key: &[u8], value: &[u8]) -> Result<Row, String> {
    let (table, key) = key
        .split_first()
        .ok_or_else(|| "a row without a key".to_owned())?;
    let row = match *table {
        INDEXES => consul::Row::Indexes(decode_indexes(value)?),
        KV => {
            let entry = decode_kv(key, value)?;
            consul::Row::Kv(entry.key.clone(), Some(Arc::new(entry)))
        }
        TOMBSTONE => {
            let index = value.try_into().map(u64::from_be_bytes);
            let index = index.map_err(|_| damaged("tombstone", "an index of the wrong size"))?;
            consul::Row::Tombstone(Bytes::copy_from_slice(key), Some(index))
        }
        SESSION => {
            let id = <[u8; 16]>::try_from(key);
            let id = id.map_err(|_| damaged("session", "an id of the wrong size"))?;
            consul::Row::Session(SessionId::from_bytes(id), from_json("session", value)?)
        }
        NODE => consul::Row::Node(text("node", key)?, from_json("node", value)?),
        SERVICE => consul::Row::Service(split_part("service", key)?, from_json("service", value)?),
        CHECK => consul::Row::Check(split_part("check", key)?, from_json("check", value)?),
        LOCAL_SERVICE => {
            let id = text("service of this agent", key)?;
            consul::Row::LocalService(id, from_json("service of this agent", value)?)
        }
        LOCAL_CHECK => {
            let id = text("check of this agent", key)?;
            consul::Row::LocalCheck(id, from_json("check of this agent", value)?)
        }
        CONFIG_ENTRY => {
            let table = "configuration entry";
            consul::Row::ConfigEntry(split_part(table, key)?, from_json(table, value)?)
        }
        INTENTION => {
            consul::Row::Intention(text("intention", key)?, from_json("intention", value)?)
        }
        ACL_TOKEN => consul::Row::AclToken(text("token", key)?, from_json("token", value)?),
        ACL_POLICY => consul::Row::AclPolicy(text("policy", key)?, from_json("policy", value)?),
        ACL_ROLE => consul::Row::AclRole(text("role", key)?, from_json("role", value)?),
        ACL_AUTH_METHOD => {
            consul::Row::AclAuthMethod(text("auth method", key)?, from_json("auth method", value)?)
        }
        ACL_BINDING_RULE => consul::Row::AclBindingRule(
            text("binding rule", key)?,
            from_json("binding rule", value)?,
        ),
        ACL_BOOTSTRAP => {
            let index = value.try_into().map(u64::from_be_bytes);
            let index = index.map_err(|_| damaged("bootstrap", "an index of the wrong size"))?;
            consul::Row::AclBootstrap(index)
        }
        AGENT_TOKEN => {
            let secret: Option<Arc<SecretText>> = from_json("agent's token", value)?;
            let secret = secret.map(|secret| SecretText::clone(&secret));
            consul::Row::AgentToken(text("agent's token", key)?, secret)
        }
        PREPARED_QUERY => {
            let id = <[u8; 16]>::try_from(key);
            let id = id.map_err(|_| damaged("prepared query", "an id of the wrong size"))?;
            consul::Row::PreparedQuery(
                SessionId::from_bytes(id),
                from_json("prepared query", value)?,
            )
        }
        COORDINATE => {
            let key = split_part("coordinate", key)?;
            consul::Row::Coordinate(key, from_json("coordinate", value)?)
        }
        AUTOPILOT => consul::Row::Autopilot(from_json("settings of autopilot", value)?),
        table @ etcd2::NODE..=etcd2::PEERS => {
            return etcd2::decode(table, key, value).map(Row::Etcd2);
        }
        table @ etcd3::VERSION..=etcd3::PEERS => {
            return etcd3::decode(table, key, value).map(Row::Etcd3);
        }
        other => return Err(format!("a row of the unknown table {other}")),
    };
    Ok(Row::Consul(row))
}

pub(super) fn keyed(table: u8, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(table);
    bytes.extend_from_slice(key);
    bytes
}

fn named<T: Serialize>(table: u8, name: &str, value: Option<&T>) -> (Vec<u8>, Option<Vec<u8>>) {
    (keyed(table, name.as_bytes()), json(value))
}

/// A node's name and a part's id; neither is cut short, whatever it contains.
fn part_key(table: u8, (node, id): &(Box<str>, Box<str>)) -> Vec<u8> {
    let mut bytes = keyed(
        table,
        &u64::try_from(node.len()).unwrap_or(u64::MAX).to_be_bytes(),
    );
    bytes.extend_from_slice(node.as_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

fn split_part(table: &'static str, key: &[u8]) -> Result<(Box<str>, Box<str>), String> {
    let short = || damaged(table, "a key that is too short");
    let (length, rest) = key.split_first_chunk::<8>().ok_or_else(short)?;
    let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| short())?;
    let (node, id) = rest.split_at_checked(length).ok_or_else(short)?;
    Ok((text(table, node)?, text(table, id)?))
}

fn encode_kv(entry: &KvEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(KV_FIXED + 16 + entry.value.len());
    bytes.put_u64(entry.flags);
    bytes.put_u64(entry.lock_index);
    bytes.put_u64(entry.create_index);
    bytes.put_u64(entry.modify_index);
    bytes.put_u8(u8::from(entry.session.is_some()));
    if let Some(session) = entry.session {
        bytes.put_slice(&session.to_bytes());
    }
    bytes.put_slice(&entry.value);
    bytes
}

fn decode_kv(key: &[u8], value: &[u8]) -> Result<KvEntry, String> {
    let short = || damaged("key", "a value that is too short");
    let (fixed, rest) = value.split_first_chunk::<KV_FIXED>().ok_or_else(short)?;
    let number = |at: usize| {
        let bytes = fixed[at * 8..].first_chunk::<8>();
        bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
    };
    let (session, value) = match fixed[KV_FIXED - 1] {
        0 => (None, rest),
        1 => {
            let (id, value) = rest.split_first_chunk::<16>().ok_or_else(short)?;
            (Some(SessionId::from_bytes(*id)), value)
        }
        other => return Err(damaged("key", &format!("unknown kind of row {other}"))),
    };
    let mut bytes = Bytes::from([key, value].concat());
    Ok(KvEntry {
        value: bytes.split_off(key.len()),
        key: bytes,
        flags: number(0),
        lock_index: number(1),
        session,
        create_index: number(2),
        modify_index: number(3),
    })
}

/// Indexes that a later version adds are ignored; those that an earlier one had not are 0.
fn decode_indexes(value: &[u8]) -> Result<Indexes, String> {
    if value.is_empty() || !value.len().is_multiple_of(8) {
        return Err(damaged("counter", "a value of the wrong size"));
    }
    let mut numbers = [0; Indexes::LEN];
    for (number, bytes) in numbers.iter_mut().zip(value.chunks_exact(8)) {
        *number = bytes.try_into().map_or(0, u64::from_be_bytes);
    }
    Ok(Indexes::from_array(numbers))
}

pub(super) fn json<T: Serialize>(value: Option<&T>) -> Option<Vec<u8>> {
    // These types have text keys and plain fields only, so serialising can't fail.
    value.map(|value| serde_json::to_vec(value).unwrap_or_default())
}

pub(super) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    value: &[u8],
) -> Result<Option<Arc<T>>, String> {
    let value: T = serde_json::from_slice(value).map_err(|bad| damaged(table, &bad.to_string()))?;
    Ok(Some(Arc::new(value)))
}

pub(super) fn text(table: &'static str, bytes: &[u8]) -> Result<Box<str>, String> {
    let text = std::str::from_utf8(bytes).map_err(|bad| damaged(table, &bad.to_string()))?;
    Ok(text.into())
}

pub(super) fn damaged(table: &str, problem: &str) -> String {
    format!("in the row of a {table}, {problem}")
}
