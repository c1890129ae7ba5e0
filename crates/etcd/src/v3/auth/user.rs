//! Users.

use quorate_etcd_proto::authpb;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_net::secret::Secret;

use super::Auth;
use crate::v3::call::{Operation, Rpc};
use crate::v3::error::Error;

const ADD: Rpc<pb::AuthUserAddRequest, pb::AuthUserAddResponse> =
    Rpc::write("/etcdserverpb.Auth/UserAdd");
const GET: Rpc<pb::AuthUserGetRequest, pb::AuthUserGetResponse> =
    Rpc::read("/etcdserverpb.Auth/UserGet");
const LIST: Rpc<pb::AuthUserListRequest, pb::AuthUserListResponse> =
    Rpc::read("/etcdserverpb.Auth/UserList");
const DELETE: Rpc<pb::AuthUserDeleteRequest, pb::AuthUserDeleteResponse> =
    Rpc::write("/etcdserverpb.Auth/UserDelete");
const PASSWORD: Rpc<pb::AuthUserChangePasswordRequest, pb::AuthUserChangePasswordResponse> =
    Rpc::idempotent("/etcdserverpb.Auth/UserChangePassword");
const GRANT: Rpc<pb::AuthUserGrantRoleRequest, pb::AuthUserGrantRoleResponse> =
    Rpc::idempotent("/etcdserverpb.Auth/UserGrantRole");
const REVOKE: Rpc<pb::AuthUserRevokeRoleRequest, pb::AuthUserRevokeRoleResponse> =
    Rpc::write("/etcdserverpb.Auth/UserRevokeRole");

impl Auth {
    /// Makes a user. Without a password, only a certificate shows who it is.
    ///
    /// `Auth.UserAdd`
    ///
    /// # Errors
    /// `AlreadyExists`; `InvalidArgument` for an empty name; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn add_user(&self, name: &str, password: Option<&Secret>) -> Result<(), Error> {
        let operation = Operation::new("add user", name);
        let request = pb::AuthUserAddRequest {
            name: name.to_owned(),
            password: password
                .map(|password| password.expose().to_owned())
                .unwrap_or_default(),
            options: Some(authpb::UserAddOptions {
                no_password: password.is_none(),
            }),
            hashed_password: String::new(),
        };
        self.client.ask(operation, &ADD, &request).await?;
        Ok(())
    }

    /// The roles of a user.
    ///
    /// `Auth.UserGet`
    ///
    /// # Errors
    /// `NotFound`; what any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn user(&self, name: &str) -> Result<Vec<String>, Error> {
        let operation = Operation::new("get user", name);
        let request = pb::AuthUserGetRequest {
            name: name.to_owned(),
        };
        Ok(self.client.ask(operation, &GET, &request).await?.roles)
    }

    /// The names of all users.
    ///
    /// `Auth.UserList`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn users(&self) -> Result<Vec<String>, Error> {
        let operation = Operation::new("list the users", "");
        let request = pb::AuthUserListRequest {};
        Ok(self.client.ask(operation, &LIST, &request).await?.users)
    }

    /// Deletes a user.
    ///
    /// `Auth.UserDelete`
    ///
    /// # Errors
    /// `NotFound`; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn delete_user(&self, name: &str) -> Result<(), Error> {
        let operation = Operation::new("delete user", name);
        let request = pb::AuthUserDeleteRequest {
            name: name.to_owned(),
        };
        self.client.ask(operation, &DELETE, &request).await?;
        Ok(())
    }

    /// Gives a user another password. The tokens that the old one gave end.
    ///
    /// `Auth.UserChangePassword`
    ///
    /// # Errors
    /// `NotFound`; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn change_password(&self, name: &str, password: &Secret) -> Result<(), Error> {
        let operation = Operation::new("change the password of user", name);
        let request = pb::AuthUserChangePasswordRequest {
            name: name.to_owned(),
            password: password.expose().to_owned(),
            hashed_password: String::new(),
        };
        self.client.ask(operation, &PASSWORD, &request).await?;
        Ok(())
    }

    /// Gives a user a role.
    ///
    /// `Auth.UserGrantRole`
    ///
    /// # Errors
    /// `NotFound` if there is no such user or role; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn grant_role(&self, user: &str, role: &str) -> Result<(), Error> {
        let operation = Operation::new("grant a role to user", user);
        let request = pb::AuthUserGrantRoleRequest {
            user: user.to_owned(),
            role: role.to_owned(),
        };
        self.client.ask(operation, &GRANT, &request).await?;
        Ok(())
    }

    /// Takes a role from a user.
    ///
    /// `Auth.UserRevokeRole`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the user does not have it; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn revoke_role(&self, user: &str, role: &str) -> Result<(), Error> {
        let operation = Operation::new("revoke a role of user", user);
        let request = pb::AuthUserRevokeRoleRequest {
            name: user.to_owned(),
            role: role.to_owned(),
        };
        self.client.ask(operation, &REVOKE, &request).await?;
        Ok(())
    }
}
