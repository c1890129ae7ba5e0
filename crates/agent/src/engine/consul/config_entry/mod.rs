//! Configuration entries: what is stored, and what is read of it.

mod check;
mod gateway;
mod resolver;
mod router;
mod splitter;
mod write;

pub(super) use splitter::rounded as rounded_weight;

use std::ops::Bound::{Included, Unbounded};
use std::sync::Arc;

use quorate_wire::consul::ConfigEntry;
use rpds::RedBlackTreeMapSync;

use super::index::Table;
use super::kv::Found;
use super::row::Row;
use super::state::State;
use crate::engine::change::Topic;

/// The kind of an entry, and its name in lower case.
pub(super) type ConfigId = (Box<str>, Box<str>);

/// All configuration entries.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigEntries {
    by_id: RedBlackTreeMapSync<ConfigId, Arc<ConfigEntry>>,
}

/// The id of the entry of that kind and name; names match in any case of letters.
pub(super) fn id_of(kind: &str, name: &str) -> ConfigId {
    (kind.into(), name.to_lowercase().into())
}

impl ConfigEntries {
    pub(super) fn get(&self, kind: &str, name: &str) -> Option<&Arc<ConfigEntry>> {
        self.by_id.get(&id_of(kind, name))
    }

    pub(super) fn put(&mut self, id: ConfigId, entry: Arc<ConfigEntry>) {
        self.by_id.insert_mut(id, entry);
    }

    pub(super) fn remove(&mut self, id: &ConfigId) {
        self.by_id.remove_mut(id);
    }

    /// The entries of a kind by name; all entries when the kind is empty.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<&Arc<ConfigEntry>> {
        let from: ConfigId = (kind.into(), "".into());
        let entries = self.by_id.range((Included(&from), Unbounded::<&ConfigId>));
        entries
            .take_while(|((of, _), _)| kind.is_empty() || &**of == kind)
            .map(|(_, entry)| entry)
            .collect()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let entries = self.by_id.iter();
        entries.map(|(id, entry)| Row::ConfigEntry(id.clone(), Some(Arc::clone(entry))))
    }
}

/// What readers of one entry wait for, or, without a name, those of a kind.
pub(crate) fn topic_of(kind: &str, name: Option<&str>) -> Topic {
    Topic::ConfigEntries(match name {
        Some(name) => format!("{kind}/{}", name.to_lowercase()).into(),
        None => kind.into(),
    })
}

impl State {
    /// The entry of that kind and name, in any case of letters.
    #[must_use]
    pub fn config_entry(&self, kind: &str, name: &str) -> Found<Option<&Arc<ConfigEntry>>> {
        let entry = self.config_entries.get(kind, name);
        Found::new(entry, self.table_index(Table::ConfigEntries))
    }

    /// The entries of a kind by name; all entries when the kind is empty.
    #[must_use]
    pub fn config_entries(&self, kind: &str) -> Found<Vec<&Arc<ConfigEntry>>> {
        let entries = self.config_entries.of_kind(kind);
        Found::new(entries, self.table_index(Table::ConfigEntries))
    }
}
