//! A key with its value, and its history in short.

use std::fmt;

use bytes::Bytes;
use quorate_etcd_proto::mvccpb as pb;

use crate::v3::lease::LeaseId;

/// A key with its value.
///
/// Both are parts of the answer that they came in, which is kept as long as any of them is: copy
/// what is kept for long.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KeyValue {
    /// The key.
    pub key: Bytes,
    /// The value; empty if only keys were asked for.
    pub value: Bytes,
    /// The revision at which the key was made. It grows from one making to the next: a fencing
    /// token.
    pub create_revision: i64,
    /// The revision at which the key was changed last.
    pub mod_revision: i64,
    /// How often it was written since it was made; 1 at first.
    pub version: i64,
    /// The lease that it goes with, if there is one.
    pub lease: Option<LeaseId>,
}

impl KeyValue {
    /// The key as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn key_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.key)
    }

    /// The value as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn value_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

impl From<pb::KeyValue> for KeyValue {
    fn from(kv: pb::KeyValue) -> Self {
        Self {
            key: kv.key,
            value: kv.value,
            create_revision: kv.create_revision,
            mod_revision: kv.mod_revision,
            version: kv.version,
            lease: LeaseId::of(kv.lease),
        }
    }
}

impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValue")
            .field("key", &self.key)
            .field("value", &self.value)
            .field("create_revision", &self.create_revision)
            .field("mod_revision", &self.mod_revision)
            .field("version", &self.version)
            .field("lease", &self.lease)
            .finish()
    }
}

pub(crate) fn all(kvs: Vec<pb::KeyValue>) -> Vec<KeyValue> {
    kvs.into_iter().map(KeyValue::from).collect()
}
