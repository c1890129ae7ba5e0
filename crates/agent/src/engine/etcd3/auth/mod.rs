//! Users, roles, and what they may do.

mod access;
mod command;
mod permission;
mod role;
mod role_write;
mod token;
mod user;
mod user_write;

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::command::Reply;
use super::refusal::Refusal;
use super::row::Row;
use super::step::Step;

pub use access::Caller;
pub use command::{AuthCommand, NewUser};
pub use permission::{Permission, PermissionKind};
pub use role::Role;
pub use token::{Issued, Token, Tokens};
pub use user::User;

/// The user that has to be, and the role that may do everything.
const ROOT: &str = "root";

/// The users and roles, and whether they count.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    flags: Flags,
    users: RedBlackTreeMapSync<Box<str>, Arc<User>>,
    roles: RedBlackTreeMapSync<Box<str>, Arc<Role>>,
}

/// What is known of users and roles as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Users count: who is none may do next to nothing.
    pub enabled: bool,
    /// How often users and roles have changed.
    pub revision: i64,
    /// The revision at which users began to count the last time.
    pub enabled_at: i64,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            enabled: false,
            revision: 1,
            enabled_at: 0,
        }
    }
}

impl Auth {
    /// Whether users count.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.flags.enabled
    }

    /// How often users and roles have changed; 1 is the beginning.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.flags.revision
    }

    /// The names of all users, in byte order.
    pub fn user_names(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(|name| &**name)
    }

    /// A user.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// The names of all roles, in byte order.
    pub fn role_names(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(|name| &**name)
    }

    /// A role.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles.get(name)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let users = self.users.iter();
        let users = users.map(|(name, user)| Row::User(name.clone(), Some(Arc::clone(user))));
        let roles = self.roles.iter();
        let roles = roles.map(|(name, role)| Row::Role(name.clone(), Some(Arc::clone(role))));
        let is_used = self.flags != Flags::default();
        let flags = is_used.then_some(Row::Auth(self.flags));
        users.chain(roles).chain(flags)
    }

    pub(super) fn restore(&mut self, row: Row) {
        match row {
            Row::User(name, Some(user)) => self.users.insert_mut(name, user),
            Row::Role(name, Some(role)) => self.roles.insert_mut(name, role),
            Row::Auth(flags) => self.flags = flags,
            _ => {}
        }
    }
}

impl Step<'_> {
    pub(in crate::engine::etcd3) fn change_auth(
        &mut self,
        command: AuthCommand,
    ) -> Result<Reply, Refusal> {
        match command {
            AuthCommand::Enable => self.enable_auth()?,
            AuthCommand::Disable => self.disable_auth(),
            AuthCommand::AddUser(user) => self.add_user(user)?,
            AuthCommand::DeleteUser(name) => self.delete_user(&name)?,
            AuthCommand::ChangePassword { name, hash } => self.change_password(&name, hash)?,
            AuthCommand::GrantRole { user, role } => self.grant_role(&user, &role)?,
            AuthCommand::RevokeRole { user, role } => self.revoke_role(&user, &role)?,
            AuthCommand::AddRole(name) => self.add_role(name)?,
            AuthCommand::DeleteRole(name) => self.delete_role(&name)?,
            AuthCommand::GrantPermission { role, permission } => {
                self.grant_permission(&role, permission)?;
            }
            AuthCommand::RevokePermission { role, range } => {
                self.revoke_permission(&role, &range)?;
            }
        }
        Ok(Reply::Done(self.revision()))
    }

    fn enable_auth(&mut self) -> Result<(), Refusal> {
        if self.state.auth.flags.enabled {
            return Ok(());
        }
        let root = self.state.auth.users.get(ROOT).ok_or(Refusal::NoRootUser)?;
        if !root.has_role(ROOT) {
            return Err(Refusal::NoRootRole);
        }
        self.state.auth.flags.enabled = true;
        // This is no revision; tokens of before are worth nothing all the same.
        self.state.auth.flags.enabled_at = self.state.auth.flags.revision;
        self.store(Row::Auth(self.state.auth.flags));
        Ok(())
    }

    fn disable_auth(&mut self) {
        if self.state.auth.flags.enabled {
            self.state.auth.flags.enabled = false;
            self.count_auth();
        }
    }

    /// Counts a change of users or roles, and says which one it is.
    fn count_auth(&mut self) -> i64 {
        self.state.auth.flags.revision += 1;
        self.store(Row::Auth(self.state.auth.flags));
        self.state.auth.flags.revision
    }
}
