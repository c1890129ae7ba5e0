//! Access control: `/v1/acl/…`.
//!
//! Tokens, and what gives them their rights: policies, roles, identities, and the auth methods
//! and binding rules by which others log in. Secrets are [`SecretText`](super::SecretText): they
//! are read and written, and never printed.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serializer};

use super::duration::GoDuration;

pub mod auth_method;
pub mod authorize;
pub mod binding_rule;
pub mod bootstrap;
pub mod entry;
pub mod identity;
pub mod link;
pub mod login;
pub mod policy;
pub mod replication;
pub mod role;
pub mod token;
pub mod token_request;

pub use auth_method::{
    AuthMethod, AuthMethodConfig, AuthMethodRequest, AuthMethodRow, AuthMethodType, TokenLocality,
};
pub use authorize::{Authorization, AuthorizationRequest, Resource, Right};
pub use binding_rule::{BindType, BindingRule, BindingRuleRequest};
pub use bootstrap::BootstrapToken;
pub use entry::{Entry, EntryCreated, EntryKind, EntryRequest};
pub use identity::{NodeIdentity, ServiceIdentity};
pub use link::Link;
pub use login::LoginRequest;
pub use policy::{Policy, PolicyRequest, PolicyRow};
pub use replication::Replication;
pub use role::{Role, RoleRequest};
pub use token::{Token, TokenRow};
pub use token_request::TokenRequest;

/// The id of the policy that allows everything, which can't be changed.
pub const MANAGEMENT_POLICY_ID: &str = "00000000-0000-0000-0000-000000000001";
/// The name of the policy that allows everything.
pub const MANAGEMENT_POLICY_NAME: &str = "global-management";
/// The accessor of the token of requests that carry none.
pub const ANONYMOUS_ACCESSOR: &str = "00000000-0000-0000-0000-000000000002";
/// The secret of the token of requests that carry none.
pub const ANONYMOUS_SECRET: &str = "anonymous";

/// Whether a field is left out because it has Go's zero value.
fn is_false(value: &bool) -> bool {
    !value
}

/// Reads a list that may be `null` (for `#[serde(deserialize_with = …)]`).
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Writes a duration in whole milliseconds, as Go's client does.
fn millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.collect_str(&GoDuration::millis_text(*duration)),
        None => serializer.serialize_none(),
    }
}

/// Reads a list that may be `null`.
///
/// # Errors
/// When the body is no such list.
pub fn decode_list<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<T>>>(body)?.unwrap_or_default())
}
