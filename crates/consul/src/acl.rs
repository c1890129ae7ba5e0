//! Access control: `/v1/acl`.

mod api;
mod auth_method;
mod binding_rule;
mod legacy;
mod policy;
mod role;
pub mod rules;
mod token;

use http::Method;
use quorate_wire::consul::path;

use crate::answer::Answer;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;
use api::Api;

pub use auth_method::AuthMethods;
pub use binding_rule::BindingRules;
pub use legacy::LegacyTokens;
pub use policy::Policies;
pub use quorate_wire::consul::SecretText;
pub use quorate_wire::consul::acl::{
    ANONYMOUS_ACCESSOR, AuthMethod, AuthMethodConfig, AuthMethodRequest, AuthMethodRow,
    AuthMethodType, Authorization, AuthorizationRequest, BindType, BindingRule, BindingRuleRequest,
    BootstrapToken, Entry, EntryKind, EntryRequest, Link, LoginRequest, MANAGEMENT_POLICY_ID,
    MANAGEMENT_POLICY_NAME, NodeIdentity, Policy, PolicyRequest, PolicyRow, Replication, Resource,
    Right, Role, RoleRequest, ServiceIdentity, Token, TokenLocality, TokenRequest, TokenRow,
};
pub use role::Roles;
pub use rules::{Access, KeyAccess, Rules};
pub use token::{TokenFilter, Tokens};

/// Access control: tokens, and what gives them their rights.
///
/// A request carries a token's secret. The token has [policies](Self::policies), which are
/// [`Rules`] under a name, directly or through [roles](Self::roles); and identities, which are
/// the rights that a service or a node needs. [Auth methods](Self::auth_methods) and
/// [binding rules](Self::binding_rules) make tokens for those who [log in](Self::login).
///
/// Where ACLs are off every call here fails as [`Unsupported`](crate::ErrorKind::Unsupported).
/// Most calls need a token with `acl:read` or `acl:write`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # const MASTER: &str = "11111111-2222-4333-8444-555555555555";
/// # let acl = quorate_agent::AclConfig::default().with_management_token(MASTER);
/// # let config = quorate_agent::AgentConfig::memory().with_acl(acl);
/// # let agent = quorate_agent::Agent::start(config).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).token(MASTER).build()?;
/// use quorate_consul::acl::{Access, Link, PolicyRequest, Rules, TokenRequest};
/// use quorate_consul::{ErrorKind, QueryOptions};
///
/// let rules = Rules::new().key_prefix("app/", Access::Read);
/// client.acl().policies().create(&PolicyRequest::new("app", rules)).await?;
/// let token = TokenRequest::new().with_description("the app").with_policy(Link::name("app"));
/// let token = client.acl().tokens().create(&token).await?;
///
/// client.kv().put("app/port", "8080").await?;
/// let own = QueryOptions::new().with_token(token.secret_id.expose());
/// assert!(client.kv().get_with("app/port", &own).await?.value.is_some());
/// let denied = client.kv().get_with("other", &own).await.unwrap_err();
/// assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Acl {
    api: Api,
}

