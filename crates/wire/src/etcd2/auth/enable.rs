//! Whether access control is on: `/v2/auth/enable`.

use serde::{Deserialize, Serialize};

/// The body of `GET /v2/auth/enable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthEnabled {
    /// Whether it is on.
    pub enabled: bool,
}
