//! Keys: where they are on etcd.
//!
//! The key `jobs/a` is etcd's `/jobs/a`, beneath the path of the URL if that has one. Three things
//! differ between the two, and only where they must:
//!
//! - etcd hides what begins with `_` from every listing and watch. A segment `_x` is `%5Fx` there,
//!   and one that looks like an escape has its `%` written as `%25`.
//! - On etcd a path is a key or a directory and never both, and a directory stays when the last
//!   key in it is deleted. The value of a key whose path is a directory is in that directory,
//!   under the name `%2E`.
//! - A key beneath a path that is a key can't be written: that is a `Conflict`.

use crate::{Key, Prefix};

/// The name of a directory's own value.
const OWN: &str = "%2E";

/// Where the keys of a backend are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The directory of everything: empty, or `/a/b`.
    root: String,
}

impl Layout {
    /// Everything beneath `prefix`, which is a path of etcd.
    pub(super) fn new(prefix: &Prefix) -> Self {
        let path = prefix.as_str().trim_end_matches('/');
        let root = match path {
            "" => String::new(),
            path => format!("/{path}"),
        };
        Self { root }
    }

    /// The path of a key.
    pub(super) fn path(&self, key: &Key) -> String {
        self.below(key.as_str())
    }

    /// The path of a key's value while the key's own is a directory.
    pub(super) fn own_path(&self, key: &Key) -> String {
        format!("{}/{OWN}", self.path(key))
    }

    /// The path of what is beneath a prefix: `/` for everything there is.
    pub(super) fn directory(&self, prefix: &Prefix) -> String {
        match prefix.as_str().trim_end_matches('/') {
            "" if self.root.is_empty() => "/".to_owned(),
            "" => self.root.clone(),
            path => self.below(path),
        }
    }

    fn below(&self, path: &str) -> String {
        let mut whole = self.root.clone();
        for segment in path.split('/') {
            whole.push('/');
            match segment.as_bytes() {
                [b'_', ..] => {
                    whole.push_str("%5F");
                    whole.push_str(&segment[1..]);
                }
                [b'%', b'5', b'F', ..] | [b'%', b'2', b'5', ..] | b"%2E" => {
                    whole.push_str("%25");
                    whole.push_str(&segment[1..]);
                }
                _ => whole.push_str(segment),
            }
        }
        whole
    }

    /// The key whose value is at a path; `None` for what is elsewhere.
    pub(super) fn key(&self, path: &str) -> Option<String> {
        let below = path.strip_prefix(&self.root)?.strip_prefix('/')?;
        let below = match below.strip_suffix(OWN) {
            Some("") => return None,
            Some(rest) => rest.strip_suffix('/').unwrap_or(below),
            None => below,
        };
        let mut key = String::with_capacity(below.len());
        for segment in below.split('/') {
            if !key.is_empty() {
                key.push('/');
            }
            if let Some(rest) = segment.strip_prefix("%5F") {
                key.push('_');
                key.push_str(rest);
            } else if let Some(rest) = segment.strip_prefix("%25") {
                key.push('%');
                key.push_str(rest);
            } else {
                key.push_str(segment);
            }
        }
        (!key.is_empty()).then_some(key)
    }

    /// The name of a lock, semaphore or election in its own directory of etcd.
    pub(super) fn name(&self, name: &Key) -> String {
        format!("{}/{name}", self.root)
            .trim_start_matches('/')
            .to_owned()
    }
}

/// Whether a path is that of a directory's own value.
pub(super) fn is_own(path: &str) -> bool {
    path.strip_suffix(OWN)
        .is_some_and(|rest| rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn layouts() -> [Layout; 2] {
        ["", "apps/x"].map(|prefix| Layout::new(&Prefix::new(prefix).unwrap()))
    }

    #[test]
    fn most_keys_are_what_they_are_called() {
        let [bare, below] = layouts();
        assert_eq!(bare.path(&key("jobs/a b")), "/jobs/a b");
        assert_eq!(below.path(&key("jobs/a%2Fb")), "/apps/x/jobs/a%2Fb");
        assert_eq!(below.key("/apps/x/jobs/a"), Some("jobs/a".into()));
        assert_eq!(below.key("/apps/xy/a"), None);
        assert_eq!(below.key("/apps/x"), None);
        assert_eq!(bare.name(&key("_jobs")), "_jobs");
        assert_eq!(below.name(&key("jobs")), "apps/x/jobs");
    }

    #[test]
    fn directories_of_prefixes() {
        let [bare, below] = layouts();
        let of = |layout: &Layout, prefix| layout.directory(&Prefix::new(prefix).unwrap());
        assert_eq!(of(&bare, ""), "/");
        assert_eq!(of(&below, ""), "/apps/x");
        assert_eq!(of(&below, "a/_b/"), "/apps/x/a/%5Fb");
    }

    #[test]
    fn what_etcd_would_hide_is_escaped_and_so_is_what_looks_like_that() {
        let [bare, _] = layouts();
        for (name, path) in [
            ("_a/b_/_", "/%5Fa/b_/%5F"),
            ("%5Fa", "/%255Fa"),
            ("%25", "/%2525"),
            ("%2E", "/%252E"),
            ("%2Ex/%41", "/%2Ex/%41"),
        ] {
            assert_eq!(bare.path(&key(name)), path);
            assert_eq!(bare.key(path).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_directory_has_a_value_of_its_own() {
        for layout in layouts() {
            let path = layout.own_path(&key("a/_b"));
            assert!(path.ends_with("/a/%5Fb/%2E") && is_own(&path));
            assert_eq!(layout.key(&path).as_deref(), Some("a/_b"));
        }
        assert!(!is_own("/a/x%2E"));
        let [bare, _] = layouts();
        assert_eq!(bare.key("/%2E"), None);
        assert_eq!(bare.key("/a/x%2E").as_deref(), Some("a/x%2E"));
    }

    proptest! {
        #[test]
        fn every_key_comes_back(text in "[_%25EF./a]{1,12}") {
            prop_assume!(Key::new(text.clone()).is_ok());
            let key = key(&text);
            for layout in layouts() {
                prop_assert_eq!(layout.key(&layout.path(&key)), Some(text.clone()));
                prop_assert_eq!(layout.key(&layout.own_path(&key)), Some(text.clone()));
                let hidden = layout.path(&key).contains("/_");
                prop_assert!(!hidden);
            }
        }
    }
}
