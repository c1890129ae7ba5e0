//! Roles: `/v1/acl/role…`.

use quorate_wire::consul::acl::{Role, RoleRequest};
use quorate_wire::consul::path;

use super::api::Api;
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Roles: policies and identities under a name, which tokens refer to.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # const MASTER: &str = "11111111-2222-4333-8444-555555555555";
/// # let acl = quorate_agent::AclConfig::default().with_management_token(MASTER);
/// # let config = quorate_agent::AgentConfig::memory().with_acl(acl);
/// # let agent = quorate_agent::Agent::start(config).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).token(MASTER).build()?;
/// use quorate_consul::acl::{RoleRequest, ServiceIdentity};
///
/// let roles = client.acl().roles();
/// let role = RoleRequest::new("web").with_service_identity(ServiceIdentity::new("web"));
/// let role = roles.create(&role).await?;
/// assert_eq!(roles.list().await?, [role]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Roles {
    api: Api,
}

impl Roles {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// Makes a role.
    ///
    /// `PUT /v1/acl/role`
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken; `NotFound` when a policy is unknown;
    /// `InvalidArgument` for a name that the server refuses.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a role behind.
    pub async fn create(&self, request: &RoleRequest) -> Result<Role, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &RoleRequest,
        options: &WriteOptions,
    ) -> Result<Role, Error> {
        let operation = Operation::new("create ACL role", &request.name);
        let url = Url::new(path::ACL_ROLE);
        self.api.create(operation, url, request, options).await
    }

    /// A role by its id, or `None` if there is none.
    ///
    /// `GET /v1/acl/role/ID`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read(&self, id: &str) -> Result<Option<Role>, Error> {
        Ok(self.read_with(id, &QueryOptions::default()).await?.value)
    }

    /// [`read`](Self::read) with options.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_with(
        &self,
        id: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<Role>>, Error> {
        let operation = Operation::new("read ACL role", id);
        let url = Api::named(operation, path::ACL_ROLE_NAMED, "id")?;
        self.api.find(operation, url, options).await
    }

    /// A role by its name, or `None` if there is none.
    ///
    /// `GET /v1/acl/role/name/NAME`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read_by_name(&self, name: &str) -> Result<Option<Role>, Error> {
        Ok(self
            .read_by_name_with(name, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`read_by_name`](Self::read_by_name) with options.
    ///
    /// # Errors
    /// As [`read_by_name`](Self::read_by_name).
    pub async fn read_by_name_with(
        &self,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<Role>>, Error> {
        let operation = Operation::new("read ACL role", name);
        let url = Api::named(operation, path::ACL_ROLE_BY_NAME, "name")?;
        self.api.find(operation, url, options).await
    }

    /// Replaces a role, which its id names. All of it: start from the one that is there.
    ///
    /// `PUT /v1/acl/role/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none, or when a policy is unknown; `AlreadyExists` when another has
    /// the name.
    pub async fn update(&self, request: &RoleRequest) -> Result<Role, Error> {
        self.update_with(request, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        request: &RoleRequest,
        options: &WriteOptions,
    ) -> Result<Role, Error> {
        let operation = Operation::new("update ACL role", &request.id);
        let url = Api::named(operation, path::ACL_ROLE_NAMED, "id")?;
        self.api.update(operation, url, request, options).await
    }

    /// Removes a role; its tokens lose its rights. It is no error if there is none.
    ///
    /// `DELETE /v1/acl/role/ID`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:write`.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.delete_with(id, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(&self, id: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete ACL role", id);
        let url = Api::named(operation, path::ACL_ROLE_NAMED, "id")?;
        self.api.delete(operation, url, options).await
    }

    /// All roles that the token may see.
    ///
    /// `GET /v1/acl/roles`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn list(&self) -> Result<Vec<Role>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(&self, options: &QueryOptions) -> Result<Answer<Vec<Role>>, Error> {
        let operation = Operation::new("list ACL roles", "");
        self.api
            .list(operation, Url::new(path::ACL_ROLES), options)
            .await
    }

    /// The roles that have this policy, which its id names.
    ///
    /// `GET /v1/acl/roles?policy=POLICY`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_of_policy(&self, policy: &str) -> Result<Vec<Role>, Error> {
        Ok(self
            .list_of_policy_with(policy, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`list_of_policy`](Self::list_of_policy) with options.
    ///
    /// # Errors
    /// As [`list_of_policy`](Self::list_of_policy).
    pub async fn list_of_policy_with(
        &self,
        policy: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<Role>>, Error> {
        let operation = Operation::new("list the ACL roles of", policy);
        let mut url = Url::new(path::ACL_ROLES);
        url.pair("policy", policy);
        self.api.list(operation, url, options).await
    }
}
