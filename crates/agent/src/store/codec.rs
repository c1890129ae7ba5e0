//! Rows as bytes.
//!
//! A row's key is one byte that names the table, then the key within the table. Keys of Consul
//! have a fixed layout, because they are written most; everything else is JSON, which can grow
//! fields without a new format.

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::engine::Row;
use crate::engine::consul::{self, Indexes, KvEntry, SessionId};

/// The newest format that is understood, and the one that is written.
pub(super) const FORMAT: u8 = 1;
/// Where the format is written.
pub(super) const FORMAT_KEY: &[u8] = &[0];

const INDEXES: u8 = 1;
const KV: u8 = 2;
const TOMBSTONE: u8 = 3;
const SESSION: u8 = 4;
const NODE: u8 = 5;
const SERVICE: u8 = 6;
const CHECK: u8 = 7;

const KV_FIXED: usize = 4 * 8 + 1;

/// A row's key, and its value unless it is gone.
pub(super) fn encode(row: &Row) -> (Vec<u8>, Option<Vec<u8>>) {
    let Row::Consul(row) = row;
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
        consul::Row::Check(id, it) => (part_key(CHECK, id), json(it.as_deref())),
    }
}

/// The row that [`encode`] made these of.
pub(super) fn decode(key: &[u8], value: &[u8]) -> Result<Row, StoreError> {
    let (table, key) = key.split_first().ok_or_else(|| damaged("", "empty key"))?;
    let row = match *table {
        INDEXES => consul::Row::Indexes(decode_indexes(value)?),
        KV => {
            let key = Bytes::copy_from_slice(key);
            consul::Row::Kv(key.clone(), Some(Arc::new(decode_kv(key, value)?)))
        }
        TOMBSTONE => {
            let index = value.try_into().map(u64::from_be_bytes);
            let index = index.map_err(|_| damaged("tombstones", "an index of the wrong size"))?;
            consul::Row::Tombstone(Bytes::copy_from_slice(key), Some(index))
        }
        SESSION => {
            let id = <[u8; 16]>::try_from(key);
            let id = id.map_err(|_| damaged("sessions", "an id of the wrong size"))?;
            consul::Row::Session(SessionId::from_bytes(id), from_json("sessions", value)?)
        }
        NODE => consul::Row::Node(text("nodes", key)?, from_json("nodes", value)?),
        SERVICE => {
            consul::Row::Service(split_part("services", key)?, from_json("services", value)?)
        }
        CHECK => consul::Row::Check(split_part("checks", key)?, from_json("checks", value)?),
        other => return Err(damaged("", &format!("unknown table {other}"))),
    };
    Ok(Row::Consul(row))
}

fn keyed(table: u8, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(table);
    bytes.extend_from_slice(key);
    bytes
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

fn split_part(table: &'static str, key: &[u8]) -> Result<(Box<str>, Box<str>), StoreError> {
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

fn decode_kv(key: Bytes, value: &[u8]) -> Result<KvEntry, StoreError> {
    let short = || damaged("kv", "a value that is too short");
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
        other => return Err(damaged("kv", &format!("unknown kind of row {other}"))),
    };
    Ok(KvEntry {
        key,
        value: Bytes::copy_from_slice(value),
        flags: number(0),
        lock_index: number(1),
        session,
        create_index: number(2),
        modify_index: number(3),
    })
}

/// Indexes that a later version adds are ignored; those that an earlier one had not are 0.
fn decode_indexes(value: &[u8]) -> Result<Indexes, StoreError> {
    if value.is_empty() || !value.len().is_multiple_of(8) {
        return Err(damaged("indexes", "a value of the wrong size"));
    }
    let mut numbers = [0; Indexes::LEN];
    for (number, bytes) in numbers.iter_mut().zip(value.chunks_exact(8)) {
        *number = bytes.try_into().map_or(0, u64::from_be_bytes);
    }
    Ok(Indexes::from_array(numbers))
}

fn json<T: Serialize>(value: Option<&T>) -> Option<Vec<u8>> {
    // These types have text keys and plain fields only, so serialising can't fail.
    value.map(|value| serde_json::to_vec(value).unwrap_or_default())
}

fn from_json<T: DeserializeOwned>(
    table: &'static str,
    value: &[u8],
) -> Result<Option<Arc<T>>, StoreError> {
    let value: T = serde_json::from_slice(value).map_err(|bad| damaged(table, &bad.to_string()))?;
    Ok(Some(Arc::new(value)))
}

fn text(table: &'static str, bytes: &[u8]) -> Result<Box<str>, StoreError> {
    let text = std::str::from_utf8(bytes).map_err(|bad| damaged(table, &bad.to_string()))?;
    Ok(text.into())
}

fn damaged(table: &'static str, problem: &str) -> StoreError {
    StoreError::Damaged {
        table,
        problem: problem.into(),
    }
}
