//! Trees on a backend.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::TreeProblem;
use super::name::{LOCK, MARKER, unescape};
use super::options::TreeOptions;
use super::place::Place;
use super::plan::{Existing, Plan};
use super::{de, entries, ser};
use crate::{Coordinator, Entry, KvExt, Result, Revision};

/// Values of any shape as trees of keys, on any backend:
/// [`Coordinator::tree`](crate::Coordinator::tree). How values are laid out is said in
/// [`tree`](crate::tree).
///
/// A path is a key, and may begin with a `/`; what lies at it and beneath it is its value. Parts of
/// a value have paths of their own: a field is beneath its struct, an item beneath its list.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Collection {
///     subcollection: Vec<String>,
/// }
///
/// let coordinator = quorate::connect("memory:").await?;
/// let tree = coordinator.tree();
/// let collection = Collection { subcollection: vec!["item1".into(), "item2".into()] };
/// tree.set("/collection", &collection).await?;
/// // The keys are `collection/subcollection/1` and `collection/subcollection/2`.
/// assert_eq!(tree.get::<String>("/collection/subcollection/2").await?, "item2");
/// assert_eq!(tree.get::<Collection>("/collection").await?, collection);
///
/// tree.remove("/collection").await?;
/// assert!(!tree.contains("/collection").await?);
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
///
/// # What is atomic
/// [`set`](Self::set) and [`replace`](Self::replace) write what differs in one transaction if the
/// backend has transactions and the changes fit into one
/// ([`max_txn_ops`](crate::Capabilities::max_txn_ops),
/// [`max_txn_bytes`](crate::Capabilities::max_txn_bytes)); then nobody sees a part of them.
/// Otherwise, on Consul for more than 64 changes and on etcd v2 for more than one, they write first
/// and delete then, in several steps; [`Written::atomic`] says which it was, and a handle made by
/// [`atomic`](Self::atomic) refuses instead. A read is one listing and, for the key of the path
/// itself, one more.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) coordinator: Coordinator,
    pub(super) options: TreeOptions,
    pub(super) atomic: bool,
}

/// What a write did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// All of it happened in one step. `false` where it was too much for one transaction of the
    /// backend, or the backend has none.
    pub atomic: bool,
    /// How many keys were written: those whose value is another one now.
    pub puts: usize,
    /// How many keys were deleted.
    pub deletes: usize,
    /// The greatest revision of what was written, where there is one.
    pub revision: Option<Revision>,
}

impl Tree {
    pub(crate) fn new(coordinator: Coordinator) -> Self {
        Self {
            coordinator,
            options: TreeOptions::default(),
            atomic: false,
        }
    }

    /// The same trees, laid out as `options` say.
    #[must_use]
    pub fn with_options(mut self, options: TreeOptions) -> Self {
        self.options = options;
        self
    }

    /// The same trees; but what can't be written in one step is refused before anything is sent.
    #[must_use]
    pub fn atomic(mut self) -> Self {
        self.atomic = true;
        self
    }

