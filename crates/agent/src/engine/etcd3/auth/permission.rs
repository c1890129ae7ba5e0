use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::engine::etcd3::key_range::{End, KeyRange};

/// What may be done to keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PermissionKind {
    /// They may be read.
    Read,
    /// They may be changed.
    Write,
    /// Both.
    ReadWrite,
    /// A kind that does not exist, and permits nothing.
    Other(i32),
}

impl PermissionKind {
    /// The kind with etcd's number.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        match number {
            0 => Self::Read,
            1 => Self::Write,
            2 => Self::ReadWrite,
            other => Self::Other(other),
        }
    }

    /// The number that etcd gives it.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Read => 0,
            Self::Write => 1,
            Self::ReadWrite => 2,
            Self::Other(number) => number,
        }
    }

    pub(super) fn reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
    }
}

/// What a role may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Permission {
    /// What may be done.
    pub kind: PermissionKind,
    /// The keys.
    pub range: KeyRange,
}

/// A permission as it is stored: keys are bytes, and JSON has texts.
#[derive(Serialize, Deserialize)]
struct Stored {
    kind: i32,
    key: Base64,
    range_end: Base64,
}

struct Base64(Bytes);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(D::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

impl From<Permission> for Stored {
    fn from(permission: Permission) -> Self {
        let (key, range_end) = permission.range.into_parts();
        Self {
            kind: permission.kind.number(),
            key: Base64(key),
            range_end: Base64(range_end),
        }
    }
}

impl From<Stored> for Permission {
    fn from(stored: Stored) -> Self {
        Self {
            kind: PermissionKind::from_number(stored.kind),
            range: KeyRange::new(stored.key.0, stored.range_end.0),
        }
    }
}

impl KeyRange {
    /// What [`KeyRange::new`] would make it of.
    #[must_use]
    pub fn into_parts(self) -> (Bytes, Bytes) {
        let end = match self.end {
            End::Single => Bytes::new(),
            End::Open => Bytes::from_static(&[0]),
            End::Before(end) => end,
        };
        (self.key, end)
    }
}
