//! Users: `/v2/auth/users`.

use http::Method;
use quorate_net::secret::Secret;
use quorate_wire::etcd2::{User, UserList, UserRequest, UserRoles, path};

use super::{check, put};
use crate::v2::call::{Call, Operation};
use crate::v2::client::Client;
use crate::v2::error::{Error, ErrorKind};

/// Users and their passwords. A user named `root` may do everything.
#[derive(Clone, Debug)]
pub struct Users {
    client: Client,
}

impl Users {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All users with their roles, by name.
    ///
    /// `GET /v2/auth/users`
    ///
    /// # Errors
    /// `Unauthenticated` or `PermissionDenied` for anybody but a `root`. `NotFound` if a user has a
    /// role that does not exist, which servers let one grant.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn list(&self) -> Result<Vec<User>, Error> {
        let call = Call::read(Operation::new("list the users", ""), path::AUTH_USERS);
        let list = self.client.execute(call).await?.json::<UserList>()?;
        Ok(list.value.users.unwrap_or_default())
    }

    /// One user. `None` if there is none of that name.
    ///
    /// `GET /v2/auth/users/NAME`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    ///
    /// # Cancel safety
    /// As [`list`](Self::list).
    pub async fn get(&self, name: &str) -> Result<Option<User>, Error> {
        let operation = Operation::new("get user", name);
        check(operation)?;
        let call = Call::read(operation, path::user(name));
        match self.client.execute(call).await?.json() {
            Ok(answer) => Ok(Some(answer.value)),
            // `auth: Role x does not exist.` is about one of its roles.
            Err(error) if is_missing(&error, "User") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a user without roles. Of a user that is there it sets the password: servers do not
    /// tell the two apart; [`create_with_roles`](Self::create_with_roles) refuses the second.
    ///
    /// `PUT /v2/auth/users/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` for an empty password; else as [`list`](Self::list).
    ///
    /// # Cancel safety
    /// Dropping the future does not take back what was sent.
    pub async fn create(
        &self,
        name: &str,
        password: impl Into<Secret>,
    ) -> Result<UserRoles, Error> {
        self.password("create user", name, &password.into()).await
    }

    /// Sets the password of a user; makes the user if there is none.
    ///
    /// `PUT /v2/auth/users/NAME`
    ///
    /// # Errors
    /// As [`create`](Self::create).
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn set_password(
        &self,
        name: &str,
        password: impl Into<Secret>,
    ) -> Result<UserRoles, Error> {
        self.password("set the password of user", name, &password.into())
            .await
    }

    async fn password(
        &self,
        verb: &'static str,
        name: &str,
        password: &Secret,
    ) -> Result<UserRoles, Error> {
        let operation = Operation::new(verb, name);
        if password.is_empty() {
            return Err(Error::invalid(operation.to_string(), "password: empty"));
        }
        let request = UserRequest::new(name).with_password(password.expose());
        self.change(operation, &request).await
    }

    /// Makes a user that must not be there, with roles. Roles that do not exist are taken.
    ///
    /// `PUT /v2/auth/users/NAME`
    ///
    /// # Errors
    /// `AlreadyExists`; else as [`create`](Self::create).
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn create_with_roles(
        &self,
        name: &str,
        password: impl Into<Secret>,
        roles: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<UserRoles, Error> {
        let operation = Operation::new("create user", name);
        let password = password.into();
        let request = UserRequest::new(name)
            .with_password(password.expose())
            .with_roles(roles);
        self.change(operation, &request).await
    }

    /// Gives a user roles. Ones that do not exist are taken, and then the user cannot be read.
    ///
    /// `PUT /v2/auth/users/NAME`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the user has one of them; else as [`list`](Self::list).
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn grant(
        &self,
        name: &str,
        roles: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<UserRoles, Error> {
        let operation = Operation::new("grant roles to user", name);
        self.change(operation, &UserRequest::new(name).with_grant(roles))
            .await
    }

    /// Takes roles from a user.
    ///
    /// `PUT /v2/auth/users/NAME`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the user does not have one of them; else as [`list`](Self::list).
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn revoke(
        &self,
        name: &str,
        roles: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<UserRoles, Error> {
        let operation = Operation::new("revoke roles of user", name);
        self.change(operation, &UserRequest::new(name).with_revoke(roles))
            .await
    }

    async fn change(
        &self,
        operation: Operation<'_>,
        request: &UserRequest,
    ) -> Result<UserRoles, Error> {
        let call = put(operation, path::user(&request.name), request)?;
        Ok(self.client.execute(call).await?.json()?.value)
    }

    /// Deletes a user.
    ///
    /// `DELETE /v2/auth/users/NAME`
    ///
    /// # Errors
    /// `NotFound`; `PermissionDenied` for `root` while access control is on.
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        let operation = Operation::new("delete user", name);
        check(operation)?;
        let call = Call::write(operation, Method::DELETE, path::user(name));
        self.client.execute(call).await?.success()?;
        Ok(())
    }
}

/// Whether the server says that it is the thing itself that is missing.
pub(super) fn is_missing(error: &Error, what: &str) -> bool {
    let text = error.text().unwrap_or_default();
    error.kind() == ErrorKind::NotFound && text.starts_with(&format!("auth: {what} "))
}
