//! What a command did, in one line: `kv put`, `kv rm`, `kv import`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// A write that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub(crate) enum Report {
    /// A key was written.
    Put {
        key: String,
        revision: u64,
        size: usize,
    },
    /// Keys were deleted, or there were none.
    Deleted {
        key: String,
        tree: bool,
        /// How many there were; said for a tree only.
        #[serde(skip_serializing_if = "Option::is_none")]
        keys: Option<usize>,
    },
    /// Keys were imported.
    Imported {
        keys: usize,
        bytes: usize,
        target: String,
    },
}

impl View for Report {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Put {
                key,
                revision,
                size,
            } => {
                let key = style.clean(key);
                writeln!(out, "wrote {key}, {size} bytes, revision {revision}")
            }
            Self::Deleted {
                key,
                keys: Some(keys),
                ..
            } => {
                writeln!(out, "deleted {} below {}", count(*keys), style.clean(key))
            }
            Self::Deleted {
                key, keys: None, ..
            } => {
                writeln!(out, "deleted {}", style.clean(key))
            }
            Self::Imported {
                keys,
                bytes,
                target,
            } => {
                let target = style.clean(target);
                writeln!(
                    out,
                    "imported {}, {bytes} bytes, into {target}",
                    count(*keys)
                )
            }
        }
    }
}

/// `1 key`, `2 keys`.
pub(crate) fn count(keys: usize) -> String {
    if keys == 1 {
        "1 key".into()
    } else {
        format!("{keys} keys")
    }
}
