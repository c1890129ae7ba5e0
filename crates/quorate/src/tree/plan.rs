//! What a write changes of what is there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::name::{LOCK, MARKER, look_like_a_list};
use super::node::{Kind, Node, join};
use crate::Entry;

/// What is there, by its relative keys.
pub(super) type Existing = BTreeMap<String, Entry>;

/// Which keys are written and which are deleted, relative to the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) puts: BTreeMap<String, Bytes>,
    pub(super) deletes: BTreeSet<String>,
}

impl Plan {
    /// Makes what is there into `desired`, and nothing else.
    pub(super) fn replace(existing: &Existing, desired: &Node) -> Self {
        let mut plan = Self::default();
        plan.take_over(existing, "", desired);
        plan
    }

    /// Merges `desired` into what is there: maps key by key, anything else as a whole.
    pub(super) fn merge(existing: &Existing, desired: &Node) -> Self {
        let mut plan = Self::default();
        plan.visit(existing, "", desired);
        plan
    }

    /// How many changes there are.
    pub(super) fn len(&self) -> usize {
        self.puts.len() + self.deletes.len()
    }

    fn visit(&mut self, existing: &Existing, path: &str, desired: &Node) {
        if desired.whole {
            return self.take_over(existing, path, desired);
        }
        if existing.contains_key(path) {
            self.deletes.insert(path.to_owned());
        }
        for (name, child) in &desired.children {
            self.visit(existing, &join(path, name), child);
        }
        self.mark(existing, path, desired);
    }

    /// Everything at and beneath `path` goes, except what is wanted there and the keys of locks.
    fn take_over(&mut self, existing: &Existing, path: &str, desired: &Node) {
        let mut wanted = BTreeMap::new();
        desired.flatten(path, &mut wanted);
        for (key, _) in at_and_beneath(existing, path) {
            if !wanted.contains_key(key) && !is_lock(key) && is_named(key) {
                self.deletes.insert(key.clone());
            }
        }
        for (key, value) in wanted {
            self.put(existing, key, value);
        }
    }

    /// Says that a merged map is one where its names, old and new, don't.
    fn mark(&mut self, existing: &Existing, path: &str, desired: &Node) {
        let mut names = BTreeSet::new();
        for (key, _) in at_and_beneath(existing, path) {
            let gone = self.deletes.contains(key);
            let rest = if path.is_empty() {
                key
            } else {
                key.get(path.len() + 1..).unwrap_or("")
            };
            let name = rest.split('/').next().unwrap_or_default();
            if !gone && !matches!(name, "" | MARKER | LOCK) && !is_lock(key) {
                names.insert(name);
            }
        }
        let new = desired
            .children
            .iter()
            .filter(|(_, node)| !node.is_nothing());
        names.extend(new.map(|(name, _)| name.as_str()));
        let marker = join(path, MARKER);
        if names.is_empty() || look_like_a_list(&names.iter().copied()) {
            self.put(
                existing,
                marker,
                Bytes::from_static(Kind::Map.text().as_bytes()),
            );
        } else if existing.contains_key(&marker) {
            self.deletes.insert(marker);
        }
    }

    fn put(&mut self, existing: &Existing, key: String, value: Bytes) {
        if existing.get(&key).is_none_or(|entry| entry.value != value) {
            self.puts.insert(key, value);
        }
    }
}

/// The keys that are `path` or lie beneath it.
fn at_and_beneath<'e>(
    existing: &'e Existing,
    path: &'e str,
) -> impl Iterator<Item = (&'e String, &'e Entry)> {
    let from = existing.range(path.to_owned()..);
    let here = from.take_while(move |(key, _)| key.starts_with(path));
    here.filter(move |(key, _)| {
        path.is_empty() || key.len() == path.len() || key.as_bytes()[path.len()] == b'/'
    })
}

/// Whether it is a key that can be named: `a/`, as graphical tools write the directory `a`, is none.
pub(super) fn is_named(relative: &str) -> bool {
    relative.is_empty() || relative.split('/').all(|segment| !segment.is_empty())
}

