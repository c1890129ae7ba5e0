//! What a token is to be: the body of `PUT /v1/acl/token…`.

use std::time::Duration;

use serde::Serialize;

use super::identity::{NodeIdentity, ServiceIdentity};
use super::link::Link;
use super::token::Token;
use crate::consul::secret::SecretText;
use crate::consul::time::GoTime;

/// The body of `PUT /v1/acl/token` and of `PUT /v1/acl/token/ACCESSOR`. An update replaces all of
/// it, so start from the token that is there: `TokenRequest::from(&token)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TokenRequest {
    /// Its public name, a UUID: made by the server if a new token has none. It never changes.
    #[serde(rename = "AccessorID", skip_serializing_if = "String::is_empty")]
    pub accessor_id: String,
    /// What requests will carry, a UUID: made by the server if a new token has none. It never
    /// changes.
    #[serde(rename = "SecretID", skip_serializing_if = "SecretText::is_empty")]
    pub secret_id: SecretText,
    /// A note for people.
    pub description: String,
    /// The policies that give it rights.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Link>,
    /// The roles that give it rights.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Link>,
    /// The services that it may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_identities: Vec<ServiceIdentity>,
    /// The nodes that it may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_identities: Vec<NodeIdentity>,
    /// Whether it holds in its own datacenter only. It never changes.
    pub local: bool,
    /// The auth method that made it. It never changes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub auth_method: String,
    /// The rules of a token that was made before Consul 1.4.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rules: String,
    /// When it is to end by itself: 1 minute to 24 hours from now. It never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<GoTime>,
    /// The same as a time from now; not together with `expiration_time`. It never changes.
    #[serde(
        rename = "ExpirationTTL",
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::millis"
    )]
    pub expiration_ttl: Option<Duration>,
}

impl TokenRequest {
    /// A token without rights, until it gets some.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the note for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the public name, a UUID.
    #[must_use]
    pub fn with_accessor_id(mut self, accessor: impl Into<String>) -> Self {
        self.accessor_id = accessor.into();
        self
    }

    /// Sets what requests will carry, a UUID.
    #[must_use]
    pub fn with_secret_id(mut self, secret: impl Into<SecretText>) -> Self {
        self.secret_id = secret.into();
        self
    }

    /// Gives it the rights of a policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Link) -> Self {
        self.policies.push(policy);
        self
    }

    /// Gives it the rights of a role.
    #[must_use]
    pub fn with_role(mut self, role: Link) -> Self {
        self.roles.push(role);
        self
    }

    /// Lets it be an instance of a service.
    #[must_use]
    pub fn with_service_identity(mut self, identity: ServiceIdentity) -> Self {
        self.service_identities.push(identity);
        self
    }

    /// Lets it be a node.
    #[must_use]
    pub fn with_node_identity(mut self, identity: NodeIdentity) -> Self {
        self.node_identities.push(identity);
        self
    }

    /// Lets it hold in its own datacenter only.
    #[must_use]
    pub fn with_local(mut self, local: bool) -> Self {
        self.local = local;
        self
    }

    /// Ends it after this time: 1 minute to 24 hours.
    #[must_use]
    pub fn with_expiration_ttl(mut self, ttl: Duration) -> Self {
        self.expiration_ttl = Some(ttl);
        self
    }

    /// Ends it at this time: 1 minute to 24 hours from now.
    #[must_use]
    pub fn with_expiration_time(mut self, time: impl Into<GoTime>) -> Self {
        self.expiration_time = Some(time.into());
        self
    }
}

/// The token as it is, ready to be changed and sent back.
impl From<&Token> for TokenRequest {
    fn from(token: &Token) -> Self {
        Self {
            accessor_id: token.accessor_id.clone(),
            secret_id: token.secret_id.clone(),
            description: token.description.clone(),
            policies: token.policies.clone(),
            roles: token.roles.clone(),
            service_identities: token.service_identities.clone(),
            node_identities: token.node_identities.clone(),
            local: token.local,
            auth_method: token.auth_method.clone(),
            rules: token.rules.clone(),
            expiration_time: token.expiration_time,
            expiration_ttl: None,
        }
    }
}
