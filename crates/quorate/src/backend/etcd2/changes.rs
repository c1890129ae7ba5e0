//! From etcd's events to those of the unified layer.

use std::collections::BTreeMap;

use quorate_etcd::v2::{Event, Node};

use super::layout::Layout;
use super::{kv, value};
use crate::{Entry, Revision, WatchEvent, WatchTarget};

/// Knows which keys there are, because etcd tells of a directory that is removed, and not of what
/// was in it. It keeps no values.
#[derive(Debug)]
pub(super) struct Changes {
    layout: Layout,
    target: WatchTarget,
    /// Paths and their keys.
    known: BTreeMap<String, String>,
}

impl Changes {
    pub(super) fn new(layout: Layout, target: WatchTarget) -> Self {
        Self {
            layout,
            target,
            known: BTreeMap::new(),
        }
    }

    /// All that is there, at `index`.
    pub(super) fn listed(&mut self, node: Option<Node>, index: u64) -> Vec<WatchEvent> {
        self.known.clear();
        let mut entries = Vec::new();
        if let Some(node) = node {
            kv::each_file(node, &mut |node| entries.extend(self.put(node)));
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        let newest = entries.iter().map(|entry| entry.revision.0).max();
        let revision = Revision(index.max(newest.unwrap_or_default()).max(1));
        let mut events = Vec::with_capacity(entries.len() + 2);
        events.push(WatchEvent::Init);
        events.extend(entries.into_iter().map(WatchEvent::Put));
        events.push(WatchEvent::InitDone { revision });
        events
    }

    /// One change: of a directory that is removed, one event for each key that was in it.
    pub(super) fn event(&mut self, event: Event) -> Vec<WatchEvent> {
        let Some(node) = event.node else {
            return Vec::new();
        };
        if event.action.is_removal() || node.dir {
            // A directory is made where nothing was, or in the place of a key.
            let below = event.action.is_removal();
            return self.gone(node.path(), below, node.modified_index);
        }
        self.put(node).map(WatchEvent::Put).into_iter().collect()
    }

    fn put(&mut self, node: Node) -> Option<Entry> {
        let key = self.layout.key(&node.key)?;
        let wanted = match &self.target {
            WatchTarget::Key(only) => key == only.as_str(),
            WatchTarget::Prefix(prefix) => prefix.covers(&key),
        };
        if !wanted {
            return None;
        }
        self.known.insert(node.key, key.clone());
        let value = value::decode(node.value.unwrap_or_default());
        let (revision, created) = (Revision(node.modified_index), Revision(node.created_index));
        Some(Entry::new(key, value, revision, created))
    }

    fn gone(&mut self, path: &str, below: bool, index: u64) -> Vec<WatchEvent> {
        let directory = format!("{}/", path.trim_end_matches('/'));
        let is_gone = |known: &str| known == path || (below && known.starts_with(&directory));
        let known = self.known.range(path.to_owned()..);
        // What sorts between a directory and what is in it, such as `a!` between `a` and `a/b`.
        let known = known.take_while(|(known, _)| known.starts_with(path));
        let gone = known.filter(|(known, _)| is_gone(known));
        let paths: Vec<_> = gone.map(|(path, _)| path.clone()).collect();
        let mut keys: Vec<_> = paths
            .iter()
            .filter_map(|it| self.known.remove(it))
            .collect();
        keys.sort();
        let revision = Revision(index);
        let delete = |key| WatchEvent::Delete { key, revision };
        keys.into_iter().map(delete).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Prefix};
    use quorate_etcd::v2::Action;

    fn prefix(text: &str) -> Changes {
        let target = WatchTarget::Prefix(Prefix::new(text).unwrap());
        Changes::new(Layout::default(), target)
    }

    fn file(path: &str, index: u64) -> Node {
        Node::file(path, "v", index)
    }

    fn put(key: &str, index: u64) -> WatchEvent {
        WatchEvent::Put(Entry::new(key, "v", Revision(index), Revision(index)))
    }

    fn delete(key: &str, index: u64) -> WatchEvent {
        let (key, revision) = (key.to_owned(), Revision(index));
        WatchEvent::Delete { key, revision }
    }

    fn removal(path: &str, index: u64) -> Event {
        Event::new(Action::Delete, Node::directory(path, index))
    }

    fn filled() -> Changes {
        let mut changes = prefix("d");
        let mut directory = Node::directory("/d", 1);
        let mut below = Node::directory("/d/a", 2);
        below.nodes = vec![file("/d/a/%2E", 5), file("/d/a/x", 3)];
        directory.nodes = vec![below, file("/d/a!", 4), file("/d/%5Fh", 6)];
        let events = changes.listed(Some(directory), 9);
        let done = WatchEvent::InitDone {
            revision: Revision(9),
        };
        let listed = [
            put("d/_h", 6),
            put("d/a", 5),
            put("d/a!", 4),
            put("d/a/x", 3),
        ];
        assert_eq!(events[0], WatchEvent::Init);
        assert_eq!(events[1..5], listed);
        assert_eq!(events[5], done);
        changes
    }

    #[test]
    fn the_state_is_told_in_the_order_of_its_keys() {
        filled();
        let done = WatchEvent::InitDone {
            revision: Revision(1),
        };
        assert_eq!(prefix("").listed(None, 0), [WatchEvent::Init, done]);
    }

    #[test]
    fn a_removed_directory_is_told_key_by_key() {
        let mut changes = filled();
        let gone = changes.event(removal("/d/a", 10));
        assert_eq!(gone, [delete("d/a", 10), delete("d/a/x", 10)]);
        assert_eq!(changes.event(removal("/d/a", 11)), [], "told already");
        let rest = [delete("d/_h", 12), delete("d/a!", 12)];
        assert_eq!(changes.event(removal("/d", 12)), rest);
        let mut changes = filled();
        assert_eq!(changes.event(removal("/", 13)).len(), 4);
    }

    #[test]
    fn a_directory_in_the_place_of_a_key_ends_the_key() {
        let mut changes = filled();
        let made = Event::new(Action::Set, Node::directory("/d/a!", 10));
        assert_eq!(changes.event(made), [delete("d/a!", 10)]);
        let made = Event::new(Action::Create, Node::directory("/d/a", 11));
        assert_eq!(changes.event(made), [], "what is in it stays");
    }

    #[test]
    fn one_key_is_told_wherever_it_is_and_nothing_else() {
        let target = WatchTarget::Key(Key::new("k").unwrap());
        let mut changes = Changes::new(Layout::default(), target);
        changes.listed(Some(file("/k", 1)), 1);
        let set = |path, index| Event::new(Action::Set, file(path, index));
        assert_eq!(changes.event(set("/k/below", 2)), []);
        assert_eq!(changes.event(set("/k/%2E", 3)), [put("k", 3)]);
        assert_eq!(changes.event(removal("/k/%2E", 4)), [delete("k", 4)]);
    }
}
