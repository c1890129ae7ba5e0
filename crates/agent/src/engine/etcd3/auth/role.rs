use serde::{Deserialize, Serialize};

use super::permission::Permission;

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The name.
    pub name: String,
    /// What it may do, by the first key.
    pub permissions: Vec<Permission>,
}
