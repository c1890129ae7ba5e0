//! Roles.

use quorate_etcd_proto::etcdserverpb as pb;

use super::{Auth, Permission};
use crate::v3::call::{Operation, Rpc};
use crate::v3::error::Error;
use crate::v3::kv::KeyRange;

const ADD: Rpc<pb::AuthRoleAddRequest, pb::AuthRoleAddResponse> =
    Rpc::write("/etcdserverpb.Auth/RoleAdd");
const GET: Rpc<pb::AuthRoleGetRequest, pb::AuthRoleGetResponse> =
    Rpc::read("/etcdserverpb.Auth/RoleGet");
const LIST: Rpc<pb::AuthRoleListRequest, pb::AuthRoleListResponse> =
    Rpc::read("/etcdserverpb.Auth/RoleList");
const DELETE: Rpc<pb::AuthRoleDeleteRequest, pb::AuthRoleDeleteResponse> =
    Rpc::write("/etcdserverpb.Auth/RoleDelete");
const GRANT: Rpc<pb::AuthRoleGrantPermissionRequest, pb::AuthRoleGrantPermissionResponse> =
    Rpc::idempotent("/etcdserverpb.Auth/RoleGrantPermission");
const REVOKE: Rpc<pb::AuthRoleRevokePermissionRequest, pb::AuthRoleRevokePermissionResponse> =
    Rpc::write("/etcdserverpb.Auth/RoleRevokePermission");

impl Auth {
    /// Makes a role, which may do nothing yet.
    ///
    /// `Auth.RoleAdd`
    ///
    /// # Errors
    /// `AlreadyExists`; `InvalidArgument` for an empty name; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn add_role(&self, name: &str) -> Result<(), Error> {
        let operation = Operation::new("add role", name);
        let request = pb::AuthRoleAddRequest {
            name: name.to_owned(),
        };
        self.client.ask(operation, &ADD, &request).await?;
        Ok(())
    }

    /// What a role may do.
    ///
    /// `Auth.RoleGet`
    ///
    /// # Errors
    /// `NotFound`; what any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn role(&self, name: &str) -> Result<Vec<Permission>, Error> {
        let operation = Operation::new("get role", name);
        let request = pb::AuthRoleGetRequest {
            role: name.to_owned(),
        };
        let response = self.client.ask(operation, &GET, &request).await?;
        Ok(response.perm.into_iter().map(Permission::of).collect())
    }

    /// The names of all roles.
    ///
    /// `Auth.RoleList`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn roles(&self) -> Result<Vec<String>, Error> {
        let operation = Operation::new("list the roles", "");
        let request = pb::AuthRoleListRequest {};
        Ok(self.client.ask(operation, &LIST, &request).await?.roles)
    }

    /// Deletes a role. Users lose it.
    ///
    /// `Auth.RoleDelete`
    ///
    /// # Errors
    /// `NotFound`; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn delete_role(&self, name: &str) -> Result<(), Error> {
        let operation = Operation::new("delete role", name);
        let request = pb::AuthRoleDeleteRequest {
            role: name.to_owned(),
        };
        self.client.ask(operation, &DELETE, &request).await?;
        Ok(())
    }

    /// Lets a role do something. What it might do with the same keys before is replaced.
    ///
    /// `Auth.RoleGrantPermission`
    ///
    /// # Errors
    /// `NotFound`; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn grant_permission(&self, role: &str, permission: &Permission) -> Result<(), Error> {
        let operation = Operation::new("grant a permission to role", role);
        let request = pb::AuthRoleGrantPermissionRequest {
            name: role.to_owned(),
            perm: Some(permission.request()),
        };
        self.client.ask(operation, &GRANT, &request).await?;
        Ok(())
    }

    /// Takes from a role what it may do with exactly these keys.
    ///
    /// `Auth.RoleRevokePermission`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the role has no such permission; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn revoke_permission(&self, role: &str, range: &KeyRange) -> Result<(), Error> {
        let operation = Operation::new("revoke a permission of role", role);
        let request = pb::AuthRoleRevokePermissionRequest {
            role: role.to_owned(),
            key: range.start().clone(),
            range_end: range.range_end().clone(),
        };
        self.client.ask(operation, &REVOKE, &request).await?;
        Ok(())
    }
}