/// What a lock keeps is no part of a value.
fn is_lock(key: &str) -> bool {
    key.rsplit('/').next() == Some(LOCK)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Revision;
    use crate::tree::{TreeOptions, ser};

    fn existing(keys: &[(&str, &str)]) -> Existing {
        let entry = |(key, value): &(&str, &str)| {
            let entry = Entry::new(*key, (*value).to_owned(), Revision(1), Revision(1));
            ((*key).to_owned(), entry)
        };
        keys.iter().map(entry).collect()
    }

    fn node(value: &Value) -> Node {
        ser::to_node(value, &TreeOptions::default()).unwrap()
    }

    fn shown(plan: &Plan) -> String {
        let puts = plan.puts.iter();
        let puts = puts.map(|(key, value)| format!("+{key}={}", String::from_utf8_lossy(value)));
        let deletes = plan.deletes.iter().map(|key| format!("-{key}"));
        puts.chain(deletes).collect::<Vec<_>>().join(" ")
    }

    fn merged(keys: &[(&str, &str)], value: &Value) -> String {
        shown(&Plan::merge(&existing(keys), &node(value)))
    }

    fn replaced(keys: &[(&str, &str)], value: &Value) -> String {
        shown(&Plan::replace(&existing(keys), &node(value)))
    }

    #[test]
    fn maps_are_merged_and_lists_are_replaced() {
        let there = [("a/x", "1"), ("a/y", "2"), ("l/1", "p"), ("l/2", "q")];
        assert_eq!(
            merged(&there, &json!({"a": {"y": "3"}, "l": ["q"]})),
            "+a/y=3 +l/1=q -l/2"
        );
        assert_eq!(merged(&there, &json!({"a": {"x": "1"}})), "");
    }

    #[test]
    fn what_is_there_is_no_part_of_another_name_that_begins_the_same() {
        let there = [("a", "1"), ("a!", "2"), ("a/x", "3"), ("ab", "4")];
        assert_eq!(merged(&there, &json!({"a": "5"})), "+a=5 -a/x");
    }

    #[test]
    fn a_leaf_gives_way_to_a_map_and_a_map_to_a_leaf() {
        assert_eq!(
            merged(&[("a", "1")], &json!({"a": {"b": "2"}})),
            "+a/b=2 -a"
        );
        assert_eq!(merged(&[("a/b", "2")], &json!({"a": "1"})), "+a=1 -a/b");
        assert_eq!(
            merged(&[("a/b", "2")], &json!({"a": null})),
            "+a/.tree=null -a/b"
        );
    }

    #[test]
    fn a_replacement_removes_what_is_not_in_the_value_but_no_locks() {
        let there = [("a/x", "1"), ("a/.lock", "held"), ("b", "2"), ("_x", "3")];
        assert_eq!(
            replaced(&there, &json!({"a": {"y": "1"}})),
            "+a/y=1 -_x -a/x -b"
        );
        assert_eq!(replaced(&there, &json!({})), "+.tree={} -_x -a/x -b");
    }

    #[test]
    fn the_marker_follows_the_names_old_and_new() {
        assert_eq!(merged(&[], &json!({})), "+.tree={}");
        assert_eq!(merged(&[("a", "1")], &json!({})), "");
        assert_eq!(
            merged(&[(".tree", "{}")], &json!({"a": "1"})),
            "+a=1 -.tree"
        );
        assert_eq!(merged(&[("2", "b")], &json!({"1": "a"})), "+.tree={} +1=a");
        assert_eq!(
            merged(&[(".tree", "{}"), ("1", "a")], &json!({"2": "b"})),
            "+2=b"
        );
    }

    #[test]
    fn a_field_that_is_none_removes_what_was_there() {
        #[derive(serde::Serialize)]
        struct Login {
            user: String,
            password: Option<String>,
        }
        let login = Login {
            user: "u".into(),
            password: None,
        };
        let desired = ser::to_node(&login, &TreeOptions::default()).unwrap();
        let there = existing(&[("password", "old"), ("other", "kept")]);
        assert_eq!(shown(&Plan::merge(&there, &desired)), "+user=u -password");
    }
}
