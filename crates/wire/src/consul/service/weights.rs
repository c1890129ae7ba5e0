//! How much of the load an instance takes.

use serde::{Deserialize, Serialize};

/// How often an instance is named in DNS answers, by its health. Other clients may use it likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Weights {
    /// While all checks pass: 1 to 65535. Default 1.
    pub passing: u32,
    /// While a check warns: 0 to 65535. Default 1.
    pub warning: u32,
}

impl Weights {
    /// The weights while all checks pass, and while one warns.
    #[must_use]
    pub const fn new(passing: u32, warning: u32) -> Self {
        Self { passing, warning }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self::new(1, 1)
    }
}
