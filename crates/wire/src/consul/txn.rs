//! Transactions: `PUT /v1/txn`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::bytes64;
use super::catalog::Node;
use super::health::HealthCheck;
use super::kv::KvEntry;
use super::service::NodeService;
use super::txn_catalog;
pub use super::txn_catalog::{CatalogVerb, CheckOp, NodeOp, ServiceOp};

/// The most operations that one transaction takes.
pub const MAX_OPS: usize = 64;
/// The largest body of a transaction that a server takes by default: 512 KiB.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// One operation: an object with exactly one of these keys. An object with none is ignored by the
/// server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TxnOp {
    /// An operation on a key.
    #[serde(rename = "KV", skip_serializing_if = "Option::is_none")]
    pub kv: Option<KvOp>,
    /// An operation on a node of the catalog.
    #[serde(rename = "Node", skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeOp>,
    /// An operation on a service of the catalog.
    #[serde(rename = "Service", skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceOp>,
    /// An operation on a check of the catalog.
    #[serde(rename = "Check", skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckOp>,
}

impl From<NodeOp> for TxnOp {
    fn from(node: NodeOp) -> Self {
        Self {
            node: Some(node),
            ..Self::default()
        }
    }
}

impl From<ServiceOp> for TxnOp {
    fn from(service: ServiceOp) -> Self {
        Self {
            service: Some(service),
            ..Self::default()
        }
    }
}

impl From<CheckOp> for TxnOp {
    fn from(check: CheckOp) -> Self {
        Self {
            check: Some(check),
            ..Self::default()
        }
    }
}

impl From<KvOp> for TxnOp {
    fn from(kv: KvOp) -> Self {
        Self {
            kv: Some(kv),
            ..Self::default()
        }
    }
}

/// What an operation does with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KvVerb {
    /// Writes. Answers the entry without its value.
    Set,
    /// Writes if the ModifyIndex is `index`; 0 means that the key must not exist.
    Cas,
    /// Acquires for `session`.
    Lock,
    /// Releases from `session`.
    Unlock,
    /// Reads; fails if the key does not exist.
    Get,
    /// Reads everything under a prefix; never fails, answers no, one or many rows.
    GetTree,
    /// Fails unless the ModifyIndex is `index`.
    CheckIndex,
    /// Fails unless `session` holds the key; an empty one means that nobody may.
    CheckSession,
    /// Fails if the key exists. Answers no row.
    CheckNotExists,
    /// Deletes. Answers no row.
    Delete,
    /// Deletes everything under a prefix. Answers no row.
    DeleteTree,
    /// Deletes if the ModifyIndex is `index`. Answers no row.
    DeleteCas,
}

impl KvVerb {
    /// Whether the verb changes nothing.
    #[must_use]
    pub fn is_read(self) -> bool {
        use KvVerb::{CheckIndex, CheckNotExists, CheckSession, Get, GetTree};
        matches!(
            self,
            Get | GetTree | CheckIndex | CheckSession | CheckNotExists
        )
    }

    /// The verb on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Cas => "cas",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Get => "get",
            Self::GetTree => "get-tree",
            Self::CheckIndex => "check-index",
            Self::CheckSession => "check-session",
            Self::CheckNotExists => "check-not-exists",
            Self::Delete => "delete",
            Self::DeleteTree => "delete-tree",
            Self::DeleteCas => "delete-cas",
        }
    }
}

/// An operation on a key. Keys that a path can't carry (`a//b`) work here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct KvOp {
    /// What is done.
    pub verb: KvVerb,
    /// The key, or the prefix for the `-tree` verbs.
    #[serde(default)]
    pub key: String,
    /// The bytes to write.
    #[serde(default, with = "bytes64", skip_serializing_if = "Bytes::is_empty")]
    pub value: Bytes,
    /// The user's number to write.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub flags: u64,
    /// The ModifyIndex that is compared.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub index: u64,
    /// The session that acquires, releases or is compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl KvOp {
    /// `verb` on `key`, with nothing else set.
    #[must_use]
    pub fn new(verb: KvVerb, key: impl Into<String>) -> Self {
        Self {
            verb,
            key: key.into(),
            value: Bytes::new(),
            flags: 0,
            index: 0,
            session: String::new(),
        }
    }

    /// Sets the bytes to write.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<Bytes>) -> Self {
        self.value = value.into();
        self
    }

    /// Sets the user's number to write.
    #[must_use]
    pub fn with_flags(mut self, flags: u64) -> Self {
        self.flags = flags;
        self
    }

    /// Sets the ModifyIndex that is compared.
    #[must_use]
    pub fn with_index(mut self, index: u64) -> Self {
        self.index = index;
        self
    }

    /// Sets the session.
    #[must_use]
    pub fn with_session(mut self, session: impl Into<String>) -> Self {
        self.session = session.into();
        self
    }
}

