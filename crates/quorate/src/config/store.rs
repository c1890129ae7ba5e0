//! Where a configuration is kept on a backend.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::edit::Edit;
use super::{ConfigError, Format, Origin, Parameter, Parameters, Secrets, codec, document};
use crate::prelude::*;
use crate::{Coordinator, Entry, Key, ListOptions, Prefix, WatchTarget};

/// A configuration on a backend: a subtree of keys, or one key with a document.
///
/// Cheap to clone. [`ConfigBuilder::store`](super::ConfigBuilder::store) makes it a layer of a
/// [`Config`](super::Config); by itself it reads and writes parameters without a type.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use quorate::config::Store;
///
/// let coordinator = quorate::connect("memory:").await?;
/// let store = Store::subtree(&coordinator, "/myproject/myconfigurable.conf")?;
/// let mut edit = store.edit().await?;
/// edit.set("MYCONF/myparam", &42)?;
/// edit.commit().await?; // refused with `Conflict` if anybody changed it in between
/// assert_eq!(store.read().await?.get("MYCONF/myparam").unwrap().text(), Some("42"));
/// # Ok(coordinator.close().await?)
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct Store {
    pub(super) coordinator: Coordinator,
    pub(super) place: Place,
    pub(super) marker: Option<String>,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A key for each parameter.
    Subtree(Prefix),
    /// All of them in the value of one key.
    Document(Key, Format),
}

impl Store {
    /// Parameters as keys beneath `path`: `path/CATEGORY/parameter`, at any depth. A `/` at the
    /// beginning of `path` is left out, because etcd's paths have one; an empty path is refused,
    /// because it would be everything that the backend holds.
    ///
    /// # Errors
    /// `Backend` with `InvalidArgument` if `path` breaks a rule of [`Prefix`]; `Usage`.
    pub fn subtree(coordinator: &Coordinator, path: &str) -> Result<Self, ConfigError> {
        let prefix = Prefix::new(path.strip_prefix('/').unwrap_or(path))?;
        if prefix.as_str().is_empty() {
            return Err(ConfigError::usage("the path of a configuration is empty"));
        }
        Ok(Self::new(coordinator, Place::Subtree(prefix)))
    }

    /// Parameters in one document at `key`.
    ///
    /// # Errors
    /// `Backend` with `InvalidArgument` if `key` breaks a rule of [`Key`].
    pub fn document(
        coordinator: &Coordinator,
        key: &str,
        format: Format,
    ) -> Result<Self, ConfigError> {
        let key = Key::new(key.strip_prefix('/').unwrap_or(key))?;
        Ok(Self::new(coordinator, Place::Document(key, format)))
    }

    fn new(coordinator: &Coordinator, place: Place) -> Self {
        Self {
            coordinator: coordinator.clone(),
            place,
            marker: None,
        }
    }

    /// Takes a change of the subtree only when the parameter `parameter` was written last: for
    /// backends without transactions, and for writers that do not use them. Whoever writes several
    /// parameters writes this one after them, with a value that is new each time; a number that
    /// grows will do, and [`Edit`] does so by itself. Until then readers keep what they have. The
    /// marker is no part of the configuration. A document needs none and ignores it.
    #[must_use]
    pub fn with_marker(mut self, parameter: impl Into<String>) -> Self {
        self.marker = Some(parameter.into());
        self
    }

    /// Where it is: the prefix with its `/`, or the key.
    #[must_use]
    pub fn path(&self) -> &str {
        match &self.place {
            Place::Subtree(prefix) => prefix.as_str(),
            Place::Document(key, _) => key.as_str(),
        }
    }

    /// The backend.
    #[must_use]
    pub fn coordinator(&self) -> &Coordinator {
        &self.coordinator
    }

