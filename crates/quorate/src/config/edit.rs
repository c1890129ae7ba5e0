//! Changing parameters: read, change, write back what changed, if nobody else changed it.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::merge::remove_beneath;
use super::store::Place;
use super::{ConfigError, Parameter, ParameterChange, Parameters, Secrets, Store, codec};
use super::{document, draft};
use crate::prelude::*;
use crate::{Compare, Entry, ErrorKind, Operation, Revision, Transaction, TxnOutcome};

/// A change of a [`Store`] that is being made: [`Store::edit`].
///
/// It knows what was there when it began. [`commit`](Self::commit) writes what is different, and
/// only if nobody else has changed any of that since: nothing is overwritten unseen.
#[derive(Clone, Debug)]
#[must_use = "an edit does nothing until it is committed"]
pub struct Edit {
    store: Store,
    entries: BTreeMap<String, Entry>,
    before: Parameters,
    draft: Draft,
}

/// What is to be there.
#[derive(Clone, Debug)]
enum Draft {
    Keys(BTreeMap<String, Bytes>),
    Document(Value),
}

impl Edit {
    pub(super) fn new(store: Store, entries: BTreeMap<String, Entry>) -> Result<Self, ConfigError> {
        let found = store.parameters(&entries)?;
        let draft = match &store.place {
            Place::Subtree(_) => {
                let values = found
                    .iter()
                    .map(|(path, one)| (path.clone(), one.value.clone()));
                Draft::Keys(values.collect())
            }
            Place::Document(key, format) => Draft::Document(match entries.get(key.as_str()) {
                Some(entry) => document::parse(*format, &entry.value, &store.origin(&entry.key))?,
                None => Value::Object(serde_json::Map::new()),
            }),
        };
        let before = Parameters::new(found, &Secrets::default());
        Ok(Self {
            store,
            entries,
            before,
            draft,
        })
    }

    /// What was there when the edit began.
    #[must_use]
    pub fn before(&self) -> &Parameters {
        &self.before
    }

    /// Sets the parameter or category `path` to `value`, in place of all that is there. In a
    /// document it keeps its type; in a subtree it becomes text.
    ///
    /// # Errors
    /// `Encode` if the value can't be written; `Usage` for an empty path; `Backend` if the path is
    /// no legal key.
    pub fn set(
        &mut self,
        path: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), ConfigError> {
        self.check(path)?;
        match &mut self.draft {
            Draft::Keys(keys) => {
                let beneath = codec::encode(&value)?;
                clear(keys, path);
                keys.extend(beneath.into_iter().map(|(name, text)| match name.as_str() {
                    "" => (path.to_owned(), text),
                    name => (format!("{path}/{name}"), text),
                }));
            }
            Draft::Document(document) => {
                let value = serde_json::to_value(value);
                let value = value.map_err(|error| ConfigError::Encode(error.to_string()))?;
                draft::set(document, path, value)?;
            }
        }
        Ok(())
    }