/// One row of a transaction's results. Rows do not line up with operations: some verbs answer
/// none, `get-tree` many, and reads that a token may not see are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TxnResult {
    /// A key; only the reading verbs show its value.
    #[serde(rename = "KV", skip_serializing_if = "Option::is_none")]
    pub kv: Option<KvEntry>,
    /// A node of the catalog.
    #[serde(rename = "Node", skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
    /// A service of the catalog.
    #[serde(
        rename = "Service",
        skip_serializing_if = "Option::is_none",
        serialize_with = "txn_catalog::service"
    )]
    pub service: Option<NodeService>,
    /// A check of the catalog.
    #[serde(
        rename = "Check",
        skip_serializing_if = "Option::is_none",
        serialize_with = "txn_catalog::check"
    )]
    pub check: Option<HealthCheck>,
}

impl From<KvEntry> for TxnResult {
    fn from(kv: KvEntry) -> Self {
        Self {
            kv: Some(kv),
            ..Self::default()
        }
    }
}

/// Why an operation made its transaction fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "PascalCase", default)]
#[error("operation {op_index}: {what}")]
#[non_exhaustive]
pub struct TxnError {
    /// The operation's place in the request, from 0.
    pub op_index: usize,
    /// The server's words.
    pub what: String,
}

impl TxnError {
    /// What the server says of the operation at `op_index`.
    #[must_use]
    pub fn new(op_index: usize, what: impl Into<String>) -> Self {
        Self {
            op_index,
            what: what.into(),
        }
    }
}

/// The answer: results with status 200, errors with status 409.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct TxnAnswer {
    /// The rows of a transaction that was applied.
    pub results: Option<Vec<TxnResult>>,
    /// Every operation that failed; then nothing was applied.
    pub errors: Option<Vec<TxnError>>,
    /// What a transaction of reads alone says about itself.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub read: Option<TxnReadMeta>,
}

/// What the answer to a transaction of reads alone has in its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TxnReadMeta {
    /// Always 0: transactions can't block.
    pub index: u64,
    /// Nanoseconds since the answering server heard from the leader.
    pub last_contact: i64,
    /// Whether the answering server knows a leader.
    pub known_leader: bool,
    /// Always empty in 1.8.
    pub consistency_level: String,
}

impl Default for TxnReadMeta {
    fn default() -> Self {
        Self {
            index: 0,
            last_contact: 0,
            known_leader: true,
            consistency_level: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_have_the_names_of_the_wire() {
        for verb in [
            "set",
            "get-tree",
            "check-session",
            "check-not-exists",
            "delete-cas",
        ] {
            let read: KvVerb = serde_json::from_value(verb.into()).unwrap();
            assert_eq!(read.as_str(), verb);
            assert_eq!(serde_json::to_value(read).unwrap(), verb);
        }
        assert!(serde_json::from_str::<KvVerb>("\"bogus\"").is_err());
    }

    #[test]
    fn an_operation_sends_only_what_was_set() {
        let op = TxnOp::from(KvOp::new(KvVerb::Cas, "a").with_value("hi").with_index(7));
        assert_eq!(
            serde_json::to_string(&op).unwrap(),
            r#"{"KV":{"Verb":"cas","Key":"a","Value":"aGk=","Index":7}}"#
        );
    }

    #[test]
    fn a_read_only_answer_carries_its_extra_fields() {
        let json = r#"{"Results":[],"Errors":null,"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":""}"#;
        let answer: TxnAnswer = serde_json::from_str(json).unwrap();
        assert_eq!(answer.read, Some(TxnReadMeta::default()));
        assert_eq!(serde_json::to_string(&answer).unwrap(), json);
        let plain = r#"{"Results":null,"Errors":[{"OpIndex":1,"What":"no"}]}"#;
        let answer: TxnAnswer = serde_json::from_str(plain).unwrap();
        assert_eq!(answer.read, None);
        assert_eq!(serde_json::to_string(&answer).unwrap(), plain);
    }
}
