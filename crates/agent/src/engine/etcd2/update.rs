use std::sync::Arc;

use super::action::Action;
use super::command::Put;
use super::event::{Event, NodeState};
use super::node::{Content, Node};
use super::refusal::{KeyRefusal, Problem};
use super::set::refuse_root;
use super::state::Step;

impl Step<'_> {
    /// Writes a file that exists, or changes the time of a directory.
    pub(super) fn update(
        &mut self,
        key: Box<str>,
        put: Put,
        refresh: bool,
    ) -> Result<Arc<Event>, KeyRefusal> {
        refuse_root(&key)?;
        let before = Arc::clone(self.state.root.find(&key)?);
        if before.is_dir() && !put.value.is_empty() {
            return Err(KeyRefusal::new(Problem::NotFile, key));
        }
        Ok(self.rewrite(Action::Update, key, put, &before, refresh))
    }

    /// Writes to the node at `key`, which stays the one that was made once.
    pub(super) fn rewrite(
        &mut self,
        action: Action,
        key: Box<str>,
        put: Put,
        before: &Node,
        refresh: bool,
    ) -> Arc<Event> {
        let index = self.next_index();
        let mut node = before.clone();
        node.expiration = self.expiration(put.ttl);
        // The index of a directory stays, as on the real server; only the event has the new one.
        if let Content::File(value) = &mut node.content {
            node.modified = index;
            if !refresh {
                *value = put.value;
            }
        }
        let event = Event {
            action,
            index,
            node: NodeState {
                modified: index,
                ..NodeState::of(&node, self.now)
            },
            prev: Some(NodeState::of(before, self.now)),
            key,
            refresh,
            removed: None,
        };
        self.put_node(&event.key, node, Some(before));
        self.record(event)
    }
}
