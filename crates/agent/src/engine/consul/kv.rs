use std::ops::Bound::{Included, Unbounded};
use std::sync::Arc;

use bytes::Bytes;
use rpds::RedBlackTreeMapSync;

use super::index::Table;
use super::session_id::SessionId;
use super::state::State;

/// One key with its value and its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvEntry {
    /// The key; any bytes.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The user's number beside the value.
    pub flags: u64,
    /// How many times the key was acquired since the last plain write over it.
    pub lock_index: u64,
    /// The session that holds the key.
    pub session: Option<SessionId>,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl KvEntry {
    /// The entry with its key and its value in memory of their own: what a request brings is often
    /// a small part of a large buffer, which would then live as long as the entry.
    #[must_use]
    pub fn compact(mut self) -> Self {
        let mut buffer = Vec::with_capacity(self.key.len() + self.value.len());
        buffer.extend_from_slice(&self.key);
        buffer.extend_from_slice(&self.value);
        let mut key = Bytes::from(buffer);
        self.value = key.split_off(self.key.len());
        self.key = key;
        self
    }
}

/// Keys in byte order.
pub(super) type KvMap = RedBlackTreeMapSync<Bytes, Arc<KvEntry>>;

/// What a read found, and the index that goes with it: `X-Consul-Index`, at least 1. A reader that
/// waits for news sleeps while the index is not greater than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// What was found.
    pub value: T,
    /// The index to answer.
    pub index: u64,
}

impl<T> Found<T> {
    pub(super) fn new(value: T, index: u64) -> Self {
        Self {
            value,
            index: index.max(1),
        }
    }
}

impl State {
    /// The entry of `key`. The index is the entry's ModifyIndex, or that of the newest change of
    /// any key when there is no entry.
    #[must_use]
    pub fn kv_get(&self, key: &[u8]) -> Found<Option<&Arc<KvEntry>>> {
        let entry = self.kv.get(key);
        let index = entry.map_or_else(|| self.table_index(Table::Kv), |e| e.modify_index);
        Found::new(entry, index)
    }

    /// The entries whose key starts with the bytes of `prefix`, in byte order. The index is that
    /// of the newest change or remembered deletion under the prefix, or of any key at all when
    /// there is neither, or the prefix is empty.
    #[must_use]
    pub fn kv_list<'a>(&'a self, prefix: &'a [u8]) -> Found<Vec<&'a Arc<KvEntry>>> {
        let mut newest = None;
        let entries = self.kv_under(prefix).inspect(|entry| {
            newest = newest.max(Some(entry.modify_index));
        });
        let entries = entries.collect();
        Found::new(entries, self.prefix_index(prefix, newest))
    }

    /// The keys that start with the bytes of `prefix`, in byte order. With a separator (an empty
    /// one is none), each key is cut behind the first separator past the prefix, and what is then
    /// equal is told once. The index is that of [`State::kv_list`].
    #[must_use]
    pub fn kv_keys<'a>(&'a self, prefix: &'a [u8], separator: &[u8]) -> Found<Vec<&'a [u8]>> {
        self.kv_keys_shown(prefix, separator, |_| true)
    }

    /// As [`State::kv_keys`], of the keys that `shown` takes: a name behind which only others
    /// stand is left out.
    #[must_use]
    pub fn kv_keys_shown<'a>(
        &'a self,
        prefix: &'a [u8],
        separator: &[u8],
        shown: impl Fn(&[u8]) -> bool,
    ) -> Found<Vec<&'a [u8]>> {
        let mut newest = None;
        let mut keys: Vec<&[u8]> = Vec::new();
        for entry in self.kv_under(prefix) {
            newest = newest.max(Some(entry.modify_index));
            if !shown(&entry.key) {
                continue;
            }
            let key = cut_behind(&entry.key, prefix.len(), separator);
            if keys.last() != Some(&key) {
                keys.push(key);
            }
        }
        Found::new(keys, self.prefix_index(prefix, newest))
    }

    /// How many keys there are.
    #[must_use]
    pub fn kv_len(&self) -> usize {
        self.kv.size()
    }

    pub(super) fn kv_under<'a>(
        &'a self,
        prefix: &'a [u8],
    ) -> impl Iterator<Item = &'a Arc<KvEntry>> {
        self.kv
            .range::<[u8], _>((Included(prefix), Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(_, entry)| entry)
    }

    fn prefix_index(&self, prefix: &[u8], newest: Option<u64>) -> u64 {
        let table = self.table_index(Table::Kv);
        if prefix.is_empty() {
            return table;
        }
        newest
            .max(self.tombstones.newest_under(prefix))
            .unwrap_or(table)
    }
}

/// The part of `key` up to and with the first `separator` past `from`.
fn cut_behind<'a>(key: &'a [u8], from: usize, separator: &[u8]) -> &'a [u8] {
    if separator.is_empty() {
        return key;
    }
    let rest = key.get(from..).unwrap_or_default();
    let found = rest
        .windows(separator.len())
        .position(|part| part == separator);
    found.map_or(key, |at| &key[..from + at + separator.len()])
}
