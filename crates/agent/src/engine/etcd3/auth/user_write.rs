use std::sync::Arc;

use quorate_wire::consul::SecretText;

use super::ROOT;
use super::command::NewUser;
use super::user::User;
use crate::engine::etcd3::refusal::Refusal;
use crate::engine::etcd3::row::Row;
use crate::engine::etcd3::step::Step;

impl Step<'_> {
    pub(super) fn add_user(&mut self, new: NewUser) -> Result<(), Refusal> {
        if new.name.is_empty() {
            return Err(Refusal::UserEmpty);
        }
        if self.state.auth.user(&new.name).is_some() {
            return Err(Refusal::UserExists);
        }
        let since = self.count_auth();
        self.put_user(User {
            name: new.name,
            hash: new.hash.filter(|_| !new.no_password),
            no_password: new.no_password,
            roles: Vec::new(),
            since,
        });
        Ok(())
    }

    pub(super) fn delete_user(&mut self, name: &str) -> Result<(), Refusal> {
        if self.state.auth.is_enabled() && name == ROOT {
            return Err(Refusal::InvalidAuthManagement);
        }
        self.known_user(name)?;
        self.state.auth.users.remove_mut(name);
        self.store(Row::User(name.into(), None));
        self.count_auth();
        Ok(())
    }

    pub(super) fn change_password(
        &mut self,
        name: &str,
        hash: Option<SecretText>,
    ) -> Result<(), Refusal> {
        let mut user = self.known_user(name)?;
        user.since = self.count_auth();
        user.hash = hash.filter(|_| !user.no_password);
        self.put_user(user);
        Ok(())
    }

    /// A role that the user has already is granted without a word, and without a count.
    pub(super) fn grant_role(&mut self, name: &str, role: &str) -> Result<(), Refusal> {
        let mut user = self.known_user(name)?;
        if role != ROOT && self.state.auth.role(role).is_none() {
            return Err(Refusal::RoleNotFound);
        }
        if let Err(place) = user.roles.binary_search_by(|own| own.as_str().cmp(role)) {
            user.roles.insert(place, role.to_owned());
            self.put_user(user);
            self.count_auth();
        }
        Ok(())
    }

    pub(super) fn revoke_role(&mut self, name: &str, role: &str) -> Result<(), Refusal> {
        if self.state.auth.is_enabled() && name == ROOT && role == ROOT {
            return Err(Refusal::InvalidAuthManagement);
        }
        let mut user = self.known_user(name)?;
        if !user.has_role(role) {
            return Err(Refusal::RoleNotGranted);
        }
        user.roles.retain(|own| own != role);
        self.put_user(user);
        self.count_auth();
        Ok(())
    }

    fn known_user(&self, name: &str) -> Result<User, Refusal> {
        let user = self.state.auth.user(name).ok_or(Refusal::UserNotFound)?;
        Ok(User::clone(user))
    }

    pub(super) fn put_user(&mut self, user: User) {
        let user = Arc::new(user);
        let name: Box<str> = user.name.as_str().into();
        let users = &mut self.state.auth.users;
        users.insert_mut(name.clone(), Arc::clone(&user));
        self.store(Row::User(name, Some(user)));
    }
}
