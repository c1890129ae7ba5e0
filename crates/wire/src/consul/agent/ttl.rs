//! What a program says about its own health.

use serde::{Deserialize, Serialize};

use crate::consul::health_status::HealthStatus;

/// The body of `PUT /v1/agent/check/update/ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TtlUpdate {
    /// How it is.
    pub status: HealthStatus,
    /// Why, for people; what is longer than 4 KiB is cut.
    #[serde(default)]
    pub output: String,
}

impl TtlUpdate {
    /// How it is, and why.
    pub fn new(status: HealthStatus, output: impl Into<String>) -> Self {
        Self {
            status,
            output: output.into(),
        }
    }
}
