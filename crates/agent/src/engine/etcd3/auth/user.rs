use quorate_wire::consul::SecretText;
use serde::{Deserialize, Serialize};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// The hash of the password; `None` is one that never fits.
    pub hash: Option<SecretText>,
    /// The user never logs in with a password.
    pub no_password: bool,
    /// The names of the user's roles, in byte order.
    pub roles: Vec<String>,
    /// The change of users at which the password became what it is: tokens of before are worth
    /// nothing.
    pub since: i64,
}

impl User {
    /// Whether the user has a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}
