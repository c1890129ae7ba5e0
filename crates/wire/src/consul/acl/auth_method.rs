//! Auth methods: `/v1/acl/auth-method…`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::consul::duration::GoDuration;
use crate::consul::words::words;

words! {
    /// Who vouches for those who log in.
    #[derive(Default)]
    AuthMethodType {
        /// A Kubernetes cluster, for its service accounts.
        Kubernetes = "kubernetes",
        /// The issuer of JSON web tokens.
        #[default]
        Jwt = "jwt",
        /// An OpenID Connect provider, in enterprise versions.
        Oidc = "oidc",
    }
}

words! {
    /// Where the tokens of a login hold.
    TokenLocality {
        /// In the datacenter of the login.
        Local = "local",
        /// In every datacenter.
        Global = "global",
    }
}

/// What an auth method needs to know, such as `JWTValidationPubKeys` or `ServiceAccountJWT`. Some
/// of it may be secret, so it is not printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthMethodConfig(pub Map<String, Value>);

impl fmt::Debug for AuthMethodConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |name| (name, format_args!("***"));
        f.debug_map().entries(self.0.keys().map(hidden)).finish()
    }
}

/// An auth method as the server shows it: someone whose word is taken at a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AuthMethod {
    /// How long the tokens of its logins live; zero is until their logout.
    #[serde(rename = "MaxTokenTTL", skip_serializing_if = "is_zero")]
    pub max_token_ttl: GoDuration,
    /// Its name.
    pub name: String,
    /// Who vouches.
    #[serde(rename = "Type")]
    pub kind: AuthMethodType,
    /// The name to show to people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// A note for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where the tokens of its logins hold; `None` is the same as local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_locality: Option<TokenLocality>,
    /// What its kind needs to know.
    pub config: AuthMethodConfig,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

fn is_zero(duration: &GoDuration) -> bool {
    *duration == GoDuration::ZERO
}

/// An auth method in a list: without what its kind needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AuthMethodRow {
    /// Its name.
    pub name: String,
    /// Who vouches.
    #[serde(rename = "Type")]
    pub kind: AuthMethodType,
    /// The name to show to people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// A note for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl From<&AuthMethod> for AuthMethodRow {
    fn from(method: &AuthMethod) -> Self {
        Self {
            name: method.name.clone(),
            kind: method.kind.clone(),
            display_name: method.display_name.clone(),
            description: method.description.clone(),
            create_index: method.create_index,
            modify_index: method.modify_index,
        }
    }
}

/// The body of `PUT /v1/acl/auth-method` and of `PUT /v1/acl/auth-method/NAME`. An update replaces
/// all of it, so start from what is there: `AuthMethodRequest::from(&method)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct AuthMethodRequest {
    /// Its name, which never changes: 1 to 128 of `a-z A-Z 0-9 - _`.
    pub name: String,
    /// Who vouches. It never changes.
    #[serde(rename = "Type")]
    pub kind: AuthMethodType,
    /// The name to show to people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// A note for people.
    pub description: String,
    /// How long the tokens of its logins live: 1 minute to 24 hours; `None` is until their logout.
    #[serde(
        rename = "MaxTokenTTL",
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::millis"
    )]
    pub max_token_ttl: Option<Duration>,
    /// Where the tokens of its logins hold; `None` is the same as local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_locality: Option<TokenLocality>,
    /// What its kind needs to know.
    pub config: AuthMethodConfig,
}

impl AuthMethodRequest {
    /// A method that knows nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: AuthMethodType) -> Self {
        Self {
            name: name.into(),
            kind,
            ..Self::default()
        }
    }

    /// Sets the name to show to people.
    #[must_use]
    pub fn with_display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Sets the note for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Ends the tokens of its logins after this time: 1 minute to 24 hours.
    #[must_use]
    pub fn with_max_token_ttl(mut self, ttl: Duration) -> Self {
        self.max_token_ttl = Some(ttl);
        self
    }

    /// Sets where the tokens of its logins hold.
    #[must_use]
    pub fn with_token_locality(mut self, locality: TokenLocality) -> Self {
        self.token_locality = Some(locality);
        self
    }

    /// Tells it one thing that its kind needs to know, such as `BoundIssuer`.
    #[must_use]
    pub fn with_config(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.config.0.insert(name.into(), value.into());
        self
    }
}

/// The method as it is, ready to be changed and sent back.
impl From<&AuthMethod> for AuthMethodRequest {
    fn from(method: &AuthMethod) -> Self {
        let ttl = method.max_token_ttl.to_duration();
        Self {
            name: method.name.clone(),
            kind: method.kind.clone(),
            display_name: method.display_name.clone(),
            description: method.description.clone(),
            max_token_ttl: ttl.filter(|ttl| !ttl.is_zero()),
            token_locality: method.token_locality.clone(),
            config: method.config.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_method_knows_is_not_printed() {
        let request = AuthMethodRequest::new("k8s", AuthMethodType::Kubernetes)
            .with_config("ServiceAccountJWT", "hunter2");
        let text = format!("{request:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("ServiceAccountJWT"), "{text}");
    }

    #[test]
    fn an_unknown_kind_is_kept() {
        let kind: AuthMethodType = serde_json::from_str("\"aws-iam\"").unwrap();
        assert_eq!(kind, AuthMethodType::Other("aws-iam".into()));
        assert_eq!(serde_json::to_string(&kind).unwrap(), "\"aws-iam\"");
    }
}
