use std::sync::Arc;

use super::ROOT;
use super::command::{AuthReply, PutRole};
use super::refusal::AuthRefusal;
use super::role::{Permissions, Role};
use crate::engine::etcd2::row::Row;
use crate::engine::etcd2::state::Step;

impl Step<'_> {
    /// Makes or changes a role, as the request means it.
    pub(super) fn put_role(&mut self, put: PutRole) -> Result<AuthReply, AuthRefusal> {
        if put.name == ROOT {
            return Err(AuthRefusal::RootRole(put.name));
        }
        let none = |it: &Option<Permissions>| it.as_ref().is_none_or(Permissions::is_empty);
        if none(&put.grant) && none(&put.revoke) {
            return self.create_role(put);
        }
        let Some(role) = self.state.auth.role(&put.name) else {
            return Err(AuthRefusal::NoRole(put.name));
        };
        let mut permissions = role.permissions.clone();
        if let Some(grant) = &put.grant {
            permissions = permissions.grant(grant)?;
        }
        if let Some(revoke) = &put.revoke {
            permissions = permissions.revoke(revoke);
        }
        if permissions == role.permissions {
            return Err(AuthRefusal::RoleUnchanged);
        }
        let role = self.store_role(Role {
            name: put.name,
            permissions,
        });
        let created = false;
        Ok(AuthReply::Role { role, created })
    }

    fn create_role(&mut self, put: PutRole) -> Result<AuthReply, AuthRefusal> {
        if self.state.auth.role(&put.name).is_some() {
            self.ensure();
            return Err(AuthRefusal::RoleExists(put.name));
        }
        let role = self.store_role(Role {
            name: put.name,
            permissions: put.permissions,
        });
        let created = true;
        Ok(AuthReply::Role { role, created })
    }

    pub(super) fn delete_role(&mut self, name: &str) -> Result<AuthReply, AuthRefusal> {
        if name == ROOT {
            return Err(AuthRefusal::RootRole(name.to_owned()));
        }
        self.ensure();
        if !self.state.auth.roles.remove_mut(name) {
            return Err(AuthRefusal::NoRoleToDelete(name.to_owned()));
        }
        self.store(Row::Role(name.into(), None));
        self.spend_index();
        Ok(AuthReply::Done)
    }

    pub(super) fn store_role(&mut self, role: Role) -> Arc<Role> {
        self.ensure();
        let (name, role): (Box<str>, _) = (role.name.as_str().into(), Arc::new(role));
        let roles = &mut self.state.auth.roles;
        roles.insert_mut(name.clone(), Arc::clone(&role));
        self.store(Row::Role(name, Some(Arc::clone(&role))));
        self.spend_index();
        role
    }
}
