//! Tokens: `/v1/acl/token…`.

use quorate_wire::consul::acl::{Token, TokenRequest, TokenRow};
use quorate_wire::consul::path;
use serde::Serialize;

use super::api::Api;
use crate::answer::Answer;
use crate::call::Operation;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Tokens: what requests carry.
///
/// A token has a public name, its accessor, and a secret. These calls take accessors.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # const MASTER: &str = "11111111-2222-4333-8444-555555555555";
/// # let acl = quorate_agent::AclConfig::default().with_management_token(MASTER);
/// # let config = quorate_agent::AgentConfig::memory().with_acl(acl);
/// # let agent = quorate_agent::Agent::start(config).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).token(MASTER).build()?;
/// use quorate_consul::acl::TokenRequest;
///
/// let tokens = client.acl().tokens();
/// let token = tokens.create(&TokenRequest::new().with_description("draft")).await?;
/// let changed = TokenRequest::from(&token).with_description("final");
/// assert_eq!(tokens.update(&changed).await?.description, "final");
/// tokens.delete(&token.accessor_id).await?;
/// assert!(tokens.read(&token.accessor_id).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tokens {
    api: Api,
}

impl Tokens {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// Makes a token. Its secret is in the answer.
    ///
    /// `PUT /v1/acl/token`
    ///
    /// # Errors
    /// `NotFound` when a policy or a role is unknown; `AlreadyExists` when the accessor or the
    /// secret is taken; `InvalidArgument` for a time to live outside of 1 minute to 24 hours, and
    /// for what else the server refuses.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a token behind.
    pub async fn create(&self, request: &TokenRequest) -> Result<Token, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &TokenRequest,
        options: &WriteOptions,
    ) -> Result<Token, Error> {
        let operation = Operation::new("create ACL token", &request.description);
        let url = Url::new(path::ACL_TOKEN);
        self.api.create(operation, url, request, options).await
    }

    /// A token by its accessor, or `None` if there is none.
    ///
    /// `GET /v1/acl/token/ACCESSOR`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn read(&self, accessor: &str) -> Result<Option<Token>, Error> {
        Ok(self
            .read_with(accessor, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`read`](Self::read) with options.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_with(
        &self,
        accessor: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<Token>>, Error> {
        let operation = Operation::new("read ACL token", accessor);
        let url = Api::named(operation, path::ACL_TOKEN_NAMED, "accessor")?;
        self.api.find(operation, url, options).await
    }

    /// The token that this call carries. Every token may read itself.
    ///
    /// `GET /v1/acl/token/self`
    ///
    /// # Errors
    /// `Unauthenticated` when it is unknown, or when the call carries none.
    pub async fn read_self(&self) -> Result<Token, Error> {
        Ok(self.read_self_with(&QueryOptions::default()).await?.value)
    }

    /// [`read_self`](Self::read_self) with options.
    ///
    /// # Errors
    /// As [`read_self`](Self::read_self).
    pub async fn read_self_with(&self, options: &QueryOptions) -> Result<Answer<Token>, Error> {
        let operation = Operation::new("read the own ACL token", "");
        let url = Url::new(path::ACL_TOKEN_SELF);
        self.api.read(operation, url, options).await
    }

    /// Replaces a token, which its accessor names. All of it: start from the one that is there.
    /// Accessor, secret, locality, auth method and expiry never change.
    ///
    /// `PUT /v1/acl/token/ACCESSOR`
    ///
    /// # Errors
    /// `NotFound` when there is none, or when a policy or a role is unknown; `InvalidArgument` when
    /// something differs that never changes.
    pub async fn update(&self, request: &TokenRequest) -> Result<Token, Error> {
        self.update_with(request, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        request: &TokenRequest,
        options: &WriteOptions,
    ) -> Result<Token, Error> {
        let operation = Operation::new("update ACL token", &request.accessor_id);
        let url = Api::named(operation, path::ACL_TOKEN_NAMED, "accessor_id")?;
        self.api.update(operation, url, request, options).await
    }

    /// Removes a token. It is no error if there is none.
    ///
    /// `DELETE /v1/acl/token/ACCESSOR`
    ///
    /// # Errors
    /// `InvalidArgument` for the anonymous token, and for the one that this call carries.
    pub async fn delete(&self, accessor: &str) -> Result<(), Error> {
        self.delete_with(accessor, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(&self, accessor: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete ACL token", accessor);
        let url = Api::named(operation, path::ACL_TOKEN_NAMED, "accessor")?;
        self.api.delete(operation, url, options).await
    }

    /// Makes a token with the rights of another, and a secret of its own. An empty description is
    /// that of the other one.
    ///
    /// `PUT /v1/acl/token/ACCESSOR/clone`
    ///
    /// # Errors
    /// `Unauthenticated` when there is none, or when the token of this call is unknown: the server
    /// has one text for both.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a token behind.
    pub async fn clone_token(&self, accessor: &str, description: &str) -> Result<Token, Error> {
        self.clone_token_with(accessor, description, &WriteOptions::default())
            .await
    }

    /// [`clone_token`](Self::clone_token) with options.
    ///
    /// # Errors
    /// As [`clone_token`](Self::clone_token).
    pub async fn clone_token_with(
        &self,
        accessor: &str,
        description: &str,
        options: &WriteOptions,
    ) -> Result<Token, Error> {
        let operation = Operation::new("clone ACL token", accessor);
        Api::checked(operation, accessor, "accessor")?;
        let url = Url::below(path::ACL_TOKEN_NAMED, accessor, "/clone");
        let request = CloneRequest { description };
        self.api.create(operation, url, &request, options).await
    }

    /// All tokens that the token may see, without their secrets.
    ///
    /// `GET /v1/acl/tokens`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn list(&self) -> Result<Vec<TokenRow>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(&self, options: &QueryOptions) -> Result<Answer<Vec<TokenRow>>, Error> {
        let operation = Operation::new("list ACL tokens", "");
        self.api
            .list(operation, Url::new(path::ACL_TOKENS), options)
            .await
    }

    /// The tokens that have all that the filter names.
    ///
    /// `GET /v1/acl/tokens?policy=ID&role=ID&authmethod=NAME`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_filtered(&self, filter: &TokenFilter) -> Result<Vec<TokenRow>, Error> {
        Ok(self
            .list_filtered_with(filter, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`list_filtered`](Self::list_filtered) with options.
    ///
    /// # Errors
    /// As [`list_filtered`](Self::list_filtered).
    pub async fn list_filtered_with(
        &self,
        filter: &TokenFilter,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<TokenRow>>, Error> {
        let operation = Operation::new("list ACL tokens", "");
        let mut url = Url::new(path::ACL_TOKENS);
        for (name, value) in filter.pairs() {
            url.pair(name, value);
        }
        self.api.list(operation, url, options).await
    }
}

/// The body of a clone.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CloneRequest<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
}

/// Which tokens to list: those that have everything that is named here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFilter {
    /// The id of a policy.
    pub policy: Option<String>,
    /// The id of a role.
    pub role: Option<String>,
    /// The name of an auth method.
    pub auth_method: Option<String>,
}

impl TokenFilter {
    /// All tokens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only tokens with this policy, which its id names.
    #[must_use]
    pub fn with_policy(mut self, id: impl Into<String>) -> Self {
        self.policy = Some(id.into());
        self
    }

    /// Only tokens with this role, which its id names.
    #[must_use]
    pub fn with_role(mut self, id: impl Into<String>) -> Self {
        self.role = Some(id.into());
        self
    }

    /// Only tokens that a login by this auth method made.
    #[must_use]
    pub fn with_auth_method(mut self, name: impl Into<String>) -> Self {
        self.auth_method = Some(name.into());
        self
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = [
            ("policy", &self.policy),
            ("role", &self.role),
            ("authmethod", &self.auth_method),
        ];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}
