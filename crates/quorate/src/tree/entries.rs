//! The mapping alone, without a backend.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{TreeError, TreeProblem};
use super::node::Node;
use super::options::TreeOptions;
use super::{de, ser};

/// The keys and leaves of `value`, by the rules of the [module](super), ordered by key. The keys
/// are relative; a value that is a single leaf has the empty one.
///
/// # Errors
/// A [`TreeError`] if a rule or a limit is broken.
pub fn to_entries<T: Serialize + ?Sized>(
    value: &T,
    options: &TreeOptions,
) -> Result<Vec<(String, Bytes)>, TreeError> {
    let mut entries = BTreeMap::new();
    ser::to_node(value, options)?.flatten("", &mut entries);
    Ok(entries.into_iter().collect())
}

/// The value that lies at `prefix` among `entries`, whose keys are full paths; what lies elsewhere
/// is ignored. The empty prefix takes the keys as they are.
///
/// # Errors
/// A [`TreeError`]: its [`problem`](TreeError::problem) is [`TreeProblem::Absent`] if nothing is
/// there.
pub fn from_entries<T, I, K, V>(
    prefix: &str,
    entries: I,
    options: &TreeOptions,
) -> Result<T, TreeError>
where
    T: DeserializeOwned,
    I: IntoIterator<Item = (K, V)>,
    K: AsRef<str>,
    V: Into<Bytes>,
{
    let node = node(prefix, entries, options)?;
    if node.is_nothing() {
        return Err(TreeProblem::Absent.into());
    }
    de::from_node(&node, options.scalars)
}

/// The tree at `prefix` among `entries`.
pub(super) fn node<I, K, V>(
    prefix: &str,
    entries: I,
    options: &TreeOptions,
) -> Result<Node, TreeError>
where
    I: IntoIterator<Item = (K, V)>,
    K: AsRef<str>,
    V: Into<Bytes>,
{
    let mut root = Node::default();
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for (key, value) in entries {
        let Some(path) = relative(prefix, key.as_ref()) else {
            continue;
        };
        let value = value.into();
        count += 1;
        bytes = bytes.saturating_add(value.len());
        let within = |limit, have, problem: TreeProblem| match have > limit {
            true => Err(TreeError::from(problem).beneath(path)),
            false => Ok(()),
        };
        let limit = options.max_entries;
        within(limit, count, TreeProblem::TooMany { limit })?;
        let limit = options.max_bytes;
        within(limit, bytes, TreeProblem::TooLarge { limit })?;
        root.insert(path, value, options)?;
    }
    Ok(root)
}

/// What of `key` lies beneath `prefix`; the empty text for `prefix` itself.
pub(super) fn relative<'k>(prefix: &str, key: &'k str) -> Option<&'k str> {
    let rest = key.strip_prefix(prefix)?;
    if prefix.is_empty() || prefix.ends_with('/') || rest.is_empty() {
        return Some(rest);
    }
    // `a/` is the directory `a`: the slash stays where there is nothing else.
    match rest.strip_prefix('/')? {
        "" => Some("/"),
        rest => Some(rest),
    }
}
