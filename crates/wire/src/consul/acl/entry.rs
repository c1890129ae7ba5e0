//! Tokens as they were before Consul 1.4: `/v1/acl/{create,update,clone,destroy,info,list}`.

use serde::{Deserialize, Serialize};

use crate::consul::secret::SecretText;
use crate::consul::words::words;

words! {
    /// What an old token may do.
    #[derive(Default)]
    EntryKind {
        /// What its rules say.
        #[default]
        Client = "client",
        /// Everything.
        Management = "management",
    }
}

/// A token as it was before Consul 1.4. New tokens without roles and identities are shown in this
/// form too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Entry {
    /// The secret, which is also its name.
    #[serde(rename = "ID")]
    pub id: SecretText,
    /// A name for people.
    pub name: String,
    /// `client` or `management`.
    #[serde(rename = "Type")]
    pub kind: EntryKind,
    /// The rules, as HCL or JSON.
    pub rules: String,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// The body of `PUT /v1/acl/create` and `PUT /v1/acl/update`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct EntryRequest {
    /// The secret; required to update, and made by the server if a new token has none.
    #[serde(rename = "ID", skip_serializing_if = "SecretText::is_empty")]
    pub id: SecretText,
    /// A name for people.
    pub name: String,
    /// `client` or `management`.
    #[serde(rename = "Type")]
    pub kind: EntryKind,
    /// The rules, as HCL or JSON.
    pub rules: String,
}

impl EntryRequest {
    /// A client token without rules.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets the secret.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<SecretText>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets what it may do.
    #[must_use]
    pub fn with_kind(mut self, kind: EntryKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the rules, as HCL or JSON.
    #[must_use]
    pub fn with_rules(mut self, rules: impl Into<String>) -> Self {
        self.rules = rules.into();
        self
    }
}

/// What an entry would have to be sent as, to be changed.
impl From<Entry> for EntryRequest {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            name: entry.name,
            kind: entry.kind,
            rules: entry.rules,
        }
    }
}

/// The answer of `create`, `update` and `clone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCreated {
    /// The token's secret.
    #[serde(rename = "ID")]
    pub id: SecretText,
}

impl From<SecretText> for EntryCreated {
    fn from(id: SecretText) -> Self {
        Self { id }
    }
}
