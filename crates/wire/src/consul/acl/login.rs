//! Logging in by an auth method: `POST /v1/acl/login`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consul::secret::SecretText;

/// The body of `POST /v1/acl/login`. The answer is a [`Token`](super::Token).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct LoginRequest {
    /// The auth method.
    pub auth_method: String,
    /// What proves who logs in, such as a JSON web token.
    pub bearer_token: SecretText,
    /// Labels, which become part of the token's description.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
}

impl LoginRequest {
    /// A login by `auth_method` with what proves who logs in.
    #[must_use]
    pub fn new(auth_method: impl Into<String>, bearer_token: impl Into<SecretText>) -> Self {
        Self {
            auth_method: auth_method.into(),
            bearer_token: bearer_token.into(),
            meta: BTreeMap::new(),
        }
    }

    /// Adds a label.
    #[must_use]
    pub fn with_meta(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.meta.insert(name.into(), value.into());
        self
    }
}
