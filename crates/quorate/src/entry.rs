//! What a key holds.

use std::fmt;

use bytes::Bytes;

use crate::{Error, Result};

/// A point in a backend's history. Later changes have greater revisions; only revisions of one
/// backend can be compared, and those of one transaction are equal.
///
/// On Consul it is the key's ModifyIndex (on etcd the mod revision). It is never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// The same if it exists: servers take 0 for "does not exist", or for no condition at all.
    pub(crate) fn known(self, operation: impl FnOnce() -> String) -> Result<Self> {
        if self.0 == 0 {
            let detail = "precondition: revision 0 does not exist; use NotExists";
            return Err(Error::invalid(operation(), detail));
        }
        Ok(self)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for Revision {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<Revision> for u64 {
    fn from(revision: Revision) -> Self {
        revision.0
    }
}

/// A key with its value and its history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The full path. A foreign client may have written a key that [`Key`](crate::Key) refuses, so
    /// this is plain text.
    pub key: String,
    /// The bytes.
    pub value: Bytes,
    /// When the key was last changed: what [`Precondition::Revision`](crate::Precondition) compares.
    pub revision: Revision,
    /// When the key was created; a key that is deleted and written again has a new one.
    pub create_revision: Revision,
    /// What keeps the key: on Consul the session that holds it as a lock, on etcd v3 the lease that
    /// it goes with.
    pub holder: Option<String>,
}

impl Entry {
    /// An entry that nothing holds.
    pub fn new(
        key: impl Into<String>,
        value: impl Into<Bytes>,
        revision: Revision,
        create_revision: Revision,
    ) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            revision,
            create_revision,
            holder: None,
        }
    }

    /// Says what holds the key.
    #[must_use]
    pub fn with_holder(mut self, holder: Option<String>) -> Self {
        self.holder = holder;
        self
    }

    /// The value as text, if it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }
}
