use std::sync::Arc;

use super::action::Action;
use super::command::{Condition, Put};
use super::event::Event;
use super::node::Node;
use super::refusal::{KeyRefusal, Problem};
use super::set::refuse_root;
use super::state::Step;

impl Step<'_> {
    /// Writes a file that is as expected.
    pub(super) fn swap(
        &mut self,
        key: Box<str>,
        condition: &Condition,
        put: Put,
        refresh: bool,
    ) -> Result<Arc<Event>, KeyRefusal> {
        refuse_root(&key)?;
        let before = self.compare(&key, condition)?;
        Ok(self.rewrite(Action::CompareAndSwap, key, put, &before, refresh))
    }

    /// Removes a file that is as expected. The root is no file, and told so, as on the real server.
    pub(super) fn compare_and_delete(
        &mut self,
        key: &str,
        condition: &Condition,
    ) -> Result<Arc<Event>, KeyRefusal> {
        let before = self.compare(key, condition)?;
        Ok(self.remove(Action::CompareAndDelete, key, &before))
    }

    /// The file at `key`, if it is as expected.
    fn compare(&self, key: &str, condition: &Condition) -> Result<Arc<Node>, KeyRefusal> {
        let node = self.state.root.find(key)?;
        let Some(value) = node.value() else {
            let cause = if key == "/" { "" } else { key };
            return Err(KeyRefusal::new(Problem::NotFile, cause));
        };
        let Condition {
            value: expected,
            index,
        } = condition;
        let mut failed = Vec::new();
        if !expected.is_empty() && expected != value {
            let (expected, value) = (text(expected), text(value));
            failed.push(format!("[{expected} != {value}]"));
        }
        if *index != 0 && *index != node.modified {
            failed.push(format!("[{index} != {}]", node.modified));
        }
        if failed.is_empty() {
            Ok(Arc::clone(node))
        } else {
            Err(KeyRefusal::new(Problem::CompareFailed, failed.join(" ")))
        }
    }
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
