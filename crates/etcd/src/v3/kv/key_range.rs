//! Which keys.

use std::fmt;

use bytes::Bytes;

/// One key, or all keys within bounds. Keys are bytes, and in the order of bytes.
///
/// ```
/// use quorate_etcd::v3::KeyRange;
///
/// assert!(KeyRange::prefix("jobs/").contains(b"jobs/7"));
/// assert!(!KeyRange::between("a", "c").contains(b"c"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyRange {
    key: Bytes,
    /// As servers read it: empty for one key, `\0` for no bound.
    end: Bytes,
}

/// No upper bound; as a lower bound, the least key that there is.
const ZERO: &[u8] = b"\0";

impl KeyRange {
    /// One key.
    pub fn key(key: impl AsRef<[u8]>) -> Self {
        Self {
            key: Bytes::copy_from_slice(key.as_ref()),
            end: Bytes::new(),
        }
    }

    /// All keys that begin with `prefix`. An empty one: all keys.
    pub fn prefix(prefix: impl AsRef<[u8]>) -> Self {
        let prefix = Bytes::copy_from_slice(prefix.as_ref());
        if prefix.is_empty() {
            return Self::all();
        }
        let end = end_of_prefix(&prefix);
        Self { key: prefix, end }
    }

    /// All keys from `first` on.
    pub fn from(first: impl AsRef<[u8]>) -> Self {
        Self {
            key: lower_bound(first.as_ref()),
            end: Bytes::from_static(ZERO),
        }
    }

    /// All keys from `first` up to `end`, without `end` itself. None if they are in the wrong order.
    pub fn between(first: impl AsRef<[u8]>, end: impl AsRef<[u8]>) -> Self {
        let key = lower_bound(first.as_ref());
        let end = Bytes::copy_from_slice(end.as_ref());
        // To servers an empty end means one key; and nothing is before the empty key.
        let end = if end.is_empty() { key.clone() } else { end };
        Self { key, end }
    }

    /// All keys.
    #[must_use]
    pub fn all() -> Self {
        Self::from("")
    }

    /// As servers write it.
    pub(crate) fn of(key: Bytes, end: Bytes) -> Self {
        Self { key, end }
    }

    /// The first key that it can hold.
    #[must_use]
    pub fn start(&self) -> &Bytes {
        &self.key
    }

    /// The end, as servers read it: empty for one key, `\0` for no bound.
    #[must_use]
    pub fn range_end(&self) -> &Bytes {
        &self.end
    }

    /// Whether it is one key and not a range.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.end.is_empty()
    }

    /// Whether a key is in it.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        match &*self.end {
            b"" => *self.key == *key,
            ZERO => key >= &*self.key,
            end => key >= &*self.key && key < end,
        }
    }

    /// What is left of it after `last`.
    pub(crate) fn after(&self, last: &[u8]) -> Self {
        let mut next = Vec::with_capacity(last.len() + 1);
        next.extend_from_slice(last);
        next.push(0);
        Self {
            key: next.into(),
            end: self.end.clone(),
        }
    }
}

/// Servers know no empty key.
fn lower_bound(first: &[u8]) -> Bytes {
    if first.is_empty() {
        Bytes::from_static(ZERO)
    } else {
        Bytes::copy_from_slice(first)
    }
}

/// The first key after all that begin with `prefix`; `\0` if there is none.
fn end_of_prefix(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end.into();
        }
    }
    Bytes::from_static(ZERO)
}

impl fmt::Display for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.escape_ascii();
        match &*self.end {
            b"" => write!(f, "{key}"),
            ZERO => write!(f, "{key}.."),
            end if *end == end_of_prefix(&self.key) => write!(f, "{key}*"),
            end => write!(f, "{key}..{}", end.escape_ascii()),
        }
    }
}

impl fmt::Debug for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRange({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_last_byte_can_grow() {
        assert_eq!(KeyRange::prefix("a").range_end(), "b");
        assert_eq!(&**KeyRange::prefix(b"a\xff").range_end(), b"b");
        assert_eq!(&**KeyRange::prefix(b"\xff\xff").range_end(), b"\0");
        assert_eq!(KeyRange::prefix(""), KeyRange::all());
        assert_eq!(
            (&**KeyRange::all().start(), &**KeyRange::all().range_end()),
            (ZERO, ZERO)
        );
    }

    #[test]
    fn it_holds_what_servers_say_it_holds() {
        assert!(KeyRange::key("a").contains(b"a") && !KeyRange::key("a").contains(b"aa"));
        assert!(KeyRange::prefix("a").contains(b"a\xff") && !KeyRange::prefix("a").contains(b"b"));
        assert!(KeyRange::from("b").contains(b"\xff") && !KeyRange::from("b").contains(b"a"));
        assert!(KeyRange::between("a", "c").contains(b"b"));
        assert!(
            !KeyRange::between("a", "").contains(b"a"),
            "nothing is before the empty key"
        );
        let rest = KeyRange::prefix("a").after(b"ab");
        assert!(!rest.contains(b"ab") && rest.contains(b"ab\0") && !rest.contains(b"b"));
    }

    #[test]
    fn it_is_shown_on_one_line() {
        assert_eq!(KeyRange::prefix("a\n").to_string(), "a\\n*");
        assert_eq!(KeyRange::between("a", "c").to_string(), "a..c");
        assert_eq!(KeyRange::all().to_string(), "\\x00..");
    }
}
