//! Roles: `/v2/auth/roles`.

use serde::{Deserialize, Deserializer, Serialize};

use super::permissions::Permissions;

/// A role, as servers show it. Servers before 2.3 show the name alone, which is read too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Role {
    /// The name.
    #[serde(rename = "role")]
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Name(String),
            Whole {
                #[serde(rename = "role")]
                name: String,
                #[serde(default)]
                permissions: Option<Permissions>,
            },
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Name(name) => Self {
                name,
                permissions: Permissions::default(),
            },
            Either::Whole { name, permissions } => Self {
                name,
                permissions: permissions.unwrap_or_default(),
            },
        })
    }
}

/// The body of `GET /v2/auth/roles`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleList {
    /// All roles by name, with `root` at the end. `null` is none.
    pub roles: Option<Vec<Role>>,
}

/// The body of `PUT /v2/auth/roles/NAME`: makes a role with `permissions`, or changes one with
/// `grant` and `revoke`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleRequest {
    /// The name, the same as in the path.
    #[serde(rename = "role", default)]
    pub name: String,
    /// What a new role may do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub permissions: Option<Permissions>,
    /// What it may do from now on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<Permissions>,
    /// What it may not do any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoke: Option<Permissions>,
}

impl RoleRequest {
    /// A request about a role, which asks for nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets what a new role may do.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = Some(permissions);
        self
    }

    /// Sets what it may do from now on.
    #[must_use]
    pub fn with_grant(mut self, grant: Permissions) -> Self {
        self.grant = Some(grant);
        self
    }

    /// Sets what it may not do any more.
    #[must_use]
    pub fn with_revoke(mut self, revoke: Permissions) -> Self {
        self.revoke = Some(revoke);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_be_a_name_alone() {
        let roles: RoleList = serde_json::from_str(r#"{"roles":["a",{"role":"b"}]}"#).unwrap();
        let names: Vec<_> = roles
            .roles
            .unwrap()
            .into_iter()
            .map(|role| role.name)
            .collect();
        assert_eq!(names, ["a", "b"]);
    }
}
