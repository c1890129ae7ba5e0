/// Why a change of users or roles was refused, in etcd's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthRefusal {
    /// Users count already.
    #[error("auth: already enabled")]
    AlreadyEnabled,
    /// Users do not count.
    #[error("auth: already disabled")]
    AlreadyDisabled,
    /// Users can't count before there is `root`.
    #[error("auth: No root user available, please create one")]
    NoRootUser,
    /// A new user needs a password.
    #[error("auth: Cannot create user {0} with an empty password")]
    EmptyPassword(String),
    /// There is such a user.
    #[error("auth: User {0} already exists.")]
    UserExists(String),
    /// There is no such user.
    #[error("auth: User {0} does not exist.")]
    NoUser(String),
    /// There is no such user to remove.
    #[error("auth: User {0} does not exist")]
    NoUserToDelete(String),
    /// Nothing would change.
    #[error("auth: User not updated. Use grant/revoke/password to update the user.")]
    UserUnchanged,
    /// The user has the role already.
    #[error("auth: Granting duplicate role {role} for user {user}")]
    DuplicateRole {
        /// The role.
        role: String,
        /// The user.
        user: String,
    },
    /// The user has no such role.
    #[error("auth: Revoking ungranted role {role} for user {user}")]
    UngrantedRole {
        /// The role.
        role: String,
        /// The user.
        user: String,
    },
    /// `root` is needed while users count.
    #[error("auth: Cannot delete root user while auth is enabled.")]
    RootUserNeeded,
    /// The role `root` can't be changed.
    #[error("auth: Cannot modify role {0}: is root role.")]
    RootRole(String),
    /// There is such a role.
    #[error("auth: Role {0} already exists.")]
    RoleExists(String),
    /// There is no such role.
    #[error("auth: Role {0} does not exist.")]
    NoRole(String),
    /// There is no such role to remove.
    #[error("auth: Role {0} doesn't exist.")]
    NoRoleToDelete(String),
    /// Nothing would change.
    #[error("auth: Role not updated. Use grant/revoke to update the role.")]
    RoleUnchanged,
    /// The role permits that already.
    #[error("auth: Granting duplicate {kind} permission {pattern}")]
    DuplicatePermission {
        /// `read` or `write`.
        kind: &'static str,
        /// The pattern.
        pattern: String,
    },
}
