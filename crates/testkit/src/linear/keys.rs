//! Keys as etcd's v3 API has them: values with their revisions, in transactions.

mod reply;
mod request;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::{Model, Operation};
pub use reply::{Reply, Seen};
pub use request::{Action, Condition, Request};

/// A store with a few keys, which are numbered from 0.
///
/// It knows what etcd promises of revisions: a writing request takes one, and all that it writes
/// has that one; they only grow; a key counts how often it was written since it was made.
#[derive(Clone, Debug)]
pub struct Keys {
    count: usize,
    /// The revisions of which it is known who has them.
    taken: HashSet<i64>,
}

impl Keys {
    /// A store with so many keys, of which none exists.
    pub fn new(count: usize) -> Self {
        Self {
            count,
            taken: HashSet::new(),
        }
    }

    /// The same, and a write without an answer cannot have had the revision of one of these: those
    /// of all keys, also if some are checked by themselves. It makes the search much shorter.
    #[must_use]
    pub fn knowing(mut self, operations: &[Operation<Request, Reply>]) -> Self {
        let answered = operations
            .iter()
            .filter_map(|it| Some((&it.input, it.output.as_ref()?)));
        let wrote = answered.filter(|(request, reply)| request.wrote(reply));
        self.taken.extend(wrote.map(|(_, reply)| reply.revision));
        self
    }

    /// The first revision after this one that nobody is known to have.
    fn free_after(&self, revision: i64) -> i64 {
        let mut free = revision + 1;
        while self.taken.contains(&free) {
            free += 1;
        }
        free
    }
}

/// The store between two requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// No request from now on has a lower revision.
    revision: i64,
    keys: Vec<Option<Cell>>,
}

/// A key that exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cell {
    value: u64,
    version: i64,
    created: At,
    modified: At,
}

/// A revision, as far as it is known: that of a write without an answer is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Exactly(i64),
    After(i64),
}

impl At {
    fn may_be(self, revision: i64) -> bool {
        match self {
            Self::Exactly(known) => known == revision,
            Self::After(bound) => revision > bound,
        }
    }
}

impl Model for Keys {
    type State = Store;
    type Input = Request;
    type Output = Reply;

    fn initial(&self) -> Store {
        Store {
            revision: 0,
            keys: vec![None; self.count],
        }
    }

    fn step(&self, state: &Store, input: &Request, output: Option<&Reply>) -> Option<Store> {
        let holds = input.conditions.iter().all(|it| state.meets(it));
        let actions = if holds { &input.then } else { &input.otherwise };
        let mut next = state.clone();
        match output {
            None => {
                if next.carry_out(actions, At::After(state.revision)) {
                    // It had this one or a later one: the first forbids least of what follows.
                    next.revision = self.free_after(state.revision);
                }
            }
            Some(reply) if reply.succeeded != holds => return None,
            Some(reply) => next.answer(actions, reply)?,
        }
        Some(next)
    }

    fn order(&self, output: &Reply) -> Option<i64> {
        Some(output.revision)
    }

    fn reached(&self, state: &Store) -> Option<i64> {
        Some(state.revision)
    }
}

impl Store {
    fn meets(&self, condition: &Condition) -> bool {
        let value = |key: usize| self.keys[key].as_ref().map(|cell| cell.value);
        match *condition {
            Condition::Missing(key) => value(key).is_none(),
            Condition::Is(key, expected) => value(key) == Some(expected),
        }
    }

    /// Nobody knows what was answered. Whether something changed.
    fn carry_out(&mut self, actions: &[Action], at: At) -> bool {
        let mut wrote = false;
        for action in actions {
            wrote |= self.act(*action, at);
        }
        wrote
    }

    /// `None` if it can't have been answered so.
    fn answer(&mut self, actions: &[Action], reply: &Reply) -> Option<()> {
        if actions.len() != reply.seen.len() {
            return None;
        }
        let mut wrote = false;
        for (action, seen) in actions.iter().zip(&reply.seen) {
            self.show(action.key(), *seen)?;
            wrote |= self.act(*action, At::Exactly(reply.revision));
        }
        let least = self.revision + i64::from(wrote);
        if reply.revision < least {
            return None;
        }
        self.revision = reply.revision;
        Some(())
    }

    /// Whether the key may look like that; then that is how it looks.
    fn show(&mut self, key: usize, seen: Option<Seen>) -> Option<()> {
        match (&mut self.keys[key], seen) {
            (None, None) => Some(()),
            (Some(cell), Some(seen)) if cell.may_be(&seen) => {
                cell.created = At::Exactly(seen.created);
                cell.modified = At::Exactly(seen.modified);
                Some(())
            }
            (Some(_), _) | (None, Some(_)) => None,
        }
    }

    /// Whether it changed something.
    fn act(&mut self, action: Action, at: At) -> bool {
        match action {
            Action::Get(_) => false,
            Action::Delete(key) => self.keys[key].take().is_some(),
            Action::Put(key, value) => {
                let before = self.keys[key].take();
                self.keys[key] = Some(Cell {
                    value,
                    version: before.as_ref().map_or(1, |cell| cell.version + 1),
                    created: before.map_or(at, |cell| cell.created),
                    modified: at,
                });
                true
            }
        }
    }
}

impl Cell {
    fn may_be(&self, seen: &Seen) -> bool {
        self.value == seen.value
            && self.version == seen.version
            && self.created.may_be(seen.created)
            && self.modified.may_be(seen.modified)
    }
}
