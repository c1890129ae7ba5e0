//! The first token: `PUT /v1/acl/bootstrap`.

use serde::{Deserialize, Serialize};

use super::token::Token;
use crate::consul::secret::SecretText;

/// The first token, which may do everything: a token, and its secret once more under the name
/// that it had before Consul 1.4.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BootstrapToken {
    /// The same as `token.secret_id`.
    #[serde(rename = "ID")]
    pub id: SecretText,
    /// The token.
    #[serde(flatten)]
    pub token: Token,
}

impl From<Token> for BootstrapToken {
    fn from(token: Token) -> Self {
        Self {
            id: token.secret_id.clone(),
            token,
        }
    }
}
