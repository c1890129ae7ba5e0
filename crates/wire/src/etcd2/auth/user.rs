//! Users: `/v2/auth/users`.

use serde::{Deserialize, Deserializer, Serialize};

use super::role::Role;
use crate::consul::secret::SecretText;

/// A user with its roles, as `GET` shows it. Servers before 2.3 show the names of the roles, or
/// the name of the user alone, which is read too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct User {
    /// The name.
    #[serde(rename = "user")]
    pub name: String,
    /// Its roles. Absent if it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Name(String),
            Whole {
                #[serde(rename = "user")]
                name: String,
                #[serde(default)]
                roles: Option<Vec<Role>>,
            },
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Name(name) => Self {
                name,
                roles: Vec::new(),
            },
            Either::Whole { name, roles } => Self {
                name,
                roles: roles.unwrap_or_default(),
            },
        })
    }
}

/// The body of `GET /v2/auth/users`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserList {
    /// All users by name. `null` is none.
    pub users: Option<Vec<User>>,
}

/// A user with the names of its roles: the answer to `PUT /v2/auth/users/NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRoles {
    /// The name.
    #[serde(rename = "user")]
    pub name: String,
    /// The names of its roles; `null` if it never had any.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
}

/// The body of `PUT /v2/auth/users/NAME`: makes a user with a password and `roles`, or changes one
/// with another password, `grant` and `revoke`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserRequest {
    /// The name, the same as in the path.
    #[serde(rename = "user", default)]
    pub name: String,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub password: Option<SecretText>,
    /// The roles of a new user.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roles: Option<Vec<String>>,
    /// Further roles.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<Vec<String>>,
    /// Roles that it has no more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoke: Option<Vec<String>>,
}

impl UserRequest {
    /// A request about a user, which asks for nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<SecretText>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the roles of a new user.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// Sets further roles.
    #[must_use]
    pub fn with_grant(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.grant = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// Sets roles that it has no more.
    #[must_use]
    pub fn with_revoke(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.revoke = Some(roles.into_iter().map(Into::into).collect());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_old_servers_wrote_is_read() {
        let text = r#"{"users":["a",{"user":"b","roles":["r"]},{"user":"c","roles":null}]}"#;
        let users: UserList = serde_json::from_str(text).unwrap();
        let users = users.users.unwrap();
        assert_eq!(users[0].name, "a");
        assert_eq!(users[1].roles[0].name, "r");
        assert!(users[2].roles.is_empty());
    }

    #[test]
    fn a_password_is_never_printed() {
        let request = UserRequest::new("a").with_password("hunter2");
        assert!(!format!("{request:?}").contains("hunter2"));
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(text, r#"{"user":"a","password":"hunter2"}"#);
    }
}
