//! Writing the parameters that are missing, and no others.

use serde::Serialize;

use super::store::Place;
use super::{ConfigError, Store, codec};
use crate::prelude::*;
use crate::{Compare, ErrorKind, Operation, Transaction};

/// How often it is tried again when others write at the same time.
const ATTEMPTS: usize = 16;

pub(super) async fn write(
    store: &Store,
    defaults: &impl Serialize,
) -> Result<Vec<String>, ConfigError> {
    for _ in 1..ATTEMPTS {
        match attempt(store, defaults).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            done => return done,
        }
    }
    attempt(store, defaults).await
}

/// Tries once; `Conflict` if somebody else wrote one of them meanwhile.
async fn attempt(store: &Store, defaults: &impl Serialize) -> Result<Vec<String>, ConfigError> {
    let mut edit = store.edit().await?;
    let mut missing = Vec::new();
    for (path, value) in codec::encode(defaults)? {
        if !is_there(&edit, &path) {
            missing.push((path, value));
        }
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let paths = missing.iter().map(|(path, _)| path.clone()).collect();
    match &store.place {
        Place::Document(..) => {
            let whole = serde_json::to_value(defaults);
            let whole = whole.map_err(|error| ConfigError::Encode(error.to_string()))?;
            for (path, _) in &missing {
                set_from(&mut edit, &whole, path)?;
            }
            edit.commit().await?;
        }
        // The marker is written with them, so that readers take them.
        Place::Subtree(_) if store.marker.is_some() => {
            missing
                .into_iter()
                .for_each(|(path, value)| edit.put(path, value));
            match store.coordinator.capabilities().transactions {
                true => edit.commit().await?,
                false => edit.commit_in_steps().await?,
            };
        }
        Place::Subtree(_) => create(store, missing).await?,
    }
    Ok(paths)
}

/// Whether there is something at `path`, or something that excludes it: a parameter above it, a
/// list in its place, parameters beneath it.
fn is_there(edit: &super::Edit, path: &str) -> bool {
    let before = edit.before();
    let parameter_above = path
        .match_indices('/')
        .any(|(end, _)| before.get(&path[..end]).is_some());
    let beneath = |folder: &str| {
        let folder = format!("{folder}/");
        before.iter().any(|(known, _)| known.starts_with(&folder))
    };
    let in_list = path.rsplit_once('/').is_some_and(|(list, name)| {
        (crate::tree::is_index(name) || name == codec::MARKER) && beneath(list)
    });
    before.get(path).is_some() || parameter_above || beneath(path) || in_list
}

/// Copies what is at `path` of `whole`; of a list, all of it.
fn set_from(
    edit: &mut super::Edit,
    whole: &serde_json::Value,
    path: &str,
) -> Result<(), ConfigError> {
    let mut place = whole;
    let mut walked = String::new();
    for segment in path.split('/') {
        match place.get(&*crate::tree::unescape(segment)) {
            Some(next) => place = next,
            // The item of a list, or a marker.
            None => break,
        }
        if !walked.is_empty() {
            walked.push('/');
        }
        walked.push_str(segment);
    }
    edit.set(&walked, place)
}

/// Creates all of them at once if the backend can, else one after the other.
async fn create(store: &Store, missing: Vec<(String, bytes::Bytes)>) -> Result<(), ConfigError> {
    let kv = store.coordinator.kv();
    let limits = store.coordinator.capabilities();
    let bytes: usize = missing
        .iter()
        .map(|(path, v)| path.len() + v.len() + 200)
        .sum();
    if limits.transactions
        && missing.len() * 2 <= limits.max_txn_ops
        && bytes * 2 <= limits.max_txn_bytes
    {
        let mut transaction = Transaction::new();
        for (path, value) in missing {
            let key = store.key(&path)?;
            transaction = transaction
                .compare(Compare::NotExists(key.clone()))
                .operation(Operation::Put(key, value));
        }
        let outcome = kv.transact(transaction).await?;
        if !outcome.is_committed() {
            let operation = format!("write the defaults of `{}`", store.path());
            let detail = "others write at the same time";
            return Err(crate::Error::new(ErrorKind::Conflict, operation, detail).into());
        }
        return Ok(());
    }
    for (path, value) in missing {
        match kv.create(store.key(&path)?.as_str(), value).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            done => drop(done?),
        }
    }
    Ok(())
}
