//! Asking what a token may do: `POST /v1/internal/acl/authorize`.

use serde::{Deserialize, Serialize};

use crate::consul::words::words;

/// The most questions in one request.
pub const MAX_AUTHORIZATIONS: usize = 64;

words! {
    /// What a rule can be about.
    #[derive(Default)]
    Resource {
        /// Tokens, policies, roles and the like.
        Acl = "acl",
        /// An agent, by its node's name.
        Agent = "agent",
        /// A user event, by its name.
        Event = "event",
        /// Intentions, by the name of their destination.
        Intention = "intention",
        /// A key.
        #[default]
        Key = "key",
        /// The keys of the gossip encryption.
        Keyring = "keyring",
        /// A node, by its name.
        Node = "node",
        /// The operation of the cluster.
        Operator = "operator",
        /// A prepared query, by its name.
        Query = "query",
        /// A service, by its name.
        Service = "service",
        /// The sessions of a node, by its name.
        Session = "session",
    }
}

words! {
    /// What is to be done with it.
    #[derive(Default)]
    Right {
        /// To see it.
        #[default]
        Read = "read",
        /// To list what is below it; keys only.
        List = "list",
        /// To change it.
        Write = "write",
    }
}

/// One question: may the token do this?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// What it is about.
    pub resource: Resource,
    /// Its name; empty for `acl`, `keyring` and `operator`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub segment: String,
    /// What is to be done with it.
    pub access: Right,
}

impl AuthorizationRequest {
    /// May the token do this with the one of that name?
    #[must_use]
    pub fn new(resource: Resource, segment: impl Into<String>, access: Right) -> Self {
        Self {
            resource,
            segment: segment.into(),
            access,
        }
    }
}

/// The question with its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Authorization {
    /// What it is about.
    pub resource: Resource,
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub segment: String,
    /// What is to be done with it.
    pub access: Right,
    /// Whether the token may.
    pub allow: bool,
}
