//! Policies: `/v1/acl/policy…`.

use quorate_wire::consul::acl::{Policy, PolicyRequest, PolicyRow};
use quorate_wire::consul::path;

use super::api::Api;
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Policies: rules under a name, which tokens and roles refer to.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # const MASTER: &str = "11111111-2222-4333-8444-555555555555";
/// # let acl = quorate_agent::AclConfig::default().with_management_token(MASTER);
/// # let config = quorate_agent::AgentConfig::memory().with_acl(acl);
/// # let agent = quorate_agent::Agent::start(config).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).token(MASTER).build()?;
/// use quorate_consul::acl::{Access, PolicyRequest, Rules};
///
/// let policies = client.acl().policies();
/// let rules = Rules::new().service("web", Access::Write);
/// let policy = policies.create(&PolicyRequest::new("web", rules)).await?;
/// assert_eq!(policies.read_by_name("web").await?, Some(policy));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Policies {
    api: Api,
}

impl Policies {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// Makes a policy.
    ///
    /// `PUT /v1/acl/policy`
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken; `InvalidArgument` for a name or rules that the
    /// server refuses, with line and column of the rules.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a policy behind.
    pub async fn create(&self, request: &PolicyRequest) -> Result<Policy, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &PolicyRequest,
        options: &WriteOptions,
    ) -> Result<Policy, Error> {
        let operation = Operation::new("create ACL policy", &request.name);
        let url = Url::new(path::ACL_POLICY);
        self.api.create(operation, url, request, options).await
    }

    /// A policy by its id, or `None` if there is none.
    ///
    /// `GET /v1/acl/policy/ID`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read(&self, id: &str) -> Result<Option<Policy>, Error> {
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
    ) -> Result<Answer<Option<Policy>>, Error> {
        let operation = Operation::new("read ACL policy", id);
        let url = Api::named(operation, path::ACL_POLICY_NAMED, "id")?;
        self.api.find(operation, url, options).await
    }

    /// A policy by its name, or `None` if there is none.
    ///
    /// `GET /v1/acl/policy/name/NAME`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read_by_name(&self, name: &str) -> Result<Option<Policy>, Error> {
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
    ) -> Result<Answer<Option<Policy>>, Error> {
        let operation = Operation::new("read ACL policy", name);
        let url = Api::named(operation, path::ACL_POLICY_BY_NAME, "name")?;
        self.api.find(operation, url, options).await
    }

    /// Replaces a policy, which its id names. All of it: start from the one that is there.
    ///
    /// `PUT /v1/acl/policy/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none; `AlreadyExists` when another has the name; `InvalidArgument`
    /// for rules that the server refuses.
    pub async fn update(&self, request: &PolicyRequest) -> Result<Policy, Error> {
        self.update_with(request, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        request: &PolicyRequest,
        options: &WriteOptions,
    ) -> Result<Policy, Error> {
        let operation = Operation::new("update ACL policy", &request.id);
        let url = Api::named(operation, path::ACL_POLICY_NAMED, "id")?;
        self.api.update(operation, url, request, options).await
    }

    /// Removes a policy; its tokens and roles lose its rights. It is no error if there is none.
    ///
    /// `DELETE /v1/acl/policy/ID`
    ///
    /// # Errors
    /// `InvalidArgument` for the policy that allows everything, which can't be removed.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.delete_with(id, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(&self, id: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete ACL policy", id);
        let url = Api::named(operation, path::ACL_POLICY_NAMED, "id")?;
        self.api.delete(operation, url, options).await
    }

    /// All policies that the token may see, without their rules.
    ///
    /// `GET /v1/acl/policies`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn list(&self) -> Result<Vec<PolicyRow>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(&self, options: &QueryOptions) -> Result<Answer<Vec<PolicyRow>>, Error> {
        let operation = Operation::new("list ACL policies", "");
        self.api
            .list(operation, Url::new(path::ACL_POLICIES), options)
            .await
    }
}
