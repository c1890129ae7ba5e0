//! All parameters of a configuration, as text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{ConfigError, Parameter, ParameterChange, Secrets, change, codec};

/// The parameters of a configuration by their paths (`HTTP/port`), after all layers were laid over
/// each other: each with its value as text and the place that it came from.
///
/// Cheap to clone; it never changes. `Debug` hides secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Arc<BTreeMap<String, Parameter>>);

impl Parameters {
    pub(super) fn new(mut all: BTreeMap<String, Parameter>, secrets: &Secrets) -> Self {
        for (path, parameter) in &mut all {
            parameter.is_secret = secrets.covers(path);
        }
        Self(Arc::new(all))
    }

    /// The parameter at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Parameter> {
        self.0.get(path)
    }

    /// All of them, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.0.iter().map(|(path, one)| (path.as_str(), one))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What makes these of `older`: added, changed and removed parameters, by path. A parameter
    /// that has the same value from another place counts as changed.
    #[must_use]
    pub fn changes_since(&self, older: &Self) -> Vec<ParameterChange> {
        change::between(older, self)
    }

    /// The parameters as a value of `T`, by the rules of the [tree](crate::tree).
    ///
    /// # Errors
    /// `Decode`, with the parameter at fault and where it came from.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        codec::decode(self)
    }

    /// The parameters as one document: categories are objects, lists are arrays, and values are
    /// texts, because only a type knows more.
    ///
    /// # Errors
    /// `Decode` if they are no tree: a path is both a parameter and a category.
    pub fn to_json(&self) -> Result<serde_json::Value, ConfigError> {
        if self.is_empty() {
            return Ok(serde_json::Value::Object(serde_json::Map::new()));
        }
        codec::decode(self)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
