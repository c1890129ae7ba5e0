use quorate_wire::consul::SecretText;

use super::permission::Permission;
use crate::engine::etcd3::KeyRange;

/// A change of users, roles, or whether they count.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthCommand {
    /// Users count from now on.
    Enable,
    /// They no longer do.
    Disable,
    /// Makes a user.
    AddUser(NewUser),
    /// Removes a user.
    DeleteUser(String),
    /// Gives a user another password.
    ChangePassword {
        /// The user's name.
        name: String,
        /// The hash of the password; `None` is one that never fits.
        hash: Option<SecretText>,
    },
    /// Gives a user a role.
    GrantRole {
        /// The user's name.
        user: String,
        /// The role's name.
        role: String,
    },
    /// Takes a role away from a user.
    RevokeRole {
        /// The user's name.
        user: String,
        /// The role's name.
        role: String,
    },
    /// Makes a role.
    AddRole(String),
    /// Removes a role, from users too.
    DeleteRole(String),
    /// Lets a role do something.
    GrantPermission {
        /// The role's name.
        role: String,
        /// What it may do; nothing is refused.
        permission: Option<Permission>,
    },
    /// No longer lets a role do something.
    RevokePermission {
        /// The role's name.
        role: String,
        /// The keys of the permission.
        range: KeyRange,
    },
}

/// A user that is to be.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// The name.
    pub name: String,
    /// The hash of the password; `None` is one that never fits.
    pub hash: Option<SecretText>,
    /// The user never logs in with a password.
    pub no_password: bool,
}
