//! Roles: `/v2/auth/roles`.

use http::Method;
use quorate_wire::etcd2::{Permissions, Role, RoleList, RoleRequest, path};

use super::user::is_missing;
use super::{check, put};
use crate::v2::call::{Call, Operation};
use crate::v2::client::Client;
use crate::v2::error::Error;

/// Roles and their permissions. `root` may do everything and cannot be changed; `guest` is what
/// those without a name have.
#[derive(Clone, Debug)]
pub struct Roles {
    client: Client,
}

impl Roles {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All roles.
    ///
    /// `GET /v2/auth/roles`
    ///
    /// # Errors
    /// `Unauthenticated` or `PermissionDenied` for anybody but a `root`.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn list(&self) -> Result<Vec<Role>, Error> {
        let call = Call::read(Operation::new("list the roles", ""), path::AUTH_ROLES);
        let list = self.client.execute(call).await?.json::<RoleList>()?;
        Ok(list.value.roles.unwrap_or_default())
    }

    /// One role. `None` if there is none of that name.
    ///
    /// `GET /v2/auth/roles/NAME`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    ///
    /// # Cancel safety
    /// As [`list`](Self::list).
    pub async fn get(&self, name: &str) -> Result<Option<Role>, Error> {
        let operation = Operation::new("get role", name);
        check(operation)?;
        let call = Call::read(operation, path::role(name));
        match self.client.execute(call).await?.json() {
            Ok(answer) => Ok(Some(answer.value)),
            Err(error) if is_missing(&error, "Role") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a role.
    ///
    /// `PUT /v2/auth/roles/NAME`
    ///
    /// # Errors
    /// `AlreadyExists`; `PermissionDenied` for `root`; else as [`list`](Self::list).
    ///
    /// # Cancel safety
    /// Dropping the future does not take back what was sent.
    pub async fn create(&self, name: &str, permissions: Permissions) -> Result<Role, Error> {
        let operation = Operation::new("create role", name);
        let request = RoleRequest::new(name).with_permissions(permissions);
        self.change(operation, &request).await
    }

    /// Lets a role do more. A pattern is a key, or the start of keys with `*` behind it; only the
    /// second allows recursive reads, writes and watches.
    ///
    /// `PUT /v2/auth/roles/NAME`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if it may do one of them already.
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn grant(&self, name: &str, permissions: Permissions) -> Result<Role, Error> {
        let operation = Operation::new("grant to role", name);
        let request = RoleRequest::new(name).with_grant(permissions);
        self.change(operation, &request).await
    }

    /// Lets a role do less.
    ///
    /// `PUT /v2/auth/roles/NAME`
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` ("Role not updated") if it may do none of them.
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn revoke(&self, name: &str, permissions: Permissions) -> Result<Role, Error> {
        let operation = Operation::new("revoke of role", name);
        let request = RoleRequest::new(name).with_revoke(permissions);
        self.change(operation, &request).await
    }

    async fn change(&self, operation: Operation<'_>, request: &RoleRequest) -> Result<Role, Error> {
        let call = put(operation, path::role(&request.name), request)?;
        Ok(self.client.execute(call).await?.json()?.value)
    }

    /// Deletes a role.
    ///
    /// `DELETE /v2/auth/roles/NAME`
    ///
    /// # Errors
    /// `NotFound`; `PermissionDenied` for `root`.
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        let operation = Operation::new("delete role", name);
        check(operation)?;
        let call = Call::write(operation, Method::DELETE, path::role(name));
        self.client.execute(call).await?.success()?;
        Ok(())
    }
}
