//! Tokens: `/v1/acl/token…`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::identity::{NodeIdentity, ServiceIdentity};
use super::link::Link;
use crate::consul::bytes64;
use crate::consul::secret::SecretText;
use crate::consul::time::GoTime;

/// A token as the server shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Token {
    /// Its public name, a UUID.
    #[serde(rename = "AccessorID")]
    pub accessor_id: String,
    /// What requests carry. `<hidden>` for those who may read but not write tokens.
    #[serde(rename = "SecretID")]
    pub secret_id: SecretText,
    /// A note for people.
    pub description: String,
    /// The policies that give it rights.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub policies: Vec<Link>,
    /// The roles that give it rights.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub roles: Vec<Link>,
    /// The services that it may be.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub service_identities: Vec<ServiceIdentity>,
    /// The nodes that it may be.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub node_identities: Vec<NodeIdentity>,
    /// The rules of a token that was made before Consul 1.4, in the words of that time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rules: String,
    /// Whether it holds in its own datacenter only.
    pub local: bool,
    /// The auth method that made it at a login.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub auth_method: String,
    /// When it ends by itself, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<GoTime>,
    /// When it was made; Go's zero time if it was made in the old way.
    pub create_time: GoTime,
    /// Changes with every change of what it may do.
    #[serde(with = "bytes64")]
    pub hash: Bytes,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// A token in a list: without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct TokenRow {
    /// Its public name, a UUID.
    #[serde(rename = "AccessorID")]
    pub accessor_id: String,
    /// A note for people.
    pub description: String,
    /// The policies that give it rights.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub policies: Vec<Link>,
    /// The roles that give it rights.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub roles: Vec<Link>,
    /// The services that it may be.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub service_identities: Vec<ServiceIdentity>,
    /// The nodes that it may be.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "super::list"
    )]
    pub node_identities: Vec<NodeIdentity>,
    /// Whether it holds in its own datacenter only.
    pub local: bool,
    /// The auth method that made it at a login.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub auth_method: String,
    /// When it ends by itself, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<GoTime>,
    /// When it was made; Go's zero time if it was made in the old way.
    pub create_time: GoTime,
    /// Changes with every change of what it may do.
    #[serde(with = "bytes64")]
    pub hash: Bytes,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
    /// Whether it has rules in the words of the time before Consul 1.4.
    #[serde(skip_serializing_if = "super::is_false")]
    pub legacy: bool,
}

impl From<&Token> for TokenRow {
    fn from(token: &Token) -> Self {
        Self {
            accessor_id: token.accessor_id.clone(),
            description: token.description.clone(),
            policies: token.policies.clone(),
            roles: token.roles.clone(),
            service_identities: token.service_identities.clone(),
            node_identities: token.node_identities.clone(),
            local: token.local,
            auth_method: token.auth_method.clone(),
            expiration_time: token.expiration_time,
            create_time: token.create_time,
            hash: token.hash.clone(),
            create_index: token.create_index,
            modify_index: token.modify_index,
            legacy: !token.rules.is_empty(),
        }
    }
}
