//! Between parameters and values: the rules are those of the tree.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ConfigError, Parameters};
use crate::tree::{self, TreeOptions};

/// The child that says what a directory is where its other children don't.
pub(super) const MARKER: &str = tree::MARKER;
/// What the marker says of a map.
const MAP: &[u8] = b"{}";

/// The value that the parameters are.
pub(super) fn decode<T: DeserializeOwned>(parameters: &Parameters) -> Result<T, ConfigError> {
    let all = parameters.iter();
    let all = all.map(|(path, one)| (path.to_owned(), one.value.clone()));
    let mut all: BTreeMap<String, Bytes> = all.collect();
    if all.is_empty() {
        // A configuration without parameters is one in which each has its default.
        all.insert(MARKER.to_owned(), Bytes::from_static(MAP));
    }
    tree::from_entries::<T, _, _, _>("", all, &TreeOptions::default()).map_err(|error| {
        let at = error.path();
        ConfigError::Decode {
            parameter: (!at.is_empty()).then(|| at.to_owned()),
            origin: parameters.get(at).map(|one| one.origin.clone()),
            reason: error.to_string(),
        }
    })
}

/// The parameters that a value is, by their paths.
pub(super) fn encode(value: &impl Serialize) -> Result<BTreeMap<String, Bytes>, ConfigError> {
    let entries = tree::to_entries(value, &TreeOptions::default());
    let entries = entries.map_err(|error| ConfigError::Encode(error.to_string()))?;
    let mut entries: BTreeMap<String, Bytes> = entries.into_iter().collect();
    if entries.get(MARKER).is_some_and(|kind| kind == MAP) {
        entries.remove(MARKER);
    }
    Ok(entries)
}

/// Whether children with these names, of which one may be a marker, are the items of a list. Where
/// the marker says what they are, it is right.
pub(super) fn are_items(names: &BTreeSet<&str>, marker: Option<&[u8]>) -> bool {
    match marker {
        Some(kind) => kind != MAP,
        None => tree::look_like_a_list(&names.iter().copied()),
    }
}

/// Whether a marker says that there is a map.
pub(super) fn is_map_marker(value: &[u8]) -> bool {
    value.trim_ascii() == MAP
}
