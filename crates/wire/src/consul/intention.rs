//! Intentions, which say who may connect to whom: `/v1/connect/intentions/…`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::nullable::or_default;
use super::time::GoTime;

/// Stands for any service.
pub const ANY: &str = "*";

/// Whether connections are let through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum IntentionAction {
    /// They are.
    Allow,
    /// They are not.
    #[default]
    Deny,
    /// A word that this version does not know; servers after 1.8 leave it empty for rules by path.
    Other(String),
}

impl IntentionAction {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for IntentionAction {
    fn from(word: String) -> Self {
        match word.as_str() {
            "allow" => Self::Allow,
            "deny" => Self::Deny,
            _ => Self::Other(word),
        }
    }
}

impl From<IntentionAction> for String {
    fn from(action: IntentionAction) -> Self {
        action.as_str().to_owned()
    }
}

/// The body of a creation, and of an update, which replaces everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct IntentionRequest {
    /// The service that connects, or [`ANY`].
    pub source_name: String,
    /// The service that is connected to, or [`ANY`].
    pub destination_name: String,
    /// Whether it is let through.
    pub action: IntentionAction,
    /// What sources are: `consul`, services.
    pub source_type: String,
    /// For people; at most 512 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The operator's labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
}

impl IntentionRequest {
    /// Lets `source` connect to `destination`.
    #[must_use]
    pub fn allow(source: impl Into<String>, destination: impl Into<String>) -> Self {
        Self::new(source.into(), destination.into(), IntentionAction::Allow)
    }

    /// Keeps `source` from connecting to `destination`.
    #[must_use]
    pub fn deny(source: impl Into<String>, destination: impl Into<String>) -> Self {
        Self::new(source.into(), destination.into(), IntentionAction::Deny)
    }

    fn new(source_name: String, destination_name: String, action: IntentionAction) -> Self {
        Self {
            source_name,
            destination_name,
            action,
            source_type: "consul".to_owned(),
            ..Self::default()
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.meta.insert(key.into(), value.into());
        self
    }
}

/// An intention as the server shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Intention {
    /// The UUID that the server gave it.
    #[serde(rename = "ID")]
    pub id: String,
    /// For people.
    pub description: String,
    /// The namespace of the source: `default`.
    #[serde(rename = "SourceNS")]
    pub source_ns: String,
    /// The service that connects, or [`ANY`].
    pub source_name: String,
    /// The namespace of the destination: `default`.
    #[serde(rename = "DestinationNS")]
    pub destination_ns: String,
    /// The service that is connected to, or [`ANY`].
    pub destination_name: String,
    /// What the source is: `consul`, a service.
    pub source_type: String,
    /// Whether it is let through.
    pub action: IntentionAction,
    /// Kept and not used by any server.
    pub default_addr: String,
    /// Kept and not used by any server.
    pub default_port: i64,
    /// The operator's labels.
    #[serde(deserialize_with = "or_default")]
    pub meta: BTreeMap<String, String>,
    /// The higher one of two that match counts: 9 for two names, 8 for any source, 6 for any
    /// destination, 5 for any of both.
    pub precedence: i64,
    /// When it was created.
    pub created_at: GoTime,
    /// When it was changed last.
    pub updated_at: GoTime,
    /// A digest of what users set, in base64.
    #[serde(deserialize_with = "or_default")]
    pub hash: String,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// The answer of a creation, and of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentionCreated {
    /// The intention's UUID.
    #[serde(rename = "ID")]
    pub id: String,
}

/// The answer of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IntentionCheck {
    /// Whether the connection is let through.
    pub allowed: bool,
}

/// Which side of an intention a name is matched with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntentionSide {
    /// What connects.
    Source,
    /// What is connected to.
    Destination,
}

impl IntentionSide {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

/// The answer of a match: the intentions of each name, those that count first in front.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentionMatches {
    /// By name; none is shown as `null`.
    pub by_name: BTreeMap<String, Option<Vec<Intention>>>,
}

impl IntentionMatches {
    /// The intentions of one name.
    #[must_use]
    pub fn of(&self, name: &str) -> &[Intention] {
        let found = self.by_name.get(name);
        found.and_then(Option::as_deref).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_no_more_than_was_set() {
        let json = serde_json::to_string(&IntentionRequest::allow("web", ANY)).unwrap();
        let want =
            r#"{"SourceName":"web","DestinationName":"*","Action":"allow","SourceType":"consul"}"#;
        assert_eq!(json, want);
    }
}
