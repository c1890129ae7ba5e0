use std::ops::Bound;

use bytes::Bytes;

/// Where a range of keys ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// It is its first key and no other.
    Single,
    /// It never ends.
    Open,
    /// Before this key.
    Before(Bytes),
}

/// A range of keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyRange {
    /// The first key.
    pub key: Bytes,
    /// Where it ends.
    pub end: End,
}

impl KeyRange {
    /// The range that a request names: without an end it is one key, and a zero byte as the end
    /// is no end.
    #[must_use]
    pub fn new(key: Bytes, range_end: Bytes) -> Self {
        let end = match &range_end[..] {
            [] => End::Single,
            [0] => End::Open,
            _ => End::Before(range_end),
        };
        Self { key, end }
    }

    /// One key.
    #[must_use]
    pub fn single(key: impl Into<Bytes>) -> Self {
        Self {
            key: key.into(),
            end: End::Single,
        }
    }

    /// All keys.
    #[must_use]
    pub fn all() -> Self {
        Self {
            key: Bytes::from_static(&[0]),
            end: End::Open,
        }
    }

    /// All keys that begin with `prefix`; all keys where it is empty.
    #[must_use]
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        let prefix = prefix.into();
        if prefix.is_empty() {
            return Self::all();
        }
        // A prefix of bytes 255 alone has no key behind it.
        let end = prefix.iter().rposition(|byte| *byte < 255).map(|last| {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            end
        });
        Self {
            key: prefix,
            end: end.map_or(End::Open, |end| End::Before(end.into())),
        }
    }

    /// Whether it is one key.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.end == End::Single
    }

    /// Whether no key can be in it: it ends where it begins, or before.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.end, End::Before(end) if *end <= self.key)
    }

    pub(super) fn ends_before_it_begins(&self) -> bool {
        matches!(&self.end, End::Before(end) if *end < self.key)
    }

    /// Whether `key` is in it.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        match &self.end {
            End::Single => key == self.key,
            End::Open => key >= &self.key[..],
            End::Before(end) => key >= &self.key[..] && key < &end[..],
        }
    }

    /// The same for a map of keys. An empty range has no bounds that a map takes.
    pub(super) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        let end = match &self.end {
            End::Single => Bound::Included(&self.key[..]),
            End::Open => Bound::Unbounded,
            End::Before(end) => Bound::Excluded(&end[..]),
        };
        (Bound::Included(&self.key), end)
    }
}
