use std::collections::BTreeSet;

use quorate_wire::consul::SecretText;
use serde::{Deserialize, Serialize};

use super::ROOT;
use super::command::PutUser;
use super::refusal::AuthRefusal;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name.
    #[serde(rename = "user")]
    pub name: String,
    /// The hash of the password.
    pub password: SecretText,
    /// The roles; `None` when none were ever given, which etcd tells from an empty list.
    pub roles: Option<Vec<String>>,
}

impl User {
    /// The roles.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        self.roles.as_deref().unwrap_or_default()
    }

    /// The user `root` with its role, which can't be taken away.
    pub(super) fn with_root_role(mut self) -> Self {
        if self.name == ROOT && !self.roles().iter().any(|role| role == ROOT) {
            self.roles.get_or_insert_default().push(ROOT.to_owned());
        }
        self
    }

    /// The user with a new password, and other roles.
    pub(super) fn changed(&self, put: PutUser) -> Result<Self, AuthRefusal> {
        let mut roles: BTreeSet<String> = self.roles().iter().cloned().collect();
        let user = || self.name.clone();
        for role in put.grant {
            if !roles.insert(role.clone()) {
                return Err(AuthRefusal::DuplicateRole { role, user: user() });
            }
        }
        for role in put.revoke {
            if !roles.remove(&role) {
                return Err(AuthRefusal::UngrantedRole { role, user: user() });
            }
        }
        Ok(Self {
            name: user(),
            password: put.password.unwrap_or_else(|| self.password.clone()),
            roles: Some(roles.into_iter().collect()),
        })
    }
}
