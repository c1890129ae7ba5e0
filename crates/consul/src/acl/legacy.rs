//! Tokens as they were before Consul 1.4: `/v1/acl/{create,update,…}`.

use http::Method;
use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{Entry, EntryCreated, EntryRequest};
use quorate_wire::consul::path;

use super::api::Api;
use crate::answer::Answer;
use crate::call::{Effect, Operation};
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Tokens as they were before Consul 1.4: a secret with rules of its own. Servers from 1.11 on
/// don't have them: every call is `Unsupported` there.
///
/// Their only name is their secret. It travels in the path of most of these calls, where proxies
/// and servers may log it; no error says it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # const MASTER: &str = "11111111-2222-4333-8444-555555555555";
/// # let acl = quorate_agent::AclConfig::default().with_management_token(MASTER);
/// # let config = quorate_agent::AgentConfig::memory().with_acl(acl);
/// # let agent = quorate_agent::Agent::start(config).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).token(MASTER).build()?;
/// use quorate_consul::acl::EntryRequest;
///
/// let old = client.acl().legacy();
/// let request = EntryRequest::new("reader").with_rules("key \"app/\" { policy = \"read\" }");
/// let secret = old.create(&request).await?;
/// assert_eq!(old.info(&secret).await?.map(|entry| entry.name), Some("reader".into()));
/// old.destroy(&secret).await?;
/// assert!(old.info(&secret).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LegacyTokens {
    api: Api,
}

impl LegacyTokens {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// Makes a token and returns its secret.
    ///
    /// `PUT /v1/acl/create`
    ///
    /// # Errors
    /// `InvalidArgument` for rules that the server refuses, with line and column;
    /// `PermissionDenied` without `acl:write`.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a token behind.
    pub async fn create(&self, request: &EntryRequest) -> Result<SecretText, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &EntryRequest,
        options: &WriteOptions,
    ) -> Result<SecretText, Error> {
        let operation = Operation::new("create old ACL token", &request.name);
        let url = Url::new(path::ACL_CREATE);
        let created = self.api.create(operation, url, request, options);
        created.await.map(|created: EntryCreated| created.id)
    }

    /// Replaces the token with this secret, or makes it.
    ///
    /// `PUT /v1/acl/update`
    ///
    /// # Errors
    /// `InvalidArgument` without a secret, and for rules that the server refuses;
    /// `PermissionDenied` without `acl:write`.
    pub async fn update(&self, request: &EntryRequest) -> Result<(), Error> {
        self.update_with(request, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        request: &EntryRequest,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("update old ACL token", &request.name);
        if request.id.is_empty() {
            return Err(Error::invalid(operation.to_string(), "id is empty"));
        }
        let url = Url::new(path::ACL_UPDATE);
        let updated = self.api.update(operation, url, request, options);
        updated.await.map(|_: EntryCreated| ())
    }

    /// Makes a token with the name and the rules of another, and returns its secret.
    ///
    /// `PUT /v1/acl/clone/SECRET`
    ///
    /// # Errors
    /// `PermissionDenied` when there is none, or without `acl:write`: the server has one text for
    /// both.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a token behind.
    pub async fn clone_token(&self, id: &SecretText) -> Result<SecretText, Error> {
        self.clone_token_with(id, &WriteOptions::default()).await
    }

    /// [`clone_token`](Self::clone_token) with options.
    ///
    /// # Errors
    /// As [`clone_token`](Self::clone_token).
    pub async fn clone_token_with(
        &self,
        id: &SecretText,
        options: &WriteOptions,
    ) -> Result<SecretText, Error> {
        let operation = Operation::new("clone an old ACL token", "");
        let url = secret_url(operation, path::ACL_CLONE, id)?;
        let call = self.api.client.write(operation, Method::PUT, url, options);
        let created: EntryCreated = self.api.done(call).await?;
        Ok(created.id)
    }

    /// Removes the token with this secret. It is no error if there is none.
    ///
    /// `PUT /v1/acl/destroy/SECRET`
    ///
    /// # Errors
    /// `PermissionDenied` for the anonymous token, or without `acl:write`.
    pub async fn destroy(&self, id: &SecretText) -> Result<(), Error> {
        self.destroy_with(id, &WriteOptions::default()).await
    }

    /// [`destroy`](Self::destroy) with options.
    ///
    /// # Errors
    /// As [`destroy`](Self::destroy).
    pub async fn destroy_with(&self, id: &SecretText, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("destroy an old ACL token", "");
        let url = secret_url(operation, path::ACL_DESTROY, id)?;
        let mut call = self.api.client.write(operation, Method::PUT, url, options);
        call.effect = Effect::Idempotent;
        self.api.client.execute(call).await?.truth().map(drop)
    }

    /// The token with this secret, or `None` if there is none. Needs no other token.
    ///
    /// `GET /v1/acl/info/SECRET`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn info(&self, id: &SecretText) -> Result<Option<Entry>, Error> {
        Ok(self.info_with(id, &QueryOptions::default()).await?.value)
    }

    /// [`info`](Self::info) with options.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub async fn info_with(
        &self,
        id: &SecretText,
        options: &QueryOptions,
    ) -> Result<Answer<Option<Entry>>, Error> {
        let operation = Operation::new("read an old ACL token", "");
        let url = secret_url(operation, path::ACL_INFO, id)?;
        let found: Answer<Vec<Entry>> = self.api.list(operation, url, options).await?;
        Ok(found.map(|mut entries| entries.pop()))
    }

    /// All old tokens, and the new ones that may do everything.
    ///
    /// `GET /v1/acl/list`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `acl:read`.
    pub async fn list(&self) -> Result<Vec<Entry>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(&self, options: &QueryOptions) -> Result<Answer<Vec<Entry>>, Error> {
        let operation = Operation::new("list old ACL tokens", "");
        let url = Url::new(path::ACL_LIST);
        self.api.list(operation, url, options).await
    }
}

/// The path with a secret in it, if a path can carry it. No error shows it.
fn secret_url(operation: Operation<'_>, endpoint: &str, id: &SecretText) -> Result<Url, Error> {
    Api::checked(operation, id.expose(), "id")?;
    Ok(Url::named(endpoint, id.expose()))
}
