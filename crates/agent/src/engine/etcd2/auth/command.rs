use std::sync::Arc;

use quorate_wire::consul::SecretText;

use super::role::{Permissions, Role};
use super::user::User;

/// A change of users, roles, or whether they count.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthCommand {
    /// Users count from now on.
    Enable,
    /// They no longer do.
    Disable,
    /// Makes or changes a user.
    PutUser(PutUser),
    /// Removes a user.
    DeleteUser(String),
    /// Makes or changes a role.
    PutRole(PutRole),
    /// Removes a role.
    DeleteRole(String),
}

/// What is to be of a user. Without anything to grant and to revoke, roles make a new user; a
/// password alone makes one or changes the one that is there.
#[derive(Clone, Debug, Default)]
pub struct PutUser {
    /// The user's name.
    pub name: String,
    /// The hash of the new password.
    pub password: Option<SecretText>,
    /// The roles of a new user.
    pub roles: Vec<String>,
    /// Roles to add.
    pub grant: Vec<String>,
    /// Roles to take away.
    pub revoke: Vec<String>,
}

/// What is to be of a role. Without anything to grant and to revoke, it is a new one.
#[derive(Clone, Debug, Default)]
pub struct PutRole {
    /// The role's name.
    pub name: String,
    /// What a new role permits.
    pub permissions: Permissions,
    /// What is permitted from now on.
    pub grant: Option<Permissions>,
    /// What no longer is.
    pub revoke: Option<Permissions>,
}

/// The answer to an [`AuthCommand`] that was carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthReply {
    /// A user as it is now.
    User {
        /// The user.
        user: Arc<User>,
        /// A password made it: etcd answers that with 201, and one that was made with roles
        /// with 200.
        created: bool,
    },
    /// A role as it is now.
    Role {
        /// The role.
        role: Arc<Role>,
        /// It is new.
        created: bool,
    },
    /// Anything else was done.
    Done,
}