impl Acl {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            api: Api::new(client),
        }
    }

    /// Tokens: what requests carry.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens::new(self.api.clone())
    }

    /// Policies: rules under a name.
    #[must_use]
    pub fn policies(&self) -> Policies {
        Policies::new(self.api.clone())
    }

    /// Roles: policies and identities under a name.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.api.clone())
    }

    /// Auth methods: whose word is taken at a login.
    #[must_use]
    pub fn auth_methods(&self) -> AuthMethods {
        AuthMethods::new(self.api.clone())
    }

    /// Binding rules: what those get who log in.
    #[must_use]
    pub fn binding_rules(&self) -> BindingRules {
        BindingRules::new(self.api.clone())
    }

    /// Tokens as they were before Consul 1.4. Servers from 1.11 on don't have them.
    #[must_use]
    pub fn legacy(&self) -> LegacyTokens {
        LegacyTokens::new(self.api.clone())
    }

    /// Makes the first token, which may do everything. This works once, and needs no token.
    ///
    /// `PUT /v1/acl/bootstrap`
    ///
    /// # Errors
    /// `Conflict` when it was done before; the text then names the index that an operator writes
    /// to a file to allow it again. `Unsupported` where ACLs are off.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a token behind that nobody knows.
    pub async fn bootstrap(&self) -> Result<BootstrapToken, Error> {
        self.bootstrap_with(&WriteOptions::default()).await
    }

    /// [`bootstrap`](Self::bootstrap) with options.
    ///
    /// # Errors
    /// As [`bootstrap`](Self::bootstrap).
    pub async fn bootstrap_with(&self, options: &WriteOptions) -> Result<BootstrapToken, Error> {
        let operation = Operation::new("make the first ACL token", "");
        let url = Url::new(path::ACL_BOOTSTRAP);
        let call = self.api.client.write(operation, Method::PUT, url, options);
        self.api.done(call).await
    }

    /// How far this datacenter is with the tokens, policies and roles of the primary one. Needs
    /// no token.
    ///
    /// `GET /v1/acl/replication`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `Unsupported` where ACLs are off.
    pub async fn replication(&self) -> Result<Replication, Error> {
        let options = QueryOptions::default();
        Ok(self.replication_with(&options).await?.value)
    }

    /// [`replication`](Self::replication) with options.
    ///
    /// # Errors
    /// As [`replication`](Self::replication).
    pub async fn replication_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Replication>, Error> {
        let operation = Operation::new("ask how far the copying of ACLs is", "");
        let url = Url::new(path::ACL_REPLICATION);
        self.api.read(operation, url, options).await
    }

    /// Makes a token for whom an auth method vouches. Its rights follow from the binding rules of
    /// the method; [`logout`](Self::logout) ends it. Needs no token.
    ///
    /// `POST /v1/acl/login`
    ///
    /// # Errors
    /// `PermissionDenied` when no binding rule gives a right; `Unauthenticated` when what proves
    /// who logs in is not accepted, or when there is no such method.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a token behind that nobody knows, until it ends by itself.
    pub async fn login(&self, request: &LoginRequest) -> Result<Token, Error> {
        self.login_with(request, &WriteOptions::default()).await
    }

    /// [`login`](Self::login) with options.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn login_with(
        &self,
        request: &LoginRequest,
        options: &WriteOptions,
    ) -> Result<Token, Error> {
        let operation = Operation::new("log in by auth method", &request.auth_method);
        let url = Url::new(path::ACL_LOGIN);
        let mut call = self.api.client.write(operation, Method::POST, url, options);
        call.body = Api::body(operation, request)?;
        self.api.done(call).await
    }

    /// Ends the token that a [`login`](Self::login) made: the one that this call carries.
    ///
    /// `POST /v1/acl/logout`
    ///
    /// # Errors
    /// `PermissionDenied` when the token was not made by a login; `Unauthenticated` when it has
    /// ended, or there is none.
    pub async fn logout(&self) -> Result<(), Error> {
        self.logout_with(&WriteOptions::default()).await
    }

    /// [`logout`](Self::logout) with options, such as the token that is to end.
    ///
    /// # Errors
    /// As [`logout`](Self::logout).
    pub async fn logout_with(&self, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("log out", "");
        let url = Url::new(path::ACL_LOGOUT);
        let call = self.api.client.write(operation, Method::POST, url, options);
        self.api.client.execute(call).await?.truth().map(drop)
    }

    /// Turns rules in the words of the time before Consul 1.4 into those of today: `key` becomes
    /// `key_prefix`, and so on. Comments stay.
    ///
    /// `POST /v1/acl/rules/translate`
    ///
    /// # Errors
    /// `InvalidArgument` with line and column when the rules can't be read.
    pub async fn translate_rules(&self, rules: &str) -> Result<String, Error> {
        self.translate_rules_with(rules, &QueryOptions::default())
            .await
    }

    /// [`translate_rules`](Self::translate_rules) with options.
    ///
    /// # Errors
    /// As [`translate_rules`](Self::translate_rules).
    pub async fn translate_rules_with(
        &self,
        rules: &str,
        options: &QueryOptions,
    ) -> Result<String, Error> {
        let operation = Operation::new("translate ACL rules", "");
        let url = Url::new(path::ACL_RULES_TRANSLATE);
        let mut call = self.api.client.read(operation, url, options);
        call.method = Method::POST;
        call.body = rules.to_owned().into();
        self.api.text(call).await
    }

    /// The rules of an old token in the words of today.
    ///
    /// `GET /v1/acl/rules/translate/ACCESSOR`
    ///
    /// # Errors
    /// `InvalidArgument` when it is a new token, which has no rules of its own; `Unauthenticated`
    /// when there is none with this accessor.
    pub async fn translate_token_rules(&self, accessor: &str) -> Result<String, Error> {
        self.translate_token_rules_with(accessor, &QueryOptions::default())
            .await
    }

    /// [`translate_token_rules`](Self::translate_token_rules) with options.
    ///
    /// # Errors
    /// As [`translate_token_rules`](Self::translate_token_rules).
    pub async fn translate_token_rules_with(
        &self,
        accessor: &str,
        options: &QueryOptions,
    ) -> Result<String, Error> {
        let operation = Operation::new("translate the rules of ACL token", accessor);
        let url = Api::named(operation, path::ACL_RULES_TRANSLATE_TOKEN, "accessor")?;
        let call = self.api.client.read(operation, url, options);
        self.api.text(call).await
    }

    /// What the token of this call may do: at most 64 questions, answered in their order. An
    /// endpoint of the web interface, which has no other documentation than this.
    ///
    /// `POST /v1/internal/acl/authorize`
    ///
    /// # Errors
    /// `InvalidArgument` for more than 64 questions, and for a resource or an access that the
    /// server does not know.
    pub async fn authorize(
        &self,
        requests: &[AuthorizationRequest],
    ) -> Result<Vec<Authorization>, Error> {
        self.authorize_with(requests, &QueryOptions::default())
            .await
    }

    /// [`authorize`](Self::authorize) with options, such as the token that it is about.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize).
    pub async fn authorize_with(
        &self,
        requests: &[AuthorizationRequest],
        options: &QueryOptions,
    ) -> Result<Vec<Authorization>, Error> {
        let operation = Operation::new("ask what a token may do", "");
        let mut call = self
            .api
            .client
            .read(operation, Url::new(path::ACL_AUTHORIZE), options);
        call.method = Method::POST;
        call.effect = Effect::Read;
        call.body = Api::body(operation, requests)?;
        self.api.done(call).await
    }
}
