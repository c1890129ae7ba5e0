use quorate_wire::consul::GoDuration;

use super::super::refusal::BadUuid;
use crate::quote::quote;

/// Why a write of access rules was refused, in the real server's words. No secret is in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AclRefusal {
    /// It must not be done; the front answers 403.
    #[error("Permission denied{}", .0)]
    Denied(String),
    /// What is named does not exist; the front answers 403.
    #[error("ACL not found")]
    NotFound,
    /// A text is no UUID where something is looked up.
    #[error("failed acl {what} lookup: index error: {problem}")]
    MalformedId {
        /// What was looked up.
        what: &'static str,
        /// What is wrong with the text.
        problem: BadUuid,
    },
    /// A field of the request is wrong.
    #[error("{0}")]
    Invalid(String),
    /// A token would end too late.
    #[error("ExpirationTime cannot be more than 24h0m0s in the future (was {0})")]
    ExpiresTooLate(GoDuration),
    /// A token would end too soon.
    #[error("ExpirationTime cannot be less than 1m0s in the future (was {0})")]
    ExpiresTooSoon(GoDuration),
}

impl AclRefusal {
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// A link to something that does not exist, by name.
    pub(super) fn no_such_name(what: &str, name: &str) -> Self {
        Self::Invalid(format!("No such ACL {what} with name {}", quote(name)))
    }

    /// A link to something that does not exist, by id.
    pub(super) fn no_such_id(what: &str, id: &str) -> Self {
        Self::Invalid(format!("No such ACL {what} with ID {}", quote(id)))
    }
}
