//! Nodes: files and directories.

use serde::{Deserialize, Serialize};

use crate::consul::null::empty;
use crate::consul::time::GoTime;

/// A file or a directory, as answers and events show it.
///
/// The order of the fields is that of the wire. What is zero or empty there is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// The absolute path. Empty for the root, which is sent without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The value of a file, also an empty one. `None` for directories, and for what an event says
    /// is gone. Bytes that are no UTF-8 were replaced by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it is a directory.
    #[serde(skip_serializing_if = "is_false")]
    pub dir: bool,
    /// When it expires, by the clock of the server that took the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<GoTime>,
    /// The seconds left, rounded up. May be absent or negative just before the expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    /// What is in the directory: one level, or all of them when asked for. Absent when empty.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "empty")]
    pub nodes: Vec<Node>,
    /// The index of the last change. 0 for the root, which is sent without one.
    #[serde(skip_serializing_if = "is_zero")]
    pub modified_index: u64,
    /// The index at which it was made.
    #[serde(skip_serializing_if = "is_zero")]
    pub created_index: u64,
}

impl Node {
    /// A file.
    #[must_use]
    pub fn file(key: impl Into<String>, value: impl Into<String>, index: u64) -> Self {
        Self {
            key: key.into(),
            value: Some(value.into()),
            modified_index: index,
            created_index: index,
            ..Self::default()
        }
    }

    /// A directory without anything in it.
    #[must_use]
    pub fn directory(key: impl Into<String>, index: u64) -> Self {
        Self {
            key: key.into(),
            dir: true,
            modified_index: index,
            created_index: index,
            ..Self::default()
        }
    }

    /// The absolute path, also of the root.
    #[must_use]
    pub fn path(&self) -> &str {
        if self.key.is_empty() { "/" } else { &self.key }
    }

    /// The last part of the path; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        super::key::name(&self.key)
    }

    /// The files in it and in what is below it, or itself if it is one, in the order of the answer.
    pub fn files(&self) -> impl Iterator<Item = &Node> {
        let mut rest = vec![self];
        std::iter::from_fn(move || {
            while let Some(node) = rest.pop() {
                if !node.dir {
                    return Some(node);
                }
                rest.extend(node.nodes.iter().rev());
            }
            None
        })
    }

    /// The largest index in it and in what is below it.
    #[must_use]
    pub fn newest_index(&self) -> u64 {
        let below = self.nodes.iter().map(Self::newest_index).max();
        self.modified_index.max(below.unwrap_or_default())
    }
}
fn is_false(flag: &bool) -> bool {
    !flag
}
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd2::json;

    #[test]
    fn the_root_and_empty_values_are_told_apart() {
        let root: Node = serde_json::from_str(r#"{"dir":true}"#).unwrap();
        assert_eq!(
            (root.path(), root.name(), root.value.as_deref()),
            ("/", "", None)
        );
        assert_eq!(json::encode(&root).unwrap(), br#"{"dir":true}"#);
        let empty: Node =
            serde_json::from_str(r#"{"key":"/a","value":"","modifiedIndex":4}"#).unwrap();
        assert_eq!(empty.value.as_deref(), Some(""));
    }

    #[test]
    fn files_come_in_the_order_of_the_answer() {
        let mut tree = Node::directory("/d", 1);
        let mut sub = Node::directory("/d/b", 2);
        sub.nodes = vec![Node::file("/d/b/1", "x", 9), Node::directory("/d/b/2", 3)];
        tree.nodes = vec![Node::file("/d/a", "y", 4), sub, Node::file("/d/c", "z", 5)];
        let files: Vec<_> = tree.files().map(Node::path).collect();
        assert_eq!(files, ["/d/a", "/d/b/1", "/d/c"]);
        assert_eq!(tree.newest_index(), 9);
        assert_eq!(Node::file("/f", "", 1).files().count(), 1);
    }

    #[test]
    fn a_ttl_may_be_absent_or_negative() {
        let text = r#"{"key":"/a","value":"","expiration":"2026-11-21T11:56:17.1Z","ttl":-1,"modifiedIndex":4,"createdIndex":4}"#;
        let node: Node = serde_json::from_str(text).unwrap();
        assert_eq!(node.ttl, Some(-1));
        assert_eq!(json::encode(&node).unwrap(), text.as_bytes());
        let node: Node =
            serde_json::from_str(r#"{"expiration":null,"ttl":null,"nodes":null}"#).unwrap();
        assert_eq!(node, Node::default());
    }
}