    /// What it holds now: one listing, so nothing is torn. What is not there is an empty one.
    ///
    /// # Errors
    /// `Backend`; `Document` if the document can't be parsed.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn read(&self) -> Result<Parameters, ConfigError> {
        let found = self.parameters(&self.entries().await?)?;
        Ok(Parameters::new(found, &Secrets::default()))
    }

    /// Begins a change of several parameters, with what is there now: one listing.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn edit(&self) -> Result<Edit, ConfigError> {
        let entries = self.entries().await?;
        Edit::new(self.clone(), entries)
    }

    /// Writes each parameter of `defaults` that is not there, and none that is: whoever writes one
    /// at the same time wins. Gives the paths that were written.
    ///
    /// In a subtree they are written together where the backend has transactions and they fit in
    /// one, and else one after the other.
    ///
    /// # Errors
    /// `Encode`; `Backend`. What was written before an error stays, and calling it again goes on.
    ///
    /// # Cancel safety
    /// As after an error.
    pub async fn write_defaults(
        &self,
        defaults: &impl Serialize,
    ) -> Result<Vec<String>, ConfigError> {
        super::defaults::write(self, defaults).await
    }

    /// What a watch of it watches.
    pub(super) fn target(&self) -> WatchTarget {
        match &self.place {
            Place::Subtree(prefix) => WatchTarget::Prefix(prefix.clone()),
            Place::Document(key, _) => WatchTarget::Key(key.clone()),
        }
    }

    /// Whether a change of several parameters is seen at once.
    pub(super) fn comes_at_once(&self) -> bool {
        let is_whole = self.marker.is_some() || matches!(self.place, Place::Document(..));
        is_whole || self.coordinator.capabilities().transactions
    }

    /// Its keys as they are now.
    pub(super) async fn entries(&self) -> Result<BTreeMap<String, Entry>, ConfigError> {
        let kv = self.coordinator.kv();
        let found = match &self.place {
            Place::Subtree(prefix) => kv.list_with(prefix, &ListOptions::default()).await?,
            Place::Document(key, _) => kv.get(key.as_str()).await?.into_iter().collect(),
        };
        let entries = found.into_iter().map(|entry| (entry.key.clone(), entry));
        Ok(entries.collect())
    }

    /// The full key of a parameter, or of the document.
    pub(super) fn key(&self, path: &str) -> Result<Key, ConfigError> {
        Ok(match &self.place {
            Place::Subtree(prefix) => Key::new(format!("{prefix}{path}"))?,
            Place::Document(key, _) => key.clone(),
        })
    }

    /// The parameters in its keys.
    pub(super) fn parameters(
        &self,
        entries: &BTreeMap<String, Entry>,
    ) -> Result<BTreeMap<String, Parameter>, ConfigError> {
        match &self.place {
            Place::Subtree(prefix) => Ok(self.of_keys(prefix, entries)),
            Place::Document(key, format) => match entries.get(key.as_str()) {
                Some(entry) => self.of_document(entry, *format),
                None => Ok(BTreeMap::new()),
            },
        }
    }

    fn of_keys(
        &self,
        prefix: &Prefix,
        entries: &BTreeMap<String, Entry>,
    ) -> BTreeMap<String, Parameter> {
        let beneath = entries.values().filter_map(|entry| {
            let path = entry.key.strip_prefix(prefix.as_str())?;
            // `a/` is how graphical tools write the directory `a`.
            let is_one = !path.is_empty() && !path.ends_with('/');
            (is_one && Some(path) != self.marker.as_deref()).then_some((path, entry))
        });
        let one = |entry: &Entry| {
            let origin = self.origin(&entry.key);
            Parameter::new(entry.value.clone(), origin, Some(entry.revision))
        };
        beneath
            .map(|(path, entry)| (path.to_owned(), one(entry)))
            .collect()
    }

    fn of_document(
        &self,
        entry: &Entry,
        format: Format,
    ) -> Result<BTreeMap<String, Parameter>, ConfigError> {
        let origin = self.origin(&entry.key);
        let value = document::parse(format, &entry.value, &origin)?;
        let one = |text| Parameter::new(text, origin.clone(), Some(entry.revision));
        let found = codec::encode(&value)?.into_iter();
        Ok(found.map(|(path, text)| (path, one(text))).collect())
    }

    pub(super) fn origin(&self, key: &str) -> Origin {
        Origin::Key {
            url: self.coordinator.url().to_owned(),
            key: key.to_owned(),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}", self.path(), self.coordinator.url())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("url", &self.coordinator.url())
            .field("place", &self.place)
            .field("marker", &self.marker)
            .finish()
    }
}
