use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ROOT;
use super::refusal::AuthRefusal;

/// What a role permits: keys, or beginnings of keys with a `*` at the end. `None` is a list that
/// was never given, which etcd tells from an empty one.
pub type Patterns = Option<Vec<String>>;

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    #[serde(rename = "role")]
    pub name: String,
    /// What it permits.
    pub permissions: Permissions,
}

/// Which keys may be read and written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// The keys that may be read.
    pub read: Patterns,
    /// The keys that may be written.
    pub write: Patterns,
}

impl Permissions {
    /// Whether nothing is permitted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        list(&self.read).is_empty() && list(&self.write).is_empty()
    }

    pub(super) fn grant(&self, more: &Self) -> Result<Self, AuthRefusal> {
        Ok(Self {
            read: Some(granted("read", &self.read, &more.read)?),
            write: Some(granted("write", &self.write, &more.write)?),
        })
    }

    pub(super) fn revoke(&self, less: &Self) -> Self {
        Self {
            read: Some(revoked(&self.read, &less.read)),
            write: Some(revoked(&self.write, &less.write)),
        }
    }
}

fn list(patterns: &Patterns) -> &[String] {
    patterns.as_deref().unwrap_or_default()
}

fn granted(
    kind: &'static str,
    now: &Patterns,
    more: &Patterns,
) -> Result<Vec<String>, AuthRefusal> {
    let mut all: BTreeSet<&String> = list(now).iter().collect();
    for pattern in list(more) {
        if !all.insert(pattern) {
            let pattern = pattern.clone();
            return Err(AuthRefusal::DuplicatePermission { kind, pattern });
        }
    }
    Ok(all.into_iter().cloned().collect())
}

/// What is not there is not missed.
fn revoked(now: &Patterns, less: &Patterns) -> Vec<String> {
    let mut all: BTreeSet<&String> = list(now).iter().collect();
    for pattern in list(less) {
        all.remove(pattern);
    }
    all.into_iter().cloned().collect()
}

impl Role {
    /// A role that may do everything.
    pub(super) fn of_everything(name: &str) -> Self {
        let all = || Some(vec!["/*".to_owned()]);
        Self {
            name: name.to_owned(),
            permissions: Permissions {
                read: all(),
                write: all(),
            },
        }
    }

    /// Whether it permits a request for `key`; one that is for everything below too needs a
    /// pattern that ends with `*`.
    #[must_use]
    pub fn permits(&self, key: &str, write: bool, recursive: bool) -> bool {
        let patterns = if write {
            &self.permissions.write
        } else {
            &self.permissions.read
        };
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => !recursive && key == pattern,
        };
        self.name == ROOT || list(patterns).iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(read: &[&str]) -> Role {
        let read = read.iter().map(|it| (*it).to_owned()).collect();
        Role {
            name: "r".into(),
            permissions: Permissions {
                read: Some(read),
                write: None,
            },
        }
    }

    #[test]
    fn a_pattern_is_a_key_or_a_beginning() {
        let role = role(&["/a/*", "/b"]);
        assert!(role.permits("/a/x", false, false) && role.permits("/a/x", false, true));
        assert!(role.permits("/b", false, false));
        assert!(!role.permits("/b", false, true), "everything below /b too");
        assert!(!role.permits("/a", false, false) && !role.permits("/bc", false, false));
        assert!(!role.permits("/a/x", true, false), "it may not be written");
    }

    #[test]
    fn an_empty_pattern_permits_nothing_else() {
        assert!(!role(&[""]).permits("/a", false, false));
        assert!(role(&["*"]).permits("/a", false, true));
    }

    #[test]
    fn what_was_never_given_becomes_an_empty_list_with_the_first_change() {
        let none = Permissions::default();
        let some = Permissions {
            read: Some(vec!["/z".into(), "/a".into()]),
            write: None,
        };
        let granted = none.grant(&some).unwrap();
        assert_eq!(granted.read.as_deref().unwrap(), ["/a", "/z"]);
        assert_eq!(granted.write, Some(vec![]));
        let again = granted.grant(&some).unwrap_err();
        assert_eq!(
            again.to_string(),
            "auth: Granting duplicate read permission /z"
        );
        assert_eq!(granted.revoke(&some).read, Some(vec![]));
    }
}
