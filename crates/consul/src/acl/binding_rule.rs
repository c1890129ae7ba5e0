//! Binding rules: `/v1/acl/binding-rule…`.

use quorate_wire::consul::acl::{BindingRule, BindingRuleRequest};
use quorate_wire::consul::path;

use super::api::Api;
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Binding rules: what those get who log in by an auth method.
///
/// A login gets everything that a rule gives whose selector holds; if no rule does, it fails.
#[derive(Clone, Debug)]
pub struct BindingRules {
    api: Api,
}

impl BindingRules {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// Makes a binding rule.
    ///
    /// `PUT /v1/acl/binding-rule`
    ///
    /// # Errors
    /// `NotFound` when the auth method is unknown; `InvalidArgument` for a selector or a name that
    /// the server refuses.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a binding rule behind.
    pub async fn create(&self, request: &BindingRuleRequest) -> Result<BindingRule, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &BindingRuleRequest,
        options: &WriteOptions,
    ) -> Result<BindingRule, Error> {
        let operation = Operation::new("create an ACL binding rule for", &request.auth_method);
        let url = Url::new(path::ACL_BINDING_RULE);
        self.api.create(operation, url, request, options).await
    }

    /// A binding rule by its id, or `None` if there is none.
    ///
    /// `GET /v1/acl/binding-rule/ID`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read(&self, id: &str) -> Result<Option<BindingRule>, Error> {
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
    ) -> Result<Answer<Option<BindingRule>>, Error> {
        let operation = Operation::new("read ACL binding rule", id);
        let url = Api::named(operation, path::ACL_BINDING_RULE_NAMED, "id")?;
        self.api.find(operation, url, options).await
    }

    /// Replaces a binding rule, which its id names. Its auth method never changes.
    ///
    /// `PUT /v1/acl/binding-rule/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none; `InvalidArgument` for what the server refuses.
    pub async fn update(&self, request: &BindingRuleRequest) -> Result<BindingRule, Error> {
        self.update_with(request, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        request: &BindingRuleRequest,
        options: &WriteOptions,
    ) -> Result<BindingRule, Error> {
        let operation = Operation::new("update ACL binding rule", &request.id);
        let url = Api::named(operation, path::ACL_BINDING_RULE_NAMED, "id")?;
        self.api.update(operation, url, request, options).await
    }

    /// Removes a binding rule; tokens of earlier logins keep what it gave. It is no error if there
    /// is none.
    ///
    /// `DELETE /v1/acl/binding-rule/ID`
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
        let operation = Operation::new("delete ACL binding rule", id);
        let url = Api::named(operation, path::ACL_BINDING_RULE_NAMED, "id")?;
        self.api.delete(operation, url, options).await
    }

    /// All binding rules that the token may see.
    ///
    /// `GET /v1/acl/binding-rules`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn list(&self) -> Result<Vec<BindingRule>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<BindingRule>>, Error> {
        let operation = Operation::new("list ACL binding rules", "");
        self.api
            .list(operation, Url::new(path::ACL_BINDING_RULES), options)
            .await
    }

    /// The binding rules of this auth method.
    ///
    /// `GET /v1/acl/binding-rules?authmethod=METHOD`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_of_auth_method(&self, method: &str) -> Result<Vec<BindingRule>, Error> {
        Ok(self
            .list_of_auth_method_with(method, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`list_of_auth_method`](Self::list_of_auth_method) with options.
    ///
    /// # Errors
    /// As [`list_of_auth_method`](Self::list_of_auth_method).
    pub async fn list_of_auth_method_with(
        &self,
        method: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<BindingRule>>, Error> {
        let operation = Operation::new("list the ACL binding rules of", method);
        let mut url = Url::new(path::ACL_BINDING_RULES);
        url.pair("authmethod", method);
        self.api.list(operation, url, options).await
    }
}
