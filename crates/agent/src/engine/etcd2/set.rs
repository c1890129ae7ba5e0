use std::sync::Arc;

use super::action::Action;
use super::command::Put;
use super::event::{Event, NodeState};
use super::node::Node;
use super::path;
use super::refusal::{KeyRefusal, Problem};
use super::state::Step;

impl Step<'_> {
    /// Writes a file or makes a directory, in the place of a file if there is one.
    pub(super) fn set(
        &mut self,
        key: Box<str>,
        mut put: Put,
        refresh: bool,
    ) -> Result<Arc<Event>, KeyRefusal> {
        let before = match self.state.root.find(&key) {
            Ok(node) => Some(Arc::clone(node)),
            Err(missing) if missing.problem == Problem::NotFound && !refresh => None,
            Err(refusal) => return Err(refusal),
        };
        refuse_root(&key)?;
        if before.as_ref().is_some_and(|node| node.is_dir()) {
            return Err(KeyRefusal::new(Problem::NotFile, key));
        }
        if refresh && let Some(value) = before.as_ref().and_then(|node| node.value()) {
            put.value = value.clone();
        }
        Ok(self.make(Action::Set, key, put, before.as_deref(), refresh))
    }

    /// Writes a file or makes a directory where nothing is, or in order: within the directory
    /// `key`, which is made if it is missing.
    pub(super) fn create(
        &mut self,
        mut key: Box<str>,
        put: Put,
        in_order: bool,
    ) -> Result<Arc<Event>, KeyRefusal> {
        if in_order {
            // Byte order is the order of creation.
            let name = format!("{:020}", self.next_index());
            key = path::join(&key, &name).into();
        }
        refuse_root(&key)?;
        match self.state.root.find(&key) {
            Ok(_) => Err(KeyRefusal::new(Problem::Exists, key)),
            Err(missing) if missing.problem == Problem::NotFound => {
                Ok(self.make(Action::Create, key, put, None, false))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Puts a new node at `key`.
    fn make(
        &mut self,
        action: Action,
        key: Box<str>,
        put: Put,
        before: Option<&Node>,
        refresh: bool,
    ) -> Arc<Event> {
        let index = self.next_index();
        let expiration = self.expiration(put.ttl);
        let node = if put.dir {
            Node::dir(index, expiration)
        } else {
            Node::file(index, expiration, put.value)
        };
        let event = Event {
            action,
            index,
            node: NodeState::of(&node, self.now),
            prev: before.map(|node| NodeState::of(node, self.now)),
            key,
            refresh,
            removed: None,
        };
        self.put_node(&event.key, node, before);
        self.record(event)
    }
}

/// The root can't be changed.
pub(super) fn refuse_root(key: &str) -> Result<(), KeyRefusal> {
    match key {
        "/" => Err(KeyRefusal::new(Problem::RootReadOnly, "/")),
        _ => Ok(()),
    }
}
