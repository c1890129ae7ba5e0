use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use crate::engine::Time;

/// Moments by id, and the next of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    of: RedBlackTreeMapSync<Box<str>, Time>,
    in_order: RedBlackTreeSetSync<(Time, Box<str>)>,
}

impl Deadlines {
    /// Sets the moment of `id`, in place of an earlier one.
    pub(super) fn set(&mut self, id: &str, at: Time) {
        self.clear(id);
        self.of.insert_mut(id.into(), at);
        self.in_order.insert_mut((at, id.into()));
    }

    pub(super) fn clear(&mut self, id: &str) {
        if let Some(at) = self.of.get(id).copied() {
            self.of.remove_mut(id);
            self.in_order.remove_mut(&(at, id.into()));
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<Time> {
        self.of.get(id).copied()
    }

    /// What is due, the first in front.
    pub(super) fn due(&self, now: Time) -> Vec<Box<str>> {
        let due = self.in_order.iter().take_while(|(at, _)| *at <= now);
        due.map(|(_, id)| id.clone()).collect()
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.in_order.first().map(|(at, _)| *at)
    }
}
