//! Keys, and prefixes of them.

use std::fmt;
use std::str::FromStr;

// The strictest rule that any backend has is everybody's.
use quorate_consul::wire::path::is_printable;

use crate::{Error, Result};

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 2048;

/// A key that every backend can hold: a UTF-8 path such as `jobs/nightly/owner`.
///
/// It has segments with `/` between them, and these rules, each with an error that names it:
/// not empty; no empty segment, so no `/` at either end; no segment `.` or `..`; only printable
/// characters and the plain space; at most [`MAX_KEY_BYTES`].
///
/// ```
/// use quorate::Key;
///
/// assert_eq!(Key::new("jobs/nightly")?.as_str(), "jobs/nightly");
/// assert!(Key::new("jobs//nightly").is_err());
/// # Ok::<(), quorate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Checks `key`.
    ///
    /// # Errors
    /// `InvalidArgument`, with the rule that is broken.
    pub fn new(key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        if key.is_empty() {
            return Err(refuse("key", &key, "it is empty"));
        }
        check("key", &key)?;
        Ok(Self(key))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as text, by value.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The prefix of everything beneath this key: `jobs` gives `jobs/`.
    #[must_use]
    pub fn as_prefix(&self) -> Prefix {
        Prefix(format!("{}/", self.0))
    }
}

/// Everything beneath a path, at any depth; or everything there is.
///
/// `jobs` and `jobs/` are the same prefix: it covers `jobs/a` and `jobs/a/b`, and neither `jobs`
/// itself nor `jobs2`. The empty text and `/` cover every key. The rules are those of [`Key`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

impl Prefix {
    /// Checks `prefix`.
    ///
    /// # Errors
    /// `InvalidArgument`, with the rule that is broken.
    pub fn new(prefix: impl Into<String>) -> Result<Self> {
        let mut prefix = prefix.into();
        if prefix == "/" {
            prefix.clear();
        }
        check("prefix", prefix.strip_suffix('/').unwrap_or(&prefix))?;
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        Ok(Self(prefix))
    }

    /// The prefix of every key.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The prefix as text: empty, or a path with a `/` at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `key` lies beneath this prefix.
    #[must_use]
    pub fn covers(&self, key: &str) -> bool {
        key.starts_with(&self.0)
    }
}

fn refuse(what: &str, text: &str, rule: &str) -> Error {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Error::invalid(format!("check {what} {shown:?}"), rule)
}

fn check(what: &str, path: &str) -> Result<()> {
    if path.len() > MAX_KEY_BYTES {
        let rule = format!(
            "it has {} bytes, more than the {MAX_KEY_BYTES} allowed",
            path.len()
        );
        return Err(refuse(what, path, &rule));
    }
    if path.is_empty() {
        return Ok(());
    }
    if path.starts_with('/') || path.ends_with('/') {
        return Err(refuse(
            what,
            path,
            "it starts or ends with '/', which is an empty segment",
        ));
    }
    if path.contains("//") {
        return Err(refuse(what, path, "it has an empty segment ('//')"));
    }
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(refuse(what, path, "it has a segment '.' or '..'"));
    }
    match path.chars().find(|c| !is_printable(*c)) {
        Some(c) => Err(refuse(
            what,
            path,
            &format!("it has the non-printable character {c:?}"),
        )),
        None => Ok(()),
    }
}

macro_rules! path_text {
    ($name:ident) => {
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                Self::new(text)
            }
        }
    };
}

path_text!(Key);
path_text!(Prefix);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn each_rule_has_its_own_message() {
        let long = "k".repeat(MAX_KEY_BYTES + 1);
        for (key, rule) in [
            ("", "empty"),
            ("/a", "starts or ends with '/'"),
            ("a/", "starts or ends with '/'"),
            ("a//b", "'//'"),
            ("a/../b", "'.' or '..'"),
            (".", "'.' or '..'"),
            ("a\nb", "'\\n'"),
            ("a\u{200b}b", "'\\u{200b}'"),
            (&long, "2049 bytes"),
        ] {
            let error = Key::new(key).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{key:?}");
            assert!(error.to_string().contains(rule), "{error}");
            assert!(error.to_string().len() < 250, "{error}");
        }
    }

    #[test]
    fn legal_keys_stay_as_they_are() {
        let longest = "k".repeat(MAX_KEY_BYTES);
        for key in [
            "a",
            "a/b",
            "a b",
            "ä/漢/🦀",
            ".hidden/..x",
            "a?b#c%d+e&f=g\\\"",
            &longest,
        ] {
            assert_eq!(Key::new(key).unwrap().as_str(), key);
        }
    }

    #[test]
    fn a_prefix_is_a_directory_with_or_without_its_slash() {
        let prefix = Prefix::new("jobs").unwrap();
        assert_eq!(prefix, Prefix::new("jobs/").unwrap());
        assert_eq!(prefix, Key::new("jobs").unwrap().as_prefix());
        assert!(prefix.covers("jobs/a/b"));
        assert!(!prefix.covers("jobs") && !prefix.covers("jobs2/a"));
    }

    #[test]
    fn the_empty_prefix_covers_everything() {
        for text in ["", "/"] {
            assert_eq!(Prefix::new(text).unwrap(), Prefix::all());
        }
        assert!(Prefix::all().covers("any/key"));
    }

    #[test]
    fn a_prefix_follows_the_rules_of_keys() {
        for prefix in ["/a", "a//", "//", "a/./b", "a\n/"] {
            assert!(Prefix::new(prefix).is_err(), "{prefix:?}");
        }
    }
}
