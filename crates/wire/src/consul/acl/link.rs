//! Links from tokens and roles to policies and roles.

use serde::{Deserialize, Serialize};

/// A policy or a role by its id, its name, or both. In a request one of them is enough; in an
/// answer both are there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Link {
    /// The UUID; it counts if both are given.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The name, which the server turns into the id, so that a later renaming breaks nothing.
    #[serde(rename = "Name", skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl Link {
    /// The policy or role with this id.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    /// The policy or role with this name.
    #[must_use]
    pub fn name(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// A link as the server writes it, with both.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
        }
    }
}
