use std::sync::Arc;

use super::action::Action;
use super::event::{Event, NodeState};
use super::node::Node;
use super::refusal::{KeyRefusal, Problem};
use super::row::Row;
use super::set::refuse_root;
use super::state::Step;

impl Step<'_> {
    /// Removes a file, or a directory if that is allowed.
    pub(super) fn delete(
        &mut self,
        key: &str,
        dir: bool,
        recursive: bool,
    ) -> Result<Arc<Event>, KeyRefusal> {
        refuse_root(key)?;
        let before = Arc::clone(self.state.root.find(key)?);
        if let Some(children) = before.children() {
            if !dir && !recursive {
                return Err(KeyRefusal::new(Problem::NotFile, key));
            }
            // What is hidden counts too.
            if !recursive && !children.is_empty() {
                return Err(KeyRefusal::new(Problem::NotEmpty, key));
            }
        }
        Ok(self.remove(Action::Delete, key, &before))
    }

    /// Takes the node at `key` away, and all that is in it, with one event.
    pub(super) fn remove(&mut self, action: Action, key: &str, before: &Node) -> Arc<Event> {
        let index = self.next_index();
        let removed = self.forget_below(key, before);
        self.forget_deadline(key, Some(before));
        self.store(Row::Node(key.into(), None));
        self.state.root.remove(key);
        self.record(Event {
            action,
            index,
            key: key.into(),
            node: NodeState::gone(before, index),
            prev: Some(NodeState::of(before, self.now)),
            refresh: false,
            removed: before.is_dir().then_some(removed),
        })
    }

    /// Forgets what is below `key`, and says what it was.
    fn forget_below(&mut self, key: &str, node: &Node) -> Arc<[Box<str>]> {
        let mut removed: Vec<Box<str>> = Vec::new();
        node.descend(key, &mut |key: &str, node: &Arc<Node>| {
            self.forget_deadline(key, Some(node));
            self.store(Row::Node(key.into(), None));
            removed.push(key.into());
        });
        removed.sort_unstable();
        removed.into()
    }
}