    /// Sets the parameter `path` to what a person has typed. In a document that is a number, a flag
    /// or whatever JSON it is, unless the parameter is a text there already.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_text(&mut self, path: &str, text: &str) -> Result<(), ConfigError> {
        match &self.draft {
            Draft::Keys(_) => self.set(path, text),
            Draft::Document(document) => match draft::typed(document, path, text) {
                Some(value) => self.set(path, &value),
                None => self.set(path, text),
            },
        }
    }

    /// Sets the value of one key as it is.
    pub(super) fn put(&mut self, path: String, value: Bytes) {
        if let Draft::Keys(keys) = &mut self.draft {
            keys.insert(path, value);
        }
    }

    /// Removes the parameter or category `path`. That it is not there is fine.
    ///
    /// # Errors
    /// `Usage` for an empty path; `Backend` if the path is no legal key.
    pub fn remove(&mut self, path: &str) -> Result<(), ConfigError> {
        self.check(path)?;
        match &mut self.draft {
            Draft::Keys(keys) => {
                keys.remove(path);
                remove_beneath(keys, path);
            }
            Draft::Document(document) => draft::remove(document, path),
        }
        Ok(())
    }

    /// Sets everything: what `value` does not have is removed.
    ///
    /// # Errors
    /// `Encode` if the value can't be written, or is no map at its top.
    pub fn replace(&mut self, value: &impl Serialize) -> Result<(), ConfigError> {
        match &mut self.draft {
            Draft::Keys(keys) => {
                let all = codec::encode(value)?;
                if all.contains_key("") || all.contains_key(codec::MARKER) {
                    return Err(ConfigError::Encode("its top level is no map".into()));
                }
                *keys = all;
            }
            Draft::Document(document) => {
                let value = serde_json::to_value(value);
                let value = value.map_err(|error| ConfigError::Encode(error.to_string()))?;
                if !value.is_object() {
                    return Err(ConfigError::Encode("its top level is no map".into()));
                }
                *document = value;
            }
        }
        Ok(())
    }

    /// What will be there after [`commit`](Self::commit).
    ///
    /// # Errors
    /// `Encode` if the document can't be written as parameters.
    pub fn after(&self) -> Result<Parameters, ConfigError> {
        Ok(Parameters::new(self.result()?, &Secrets::default()))
    }

    /// What is different.
    ///
    /// # Errors
    /// As [`after`](Self::after).
    pub fn changes(&self) -> Result<Vec<ParameterChange>, ConfigError> {
        let mut changes = self.after()?.changes_since(&self.before);
        changes.retain(|change| !change.is_same_value());
        Ok(changes)
    }

    pub(super) fn result(&self) -> Result<BTreeMap<String, Parameter>, ConfigError> {
        let encoded;
        let values = match &self.draft {
            Draft::Keys(keys) => keys,
            Draft::Document(document) => {
                encoded = codec::encode(document)?;
                &encoded
            }
        };
        let mut all = BTreeMap::new();
        for (path, value) in values {
            let origin = self.store.origin(self.store.key(path)?.as_str());
            let was = self.before.get(path).filter(|was| was.value == *value);
            let revision = was.and_then(|was| was.revision);
            all.insert(
                path.clone(),
                Parameter::new(value.clone(), origin, revision),
            );
        }
        Ok(all)
    }

    /// Writes what is different, at once, and gives the revision that it has; `None` if nothing is
    /// different or only something was deleted.
    ///
    /// # Errors
    /// `Backend` with `Conflict` if somebody else has changed one of these parameters since the
    /// edit began; nothing is written then. With `Unsupported` or `InvalidArgument` if there is
    /// more than one change and the backend has no transactions, or too small ones:
    /// [`commit_in_steps`](Self::commit_in_steps) is for that.
    ///
    /// # Cancel safety
    /// The change may be made although the future was dropped.
    pub async fn commit(self) -> Result<Option<Revision>, ConfigError> {
        let mut steps = self.steps()?;
        if steps.len() > 1 {
            return self.transact(steps).await;
        }
        match steps.pop() {
            Some(step) => step.write(&self.store).await,
            None => Ok(None),
        }
    }

    /// Writes what is different, one parameter after the other, each only if nobody else has
    /// changed it since the edit began. Readers may see a part of it in between, unless the store
    /// has a [marker](Store::with_marker), which is written last.
    ///
    /// # Errors
    /// As [`commit`](Self::commit). What was written before the error stays.
    ///
    /// # Cancel safety
    /// What was written stays, and the rest is not written.
    pub async fn commit_in_steps(self) -> Result<Option<Revision>, ConfigError> {
        let mut last = None;
        for step in self.steps()? {
            last = step.write(&self.store).await?.or(last);
        }
        Ok(last)
    }

    async fn transact(&self, steps: Vec<Step>) -> Result<Option<Revision>, ConfigError> {
        let mut transaction = Transaction::new();
        for step in steps {
            transaction = transaction
                .compare(step.compare())
                .operation(step.operation());
        }
        let operation = format!("change `{}`", self.store.path());
        match self.store.coordinator.kv().transact(transaction).await? {
            TxnOutcome::Committed(done) => Ok(done.revision),
            TxnOutcome::Failed(failed) => {
                let keys = failed
                    .iter()
                    .map(|failed| format!("`{}`", failed.compare.key()));
                let keys = keys.collect::<Vec<_>>().join(", ");
                let detail = format!("{keys} was changed meanwhile");
                Err(crate::Error::new(ErrorKind::Conflict, operation, detail).into())
            }
        }
    }

    /// What has to be written, the marker last.
    fn steps(&self) -> Result<Vec<Step>, ConfigError> {
        if self.changes()?.is_empty() {
            return Ok(Vec::new());
        }
        let step = |key: crate::Key, value| Step {
            found: self.entries.get(key.as_str()).map(|entry| entry.revision),
            key,
            value,
        };
        let (keys, (place, document)) = match (&self.draft, &self.store.place) {
            (Draft::Document(document), Place::Document(key, format)) => {
                let origin = self.store.origin(key.as_str());
                let text = format.render(document, &origin)?;
                return Ok(vec![step(key.clone(), Some(text.into()))]);
            }
            (Draft::Keys(keys), _) => (keys, (self.store.path(), &self.store.marker)),
            (Draft::Document(_), Place::Subtree(_)) => return Ok(Vec::new()),
        };
        let mut steps = Vec::new();
        for change in self.changes()? {
            let value = keys.get(&change.path).cloned();
            steps.push(step(self.store.key(&change.path)?, value));
        }
        if let Some(marker) = document {
            let found = self.entries.get(&format!("{place}{marker}"));
            steps.push(step(self.store.key(marker)?, Some(following(found))));
        }
        Ok(steps)
    }

    fn check(&self, path: &str) -> Result<(), ConfigError> {
        if path.is_empty() {
            return Err(ConfigError::usage("the path of a parameter is empty"));
        }
        if self.store.marker.as_deref() == Some(path) {
            let message = format!("`{path}` is the marker, which is written with every change");
            return Err(ConfigError::usage(message));
        }
        crate::Key::new(path)?;
        Ok(())
    }
}