    /// Reads the value at `path`.
    ///
    /// # Errors
    /// `NotFound` if nothing is there; `Malformed` if it is no `T`, with the path where that is so;
    /// those of every request.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let place = Place::new(path)?;
        let existing = self.read(&place).await?;
        self.parse(&place, &existing)?
            .ok_or_else(|| self.absent(&place))
    }

    /// Reads the value at `path`; `None` if nothing is there.
    ///
    /// # Errors
    /// As [`get`](Self::get), without `NotFound`.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let place = Place::new(path)?;
        let existing = self.read(&place).await?;
        self.parse(&place, &existing)
    }

    /// Whether anything is at `path` or beneath it. An empty list or map is something.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn contains(&self, path: &str) -> Result<bool> {
        let place = Place::new(path)?;
        let kv = self.coordinator.kv();
        if let Some(key) = &place.key
            && kv.get(key.as_str()).await?.is_some()
        {
            return Ok(true);
        }
        let names = kv.children(place.prefix.as_str()).await?;
        Ok(names.iter().any(|name| name_in(&place, name) != LOCK))
    }

    /// The names right beneath `path`, as the keys of a map, ordered by how they are stored. Empty
    /// if nothing is there.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn children(&self, path: &str) -> Result<Vec<String>> {
        let place = Place::new(path)?;
        let stored = self.stored_children(&place).await?;
        let mut names: Vec<String> = Vec::with_capacity(stored.len());
        for name in stored.iter().filter(|name| name.as_str() != MARKER) {
            let name = unescape(name).into_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// What is at `path` and beneath it as it is stored: whole keys with their revisions, ordered.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn entries(&self, path: &str) -> Result<Vec<Entry>> {
        let existing = self.read(&Place::new(path)?).await?;
        Ok(existing.into_values().collect())
    }

    /// Merges `value` into what is at `path`: the keys of a map or struct are written and others in
    /// it stay; a list, a leaf, or a variant takes the place of what was there, and so does anything
    /// of another kind. A field that is `None` is removed.
    ///
    /// # Errors
    /// `InvalidArgument` if the value can't be written, with the path where that is so and a
    /// [`TreeError`](crate::TreeError) as source, or, for a handle that is
    /// [`atomic`](Self::atomic), not in one step; `Indeterminate` if the answer was lost, or only a
    /// part was written. Repeating it is safe.
    ///
    /// # Cancel safety
    /// What was already sent may still happen.
    pub fn set<T: Serialize + ?Sized>(
        &self,
        path: &str,
        value: &T,
    ) -> impl Future<Output = Result<Written>> + Send {
        let node = ser::to_node(value, &self.options);
        async move {
            let place = Place::new(path)?;
            let operation = format!("set `{}`", place.path());
            let node = node.map_err(|error| error.into_error(operation.as_str(), true))?;
            let existing = self.read(&place).await?;
            let plan = Plan::merge(&existing, &node);
            self.execute(&place, &plan, operation).await
        }
    }

    /// Makes `value` all that is at `path`: what is not in it is removed. The keys of locks
    /// stay, and those that no [`Key`](crate::Key) can name, such as the `a/` of Consul's web pages.
    ///
    /// Where it is atomic, it is so against other replacements too: if a key that it leaves as it
    /// is was changed meanwhile, it reads anew and tries again. A key that somebody adds in that very
    /// moment may stay, as if it had been added right afterwards.
    ///
    /// # Errors
    /// As [`set`](Self::set); `Conflict` if others changed it over and over.
    ///
    /// # Cancel safety
    /// What was already sent may still happen.
    pub fn replace<T: Serialize + ?Sized>(
        &self,
        path: &str,
        value: &T,
    ) -> impl Future<Output = Result<Written>> + Send {
        let node = ser::to_node(value, &self.options);
        async move {
            let place = Place::new(path)?;
            let operation = format!("replace `{}`", place.path());
            let node = node.map_err(|error| error.into_error(operation.as_str(), true))?;
            self.replace_node(&place, &node, operation).await
        }
    }

    /// All that is at `place`, by relative keys.
    pub(super) async fn read(&self, place: &Place) -> Result<Existing> {
        let kv = self.coordinator.kv();
        let mut existing = BTreeMap::new();
        if let Some(key) = &place.key
            && let Some(entry) = kv.get(key.as_str()).await?
        {
            existing.insert(String::new(), entry);
        }
        for entry in kv.list(place.prefix.as_str()).await? {
            if let Some(relative) = entries::relative(place.path(), &entry.key) {
                existing.insert(relative.to_owned(), entry);
            }
        }
        Ok(existing)
    }

    /// The value of what was read; `None` if it was nothing.
    pub(super) fn parse<T: DeserializeOwned>(
        &self,
        place: &Place,
        existing: &Existing,
    ) -> Result<Option<T>> {
        let operation = || format!("read `{}`", place.path());
        let pairs = existing
            .iter()
            .map(|(key, entry)| (key, entry.value.clone()));
        let node = entries::node("", pairs, &self.options);
        let node = node.map_err(|error| error.into_error(operation(), false))?;
        if node.is_nothing() {
            return Ok(None);
        }
        let value = de::from_node(&node, self.options.scalars);
        value
            .map(Some)
            .map_err(|error| error.into_error(operation(), false))
    }

    pub(super) fn absent(&self, place: &Place) -> crate::Error {
        let absent = super::TreeError::from(TreeProblem::Absent);
        absent.into_error(format!("read `{}`", place.path()), false)
    }

    /// The names right beneath `place` as they are stored, without those of locks.
    pub(super) async fn stored_children(&self, place: &Place) -> Result<Vec<String>> {
        let prefix = place.prefix.as_str();
        let keys = self.coordinator.kv().children(prefix).await?;
        let mut names: Vec<String> = Vec::with_capacity(keys.len());
        for key in &keys {
            let name = name_in(place, key);
            // `a` and `a/` come one after the other, but for what sorts between them.
            if !matches!(name, "" | LOCK) && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

fn name_in<'k>(place: &Place, key: &'k str) -> &'k str {
    let name = key.strip_prefix(place.prefix.as_str()).unwrap_or(key);
    name.strip_suffix('/').unwrap_or(name)
}
