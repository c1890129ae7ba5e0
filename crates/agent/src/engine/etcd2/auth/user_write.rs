use std::sync::Arc;

use super::ROOT;
use super::command::{AuthReply, PutUser};
use super::refusal::AuthRefusal;
use super::user::User;
use crate::engine::etcd2::row::Row;
use crate::engine::etcd2::state::Step;

impl Step<'_> {
    /// Makes or changes a user, as the request means it.
    pub(super) fn put_user(&mut self, put: PutUser) -> Result<AuthReply, AuthRefusal> {
        let changes = !put.grant.is_empty() || !put.revoke.is_empty();
        let known = self.state.auth.user(&put.name);
        match known {
            _ if !changes && !put.roles.is_empty() => self.create_user(put, false),
            Some(user) => self.change_user(&user, put),
            None if changes => Err(AuthRefusal::NoUser(put.name)),
            None => self.create_user(put, true),
        }
    }

    fn create_user(&mut self, put: PutUser, created: bool) -> Result<AuthReply, AuthRefusal> {
        let Some(password) = put.password else {
            return Err(AuthRefusal::EmptyPassword(put.name));
        };
        self.ensure();
        if self.state.auth.users.contains_key(put.name.as_str()) {
            return Err(AuthRefusal::UserExists(put.name));
        }
        let roles = (!put.roles.is_empty()).then_some(put.roles);
        let user = User {
            name: put.name,
            password,
            roles,
        };
        let user = self.store_user(user.with_root_role());
        Ok(AuthReply::User { user, created })
    }

    fn change_user(&mut self, user: &User, put: PutUser) -> Result<AuthReply, AuthRefusal> {
        let changed = user.changed(put)?;
        if changed == *user {
            return Err(AuthRefusal::UserUnchanged);
        }
        self.ensure();
        let user = self.store_user(changed);
        Ok(AuthReply::User {
            user,
            created: false,
        })
    }

    pub(super) fn delete_user(&mut self, name: &str) -> Result<AuthReply, AuthRefusal> {
        if name == ROOT && self.state.auth.is_enabled() {
            return Err(AuthRefusal::RootUserNeeded);
        }
        self.ensure();
        if !self.state.auth.users.remove_mut(name) {
            return Err(AuthRefusal::NoUserToDelete(name.to_owned()));
        }
        self.store(Row::User(name.into(), None));
        self.spend_index();
        Ok(AuthReply::Done)
    }

    fn store_user(&mut self, user: User) -> Arc<User> {
        let (name, user): (Box<str>, _) = (user.name.as_str().into(), Arc::new(user));
        let users = &mut self.state.auth.users;
        users.insert_mut(name.clone(), Arc::clone(&user));
        self.store(Row::User(name, Some(Arc::clone(&user))));
        self.spend_index();
        user
    }
}