/// Makes room for a value at `path`.
fn clear(keys: &mut BTreeMap<String, Bytes>, path: &str) {
    keys.remove(path);
    remove_beneath(keys, path);
    for (end, _) in path.match_indices('/') {
        let above = &path[..end];
        keys.remove(above);
        let marker = format!("{above}/{}", codec::MARKER);
        if keys
            .get(&marker)
            .is_some_and(|kind| !codec::is_map_marker(kind))
        {
            keys.remove(&marker);
        }
    }
}

/// A value for the marker that it did not have.
fn following(marker: Option<&Entry>) -> Bytes {
    let number = marker.and_then(|entry| entry.text()?.trim().parse::<u64>().ok());
    let next = match (number, marker) {
        (Some(number), _) => number.wrapping_add(1),
        (None, Some(entry)) => entry.revision.0,
        (None, None) => 1,
    };
    next.to_string().into()
}

/// One key that has to change.
#[derive(Debug)]
struct Step {
    key: crate::Key,
    /// What it was; `None`: it was not there.
    found: Option<Revision>,
    /// What it is to hold; `None`: it is to go.
    value: Option<Bytes>,
}

impl Step {
    fn compare(&self) -> Compare {
        match self.found {
            Some(revision) => Compare::Revision(self.key.clone(), revision),
            None => Compare::NotExists(self.key.clone()),
        }
    }

    fn operation(self) -> Operation {
        match self.value {
            Some(value) => Operation::Put(self.key, value),
            None => Operation::Delete(self.key),
        }
    }

    async fn write(self, store: &Store) -> Result<Option<Revision>, ConfigError> {
        let (kv, key) = (store.coordinator.kv(), self.key.as_str());
        match (self.value, self.found) {
            (Some(value), Some(revision)) => Ok(Some(kv.replace(key, value, revision).await?)),
            (Some(value), None) => match kv.create(key, value).await {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let operation = error.operation().to_owned();
                    let detail = "it was created meanwhile";
                    let conflict = crate::Error::new(ErrorKind::Conflict, operation, detail);
                    Err(conflict.with_source(error).into())
                }
                done => Ok(Some(done?)),
            },
            (None, Some(revision)) => {
                kv.delete_at(key, revision).await?;
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }
}
