//! What a role may do.

use serde::{Deserialize, Serialize};

/// What a role may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// With keys.
    pub kv: KvPermissions,
}

/// Which keys may be read and written: a pattern is a key, or the start of keys with `*` behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KvPermissions {
    /// What may be read. A server that was never told sends `null`.
    pub read: Option<Vec<String>>,
    /// What may be written. A server that was never told sends `null`.
    pub write: Option<Vec<String>>,
}

impl Permissions {
    /// Patterns that may be read, and patterns that may be written.
    pub fn new(
        read: impl IntoIterator<Item = impl Into<String>>,
        write: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            kv: KvPermissions {
                read: Some(read.into_iter().map(Into::into).collect()),
                write: Some(write.into_iter().map(Into::into).collect()),
            },
        }
    }

    /// The patterns that may be read.
    #[must_use]
    pub fn read(&self) -> &[String] {
        self.kv.read.as_deref().unwrap_or_default()
    }

    /// The patterns that may be written.
    #[must_use]
    pub fn write(&self) -> &[String] {
        self.kv.write.as_deref().unwrap_or_default()
    }
}

impl KvPermissions {
    /// Whether `pattern` covers a single key.
    ///
    /// ```
    /// use quorate_wire::etcd2::KvPermissions;
    ///
    /// assert!(KvPermissions::covers("/app/*", "/app/x"));
    /// assert!(KvPermissions::covers("/app", "/app"));
    /// assert!(!KvPermissions::covers("/app", "/app/x"));
    /// ```
    #[must_use]
    pub fn covers(pattern: &str, key: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => pattern == key,
        }
    }

    /// Whether `pattern` covers a key and everything below it: only one with `*` can.
    #[must_use]
    pub fn covers_below(pattern: &str, key: &str) -> bool {
        let start = pattern.strip_suffix('*');
        start.is_some_and(|start| key.starts_with(start))
    }
}
