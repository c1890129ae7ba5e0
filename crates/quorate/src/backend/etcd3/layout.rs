//! Keys: where they are on etcd.

use quorate_etcd::v3::{KeyRange, KeyValue};

use super::unsigned;
use crate::{Entry, Key, Prefix, Revision, WatchTarget};

/// Where the keys of a backend are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// What all keys begin with: empty, or something with a slash at its end.
    root: String,
}

impl Layout {
    /// Everything beneath `prefix`; behind a slash if it is `rooted`.
    pub(super) fn new(prefix: &Prefix, rooted: bool) -> Self {
        let slash = if rooted { "/" } else { "" };
        Self {
            root: format!("{slash}{prefix}"),
        }
    }

    /// etcd's name for a key.
    pub(super) fn key(&self, key: &Key) -> String {
        self.hidden(key.as_str())
    }

    /// The same for one of ours.
    pub(super) fn hidden(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// All keys beneath a prefix.
    pub(super) fn beneath(&self, prefix: &Prefix) -> KeyRange {
        KeyRange::prefix(self.hidden(prefix.as_str()))
    }

    /// The keys that are watched.
    pub(super) fn watched(&self, target: &WatchTarget) -> KeyRange {
        match target {
            WatchTarget::Key(key) => KeyRange::key(self.key(key)),
            WatchTarget::Prefix(prefix) => self.beneath(prefix),
        }
    }

    /// The key that etcd calls so; `None` for what is elsewhere, and for what is no text.
    pub(super) fn name(&self, key: &[u8]) -> Option<String> {
        let below = key.strip_prefix(self.root.as_bytes())?;
        let text = std::str::from_utf8(below).ok()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A key as this layer shows it.
    pub(super) fn entry(&self, kv: KeyValue) -> Option<Entry> {
        let (revision, created) = (kv.mod_revision, kv.create_revision);
        let key = self.name(&kv.key)?;
        let revisions = (Revision(unsigned(revision)), Revision(unsigned(created)));
        let holder = kv.lease.map(|lease| lease.to_string());
        Some(Entry::new(key, kv.value, revisions.0, revisions.1).with_holder(holder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(prefix: &str, rooted: bool) -> Layout {
        Layout::new(&Prefix::new(prefix).unwrap(), rooted)
    }

    #[test]
    fn keys_are_what_they_are_called_beneath_the_path_of_the_url() {
        let key = Key::new("jobs/_a").unwrap();
        for (layout, expected) in [
            (layout("", false), "jobs/_a"),
            (layout("", true), "/jobs/_a"),
            (layout("apps/x", false), "apps/x/jobs/_a"),
            (layout("apps/x", true), "/apps/x/jobs/_a"),
        ] {
            assert_eq!(layout.key(&key), expected);
            assert_eq!(layout.name(expected.as_bytes()).as_deref(), Some("jobs/_a"));
        }
        let below = layout("apps/x", false);
        assert_eq!(below.name(b"apps/xy/a"), None);
        assert_eq!(below.name(b"apps/x/"), None);
        assert_eq!(below.name(b"apps/x/\xff"), None);
    }

    #[test]
    fn a_prefix_is_everything_beneath_it() {
        let range = |layout: Layout, prefix: &str| layout.beneath(&Prefix::new(prefix).unwrap());
        assert_eq!(range(layout("", false), ""), KeyRange::all());
        assert_eq!(range(layout("", true), ""), KeyRange::prefix("/"));
        assert_eq!(range(layout("a", false), "d"), KeyRange::prefix("a/d/"));
    }
}
