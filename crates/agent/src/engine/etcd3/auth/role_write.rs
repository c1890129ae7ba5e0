use std::sync::Arc;

use super::ROOT;
use super::permission::Permission;
use super::role::Role;
use super::user::User;
use crate::engine::etcd3::KeyRange;
use crate::engine::etcd3::refusal::Refusal;
use crate::engine::etcd3::row::Row;
use crate::engine::etcd3::step::Step;

impl Step<'_> {
    pub(super) fn add_role(&mut self, name: String) -> Result<(), Refusal> {
        if name.is_empty() {
            return Err(Refusal::RoleEmpty);
        }
        if self.state.auth.role(&name).is_some() {
            return Err(Refusal::RoleExists);
        }
        let permissions = Vec::new();
        self.put_role(Role { name, permissions });
        Ok(())
    }

    pub(super) fn delete_role(&mut self, name: &str) -> Result<(), Refusal> {
        if self.state.auth.is_enabled() && name == ROOT {
            return Err(Refusal::InvalidAuthManagement);
        }
        self.known_role(name)?;
        self.state.auth.roles.remove_mut(name);
        self.store(Row::Role(name.into(), None));
        let users = self.state.auth.users.values();
        let holders: Vec<User> = users
            .filter(|user| user.has_role(name))
            .map(|user| User::clone(user))
            .collect();
        for mut user in holders {
            user.roles.retain(|own| own != name);
            self.put_user(user);
        }
        self.count_auth();
        Ok(())
    }

    /// A permission takes the place of another one for the same keys.
    pub(super) fn grant_permission(
        &mut self,
        name: &str,
        permission: Option<Permission>,
    ) -> Result<(), Refusal> {
        let permission = permission.ok_or(Refusal::PermissionNotGiven)?;
        if permission.range.key.is_empty() || permission.range.is_empty() {
            return Err(Refusal::InvalidAuthManagement);
        }
        let mut role = self.known_role(name)?;
        let permissions = &mut role.permissions;
        match permissions
            .iter_mut()
            .find(|own| own.range == permission.range)
        {
            Some(own) => *own = permission,
            None => {
                let key = &permission.range.key;
                let place = permissions.partition_point(|own| own.range.key <= *key);
                permissions.insert(place, permission);
            }
        }
        self.put_role(role);
        Ok(())
    }

    pub(super) fn revoke_permission(
        &mut self,
        name: &str,
        range: &KeyRange,
    ) -> Result<(), Refusal> {
        let mut role = self.known_role(name)?;
        let before = role.permissions.len();
        role.permissions.retain(|own| own.range != *range);
        if role.permissions.len() == before {
            return Err(Refusal::PermissionNotGranted);
        }
        self.put_role(role);
        Ok(())
    }

    fn known_role(&self, name: &str) -> Result<Role, Refusal> {
        let role = self.state.auth.role(name).ok_or(Refusal::RoleNotFound)?;
        Ok(Role::clone(role))
    }

    fn put_role(&mut self, role: Role) {
        let role = Arc::new(role);
        let name: Box<str> = role.name.as_str().into();
        let roles = &mut self.state.auth.roles;
        roles.insert_mut(name.clone(), Arc::clone(&role));
        self.store(Row::Role(name, Some(role)));
        self.count_auth();
    }
}
