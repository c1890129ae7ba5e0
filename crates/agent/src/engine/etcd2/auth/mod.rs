//! Users, roles, and what they may do.

mod access;
mod command;
mod refusal;
mod role;
mod role_write;
mod user;
mod user_write;

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::row::Row;
use super::state::Step;

pub use command::{AuthCommand, AuthReply, PutRole, PutUser};
pub use refusal::AuthRefusal;
pub use role::{Patterns, Permissions, Role};
pub use user::User;

/// The user, and the role, that may do everything.
const ROOT: &str = "root";
/// The role of requests that bring no user along.
const GUEST: &str = "guest";

/// The users and roles, and whether they count.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    flags: Flags,
    users: RedBlackTreeMapSync<Box<str>, Arc<User>>,
    roles: RedBlackTreeMapSync<Box<str>, Arc<Role>>,
}

/// What is known of users and roles as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flags {
    /// The directories that the real server keeps users in exist: it makes them with the first
    /// change, which takes four indexes.
    pub ensured: bool,
    /// Users count: who is none may do only what the role `guest` may.
    pub enabled: bool,
}

impl Auth {
    /// Whether users count.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.flags.enabled
    }

    /// The names of all users, in byte order.
    pub fn user_names(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(|name| &**name)
    }

    /// A user; `root` has the role `root` always.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<User> {
        let user = self.users.get(name)?;
        Some(User::clone(user).with_root_role())
    }

    /// The names of all roles, in byte order; `root` is always there.
    #[must_use]
    pub fn role_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.roles.keys().map(|name| &**name).collect();
        names.push(ROOT);
        names.sort_unstable();
        names
    }

    /// A role.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<Arc<Role>> {
        match name {
            ROOT => Some(Arc::new(Role::of_everything(ROOT))),
            _ => self.roles.get(name).cloned(),
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let users = self.users.iter();
        let users = users.map(|(name, user)| Row::User(name.clone(), Some(Arc::clone(user))));
        let roles = self.roles.iter();
        let roles = roles.map(|(name, role)| Row::Role(name.clone(), Some(Arc::clone(role))));
        let flags = self.flags.ensured.then_some(Row::Flags(self.flags));
        users.chain(roles).chain(flags)
    }

    pub(super) fn restore(&mut self, row: Row) {
        match row {
            Row::User(name, Some(user)) => {
                self.users.insert_mut(name, user);
            }
            Row::Role(name, Some(role)) => {
                self.roles.insert_mut(name, role);
            }
            Row::Flags(flags) => self.flags = flags,
            _ => {}
        }
    }
}

impl Step<'_> {
    pub(super) fn change_auth(&mut self, command: AuthCommand) -> Result<AuthReply, AuthRefusal> {
        match command {
            AuthCommand::Enable => self.enable_auth(),
            AuthCommand::Disable => self.disable_auth(),
            AuthCommand::PutUser(put) => self.put_user(put),
            AuthCommand::DeleteUser(name) => self.delete_user(&name),
            AuthCommand::PutRole(put) => self.put_role(put),
            AuthCommand::DeleteRole(name) => self.delete_role(&name),
        }
    }

    fn enable_auth(&mut self) -> Result<AuthReply, AuthRefusal> {
        if self.state.auth.flags.enabled {
            return Err(AuthRefusal::AlreadyEnabled);
        }
        if self.state.auth.user(ROOT).is_none() {
            return Err(AuthRefusal::NoRootUser);
        }
        if self.state.auth.role(GUEST).is_none() {
            self.store_role(Role::of_everything(GUEST));
        }
        self.set_enabled(true);
        Ok(AuthReply::Done)
    }

    fn disable_auth(&mut self) -> Result<AuthReply, AuthRefusal> {
        if !self.state.auth.flags.enabled {
            return Err(AuthRefusal::AlreadyDisabled);
        }
        self.set_enabled(false);
        Ok(AuthReply::Done)
    }

    fn set_enabled(&mut self, enabled: bool) {
        self.ensure();
        self.state.auth.flags.enabled = enabled;
        self.store(Row::Flags(self.state.auth.flags));
        self.spend_index();
    }

    /// Spends the indexes that the real server spends on the directories of users and roles.
    fn ensure(&mut self) {
        if self.state.auth.flags.ensured {
            return;
        }
        self.state.auth.flags.ensured = true;
        self.store(Row::Flags(self.state.auth.flags));
        for _ in ["the directory", "users", "roles", "enabled"] {
            self.spend_index();
        }
    }
}
