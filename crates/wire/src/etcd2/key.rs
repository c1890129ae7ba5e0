//! Keys: absolute paths, cleaned as servers clean them.

use std::borrow::Cow;

/// The longest key that is sent, in bytes: URLs beyond 8 KiB are refused by many proxies.
pub const MAX_KEY_BYTES: usize = 4096;

/// The width of the names that in-order keys get since etcd 2.2.0.
const ORDER_WIDTH: usize = 20;

/// Why a key cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is longer than [`MAX_KEY_BYTES`].
    #[error("key has {length} bytes, more than the {MAX_KEY_BYTES} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

/// Checks that a key can be sent.
///
/// # Errors
/// [`KeyError`] says what is wrong.
pub fn check(key: &str) -> Result<(), KeyError> {
    match key.len() {
        length if length > MAX_KEY_BYTES => Err(KeyError::TooLong { length }),
        _ => Ok(()),
    }
}

/// The key as servers name it: one slash in front, none behind, no empty segment, `.` and `..`
/// resolved. The root is `/`.
///
/// ```
/// use quorate_wire::etcd2::key::clean;
///
/// assert_eq!(clean("a//b/./c/"), "/a/b/c");
/// assert_eq!(clean("/a/../../b"), "/b");
/// assert_eq!(clean(""), "/");
/// ```
#[must_use]
pub fn clean(key: &str) -> Cow<'_, str> {
    if is_clean(key) {
        return Cow::Borrowed(key);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in key.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Cow::Owned(format!("/{}", parts.join("/")))
}

/// Whether [`clean`] would leave a key as it is.
#[must_use]
pub fn is_clean(key: &str) -> bool {
    let Some(rest) = key.strip_prefix('/') else {
        return false;
    };
    rest.is_empty() || rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// `key` below `directory`, cleaned.
#[must_use]
pub fn join(directory: &str, key: &str) -> String {
    clean(&format!("{directory}/{key}")).into_owned()
}

/// The part behind the last slash; empty for the root.
#[must_use]
pub fn name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}

/// Whether `key` is `directory` or below it. Both must be clean.
#[must_use]
pub fn is_within(key: &str, directory: &str) -> bool {
    if directory == "/" {
        return true;
    }
    let rest = key.strip_prefix(directory);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a listing from `directory` leaves `key` out: a part of it below `directory` starts with
/// `_`. Both must be clean.
#[must_use]
pub fn is_hidden_below(key: &str, directory: &str) -> bool {
    let directory = if directory == "/" { "" } else { directory };
    let rest = key.strip_prefix(directory).unwrap_or_default();
    rest.contains("/_")
}

/// The name of the in-order key that is made at `index`: 20 digits, so that the order of the names
/// is that of their making.
#[must_use]
pub fn in_order_name(index: u64) -> String {
    format!("{index:0ORDER_WIDTH$}")
}

/// The index in the name of an in-order key, also of those that servers before 2.2.0 made, which
/// have no zeros in front. `None` for any other name.
#[must_use]
pub fn in_order_index(name: &str) -> Option<u64> {
    let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let width = name.len() == ORDER_WIDTH || !name.starts_with('0');
    if digits && width {
        name.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cleaned_as_servers_clean_them() {
        for (key, cleaned) in [
            ("", "/"),
            ("/", "/"),
            ("a", "/a"),
            ("/a/", "/a"),
            ("//a///b", "/a/b"),
            ("/./a/./b/.", "/a/b"),
            ("/a/b/../c", "/a/c"),
            ("../../a", "/a"),
            ("/a/..", "/"),
            ("/...", "/..."),
            ("/a b?#%", "/a b?#%"),
        ] {
            assert_eq!(clean(key), cleaned, "{key:?}");
            assert!(is_clean(&clean(key)), "{key:?}");
            assert_eq!(is_clean(key), key == cleaned, "{key:?}");
        }
    }

    #[test]
    fn a_key_is_within_a_directory_only_behind_a_slash() {
        assert!(is_within("/a/b", "/a") && is_within("/a", "/a") && is_within("/a", "/"));
        assert!(!is_within("/ab", "/a") && !is_within("/", "/a"));
    }

    #[test]
    fn a_part_with_an_underscore_hides_what_is_below_it() {
        assert!(is_hidden_below("/_a", "/") && is_hidden_below("/a/_b/c", "/a"));
        assert!(!is_hidden_below("/_a/b", "/_a") && !is_hidden_below("/a_/b", "/"));
    }

    #[test]
    fn names_in_order_are_read_back() {
        assert_eq!(in_order_name(46), "00000000000000000046");
        assert_eq!(in_order_index("00000000000000000046"), Some(46));
        assert_eq!(in_order_index("46"), Some(46));
        assert_eq!(in_order_index(&in_order_name(u64::MAX)), Some(u64::MAX));
        for name in ["", "046", "a", "4a", "-4", "99999999999999999999"] {
            assert_eq!(in_order_index(name), None, "{name}");
        }
    }

    #[test]
    fn joining_and_naming() {
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/a", "/b/"), "/a/b");
        assert_eq!((name("/a/b"), name("/")), ("b", ""));
    }

    #[test]
    fn a_key_that_is_too_long_is_refused() {
        assert!(check(&"a".repeat(MAX_KEY_BYTES)).is_ok());
        let error = check(&"a".repeat(MAX_KEY_BYTES + 1)).unwrap_err();
        assert!(error.to_string().contains("4097"), "{error}");
    }
}
