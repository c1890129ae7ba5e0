//! Auth methods: `/v1/acl/auth-method…`.

use quorate_wire::consul::acl::{AuthMethod, AuthMethodRequest, AuthMethodRow};
use quorate_wire::consul::path;

use super::api::Api;
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Auth methods: whose word is taken at a login.
///
/// There are two kinds: a Kubernetes cluster, and an issuer of JSON web tokens. What each needs to
/// know is in Consul's documentation; it goes into `AuthMethodRequest::with_config`.
#[derive(Clone, Debug)]
pub struct AuthMethods {
    api: Api,
}

impl AuthMethods {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// Makes an auth method, or replaces the one of that name.
    ///
    /// `PUT /v1/acl/auth-method`
    ///
    /// # Errors
    /// `InvalidArgument` for a name, a TTL (1 minute to 24 hours) or a configuration that the
    /// server refuses.
    ///
    /// # Cancel safety
    /// Dropping the future may leave an auth method behind.
    pub async fn create(&self, request: &AuthMethodRequest) -> Result<AuthMethod, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &AuthMethodRequest,
        options: &WriteOptions,
    ) -> Result<AuthMethod, Error> {
        let operation = Operation::new("create ACL auth method", &request.name);
        let url = Url::new(path::ACL_AUTH_METHOD);
        self.api.create(operation, url, request, options).await
    }

    /// An auth method by its name, or `None` if there is none.
    ///
    /// `GET /v1/acl/auth-method/NAME`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read(&self, name: &str) -> Result<Option<AuthMethod>, Error> {
        Ok(self.read_with(name, &QueryOptions::default()).await?.value)
    }

    /// [`read`](Self::read) with options.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_with(
        &self,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<AuthMethod>>, Error> {
        let operation = Operation::new("read ACL auth method", name);
        let url = Api::named(operation, path::ACL_AUTH_METHOD_NAMED, "name")?;
        self.api.find(operation, url, options).await
    }

    /// Replaces an auth method, which its name names, or makes it. Name and kind never change.
    ///
    /// `PUT /v1/acl/auth-method/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` for a TTL or a configuration that the server refuses, and for another
    /// kind.
    pub async fn update(&self, request: &AuthMethodRequest) -> Result<AuthMethod, Error> {
        self.update_with(request, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        request: &AuthMethodRequest,
        options: &WriteOptions,
    ) -> Result<AuthMethod, Error> {
        let operation = Operation::new("update ACL auth method", &request.name);
        let url = Api::named(operation, path::ACL_AUTH_METHOD_NAMED, "name")?;
        self.api.update(operation, url, request, options).await
    }

    /// Removes an auth method, its binding rules, and every token that its logins made. It is no
    /// error if there is none.
    ///
    /// `DELETE /v1/acl/auth-method/NAME`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:write`.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        self.delete_with(name, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(&self, name: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete ACL auth method", name);
        let url = Api::named(operation, path::ACL_AUTH_METHOD_NAMED, "name")?;
        self.api.delete(operation, url, options).await
    }

    /// All auth methods that the token may see, without what their kinds need to know.
    ///
    /// `GET /v1/acl/auth-methods`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn list(&self) -> Result<Vec<AuthMethodRow>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<AuthMethodRow>>, Error> {
        let operation = Operation::new("list ACL auth methods", "");
        self.api
            .list(operation, Url::new(path::ACL_AUTH_METHODS), options)
            .await
    }
}
