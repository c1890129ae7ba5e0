//! How far the copying of tokens from the primary datacenter is: `/v1/acl/replication`.

use serde::{Deserialize, Serialize};

use crate::consul::time::GoTime;

/// How far a datacenter is with the tokens, policies and roles of the primary one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Replication {
    /// Whether it is set up; never in the primary datacenter.
    pub enabled: bool,
    /// Whether it runs.
    pub running: bool,
    /// The datacenter that is copied; empty if none is.
    pub source_datacenter: String,
    /// What is copied: `legacy`, `policies`, `tokens`; empty if nothing is.
    pub replication_type: String,
    /// The index of the primary datacenter that policies, or old tokens, were copied up to.
    pub replicated_index: u64,
    /// The same for roles.
    pub replicated_role_index: u64,
    /// The same for tokens.
    pub replicated_token_index: u64,
    /// When it last succeeded; Go's zero time if it never did.
    pub last_success: GoTime,
    /// When it last failed; Go's zero time if it never did.
    pub last_error: GoTime,
}
