//! How values are laid out, and how large they may be.

/// How leaves are written, and read where no type is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scalars {
    /// Plain text: `info`, `8080`, `true`. Without a wanted type every leaf is read as text.
    #[default]
    Text,
    /// JSON: `"info"`, `8080`, `true`, `null`. Without a wanted type a leaf is read as what it says;
    /// one that is no JSON scalar, as when it was written by hand, is read as text.
    Json,
}

/// What the items of a list are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListNames {
    /// `1`, `2`, `3`, …
    #[default]
    Plain,
    /// `00000000000000000001`, …: 20 digits, as the in-order keys of etcd v2, so the order of the
    /// keys is the order of the items.
    Padded,
}

/// How values are laid out as keys, and how large they may be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeOptions {
    /// How leaves are written: default [`Scalars::Text`].
    pub scalars: Scalars,
    /// What the items of a list are called: default [`ListNames::Plain`]. Both are read.
    pub list_names: ListNames,
    /// How deep directories may lie within each other: default 64, at most
    /// [`MAX_DEPTH`](Self::MAX_DEPTH).
    pub max_depth: usize,
    /// How many keys a value may have: default 100,000.
    pub max_entries: usize,
    /// How many bytes the leaves of a value may have together: default 64 MiB.
    pub max_bytes: usize,
}

impl Default for TreeOptions {
    fn default() -> Self {
        Self {
            scalars: Scalars::Text,
            list_names: ListNames::Plain,
            max_depth: 64,
            max_entries: 100_000,
            max_bytes: 64 * 1024 * 1024,
        }
    }
}

impl TreeOptions {
    /// The greatest depth that can be allowed.
    pub const MAX_DEPTH: usize = 128;

    /// Says how leaves are written.
    #[must_use]
    pub fn with_scalars(mut self, scalars: Scalars) -> Self {
        self.scalars = scalars;
        self
    }

    /// Says what the items of a list are called.
    #[must_use]
    pub fn with_list_names(mut self, list_names: ListNames) -> Self {
        self.list_names = list_names;
        self
    }

    /// Says how deep directories may lie; more than [`MAX_DEPTH`](Self::MAX_DEPTH) is that.
    #[must_use]
    pub fn with_max_depth(mut self, max_depth: usize) -> Self {
        self.max_depth = max_depth.min(Self::MAX_DEPTH);
        self
    }

    /// Says how many keys a value may have.
    #[must_use]
    pub fn with_max_entries(mut self, max_entries: usize) -> Self {
        self.max_entries = max_entries;
        self
    }

    /// Says how many bytes the leaves of a value may have together.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The depth that is allowed, whoever set the field.
    pub(super) fn depth(&self) -> usize {
        self.max_depth.min(Self::MAX_DEPTH)
    }
}
