//! Who holds the slots, as the `.lock` key of a semaphore says it.

use std::collections::{BTreeMap, HashSet};

use quorate_wire::consul::KvEntry;
use serde::{Deserialize, Serialize};

use super::SEMAPHORE_FLAGS;
use crate::error::Class;
use crate::lock::Holder;
use crate::lock::place::foreign_flags;
use crate::{Error, ErrorKind};

/// The record, byte for byte as Consul's own tools write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Json {
    limit: i64,
    #[serde(default)]
    holders: Option<BTreeMap<String, bool>>,
}

/// What a listing of a semaphore's prefix shows.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The ModifyIndex of the `.lock` key; 0 if it does not exist, as compare-and-set wants it.
    pub(super) index: u64,
    /// How many slots there are; `None` if nobody has said so yet.
    pub(super) limit: Option<i64>,
    /// The sessions that hold a slot and are alive.
    pub(super) holders: BTreeMap<String, bool>,
}

impl Record {
    /// Reads the record at `key` among the entries under the prefix, without the holders that have
    /// no live contender key any more.
    pub(super) fn of(entries: &[KvEntry], key: &str, operation: &str) -> Result<Self, Error> {
        let mut record = Self::raw(entries.iter().find(|entry| entry.key == key), operation)?;
        // Like Consul's own tools: whoever holds any key under the prefix is alive.
        let alive: HashSet<&str> = entries
            .iter()
            .filter_map(|e| e.session.as_deref())
            .collect();
        record
            .holders
            .retain(|session, _| alive.contains(session.as_str()));
        Ok(record)
    }

    /// Reads the record with all its holders.
    pub(super) fn raw(entry: Option<&KvEntry>, operation: &str) -> Result<Self, Error> {
        let Some(entry) = entry else {
            return Ok(Self {
                index: 0,
                limit: None,
                holders: BTreeMap::new(),
            });
        };
        if entry.flags != SEMAPHORE_FLAGS {
            return Err(foreign_flags(operation, entry, SEMAPHORE_FLAGS));
        }
        let Json { limit, holders } = serde_json::from_slice(&entry.value).map_err(|source| {
            let why = format!("the record `{}` can't be read", entry.key.escape_debug());
            Error::new(Class::refused(ErrorKind::Protocol), operation)
                .with_detail(why)
                .with_source(source)
        })?;
        let holders = holders.unwrap_or_default();
        Ok(Self {
            index: entry.modify_index,
            limit: Some(limit),
            holders,
        })
    }

    /// The bytes of the record with `limit` slots.
    pub(super) fn encode(&self, limit: u32) -> Vec<u8> {
        let json = Json {
            limit: limit.into(),
            holders: Some(self.holders.clone()),
        };
        // Numbers, texts and truth values in a struct: this can't fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// The holders, with what their contender keys say of them.
    pub(super) fn holders(&self, entries: &[KvEntry]) -> Vec<Holder> {
        let contender = |session: &String| {
            entries
                .iter()
                .filter_map(Holder::of)
                .find(|holder| holder.session == *session)
        };
        self.holders.keys().filter_map(contender).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "s/.lock";

    fn entry(key: &str, value: &str, session: Option<&str>) -> KvEntry {
        let mut entry = KvEntry::new(key, value.to_owned());
        entry.flags = SEMAPHORE_FLAGS;
        entry.modify_index = 7;
        entry.session = session.map(str::to_owned);
        entry
    }

    #[test]
    fn it_is_written_as_consul_writes_it() {
        let mut record = Record::raw(None, "x").unwrap();
        assert_eq!(record.encode(3), br#"{"Limit":3,"Holders":{}}"#);
        record.holders.insert("b".into(), true);
        record.holders.insert("a".into(), true);
        assert_eq!(
            record.encode(2),
            br#"{"Limit":2,"Holders":{"a":true,"b":true}}"#
        );
    }

    #[test]
    fn holders_without_a_live_contender_are_pruned() {
        let entries = [
            entry(KEY, r#"{"Limit":2,"Holders":{"a":true,"dead":true}}"#, None),
            entry("s/a", "me", Some("a")),
            entry("s/dead", "", None),
        ];
        let record = Record::of(&entries, KEY, "x").unwrap();
        assert_eq!((record.limit, record.index), (Some(2), 7));
        assert_eq!(record.holders.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(record.holders(&entries)[0].value, "me");
    }

    #[test]
    fn a_record_without_holders_may_say_null() {
        let entries = [entry(KEY, r#"{"Limit":2,"Holders":null}"#, None)];
        assert!(Record::of(&entries, KEY, "x").unwrap().holders.is_empty());
    }

    #[test]
    fn something_else_in_its_place_is_an_error() {
        let mut foreign = entry(KEY, r#"{"Limit":2,"Holders":{}}"#, None);
        foreign.flags = crate::lock::LOCK_FLAGS;
        let error = Record::raw(Some(&foreign), "x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let garbled = entry(KEY, "{", None);
        assert_eq!(
            Record::raw(Some(&garbled), "x").unwrap_err().kind(),
            ErrorKind::Protocol
        );
    }
}
