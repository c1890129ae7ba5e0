//! Where a tree lies.

use super::node::join;
use crate::{Key, Prefix, Result};

/// A path of a tree: a key, and all that is beneath it; or everything there is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `None` for the root, which is no key.
    pub(super) key: Option<Key>,
    pub(super) prefix: Prefix,
}

impl Place {
    /// `/a/b`, `a/b` and `a/b/` are the same; `/` and the empty path are the root.
    pub(super) fn new(path: &str) -> Result<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let key = match path {
            "" => None,
            path => Some(Key::new(path)?),
        };
        let prefix = key.as_ref().map_or_else(Prefix::all, Key::as_prefix);
        Ok(Self { key, prefix })
    }

    /// The path as messages show it, and as keys begin.
    pub(super) fn path(&self) -> &str {
        self.key.as_ref().map_or("", Key::as_str)
    }

    /// The whole key of what is called `relative` here.
    pub(super) fn full(&self, relative: &str) -> Result<Key> {
        Key::new(join(self.path(), relative))
    }
}
