//! What is asked of keys.

use super::Reply;

/// A transaction; a single operation is one without conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// All have to hold for the first list to be done.
    pub conditions: Vec<Condition>,
    /// What is done if they hold.
    pub then: Vec<Action>,
    /// What is done if they do not.
    pub otherwise: Vec<Action>,
}

impl Request {
    /// One operation.
    pub fn of(action: Action) -> Self {
        Self::all([action])
    }

    /// Several operations without a condition.
    pub fn all(actions: impl IntoIterator<Item = Action>) -> Self {
        Self {
            then: actions.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Adds a condition.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// What is done if the conditions do not hold.
    #[must_use]
    pub fn otherwise(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        self.otherwise.extend(actions);
        self
    }

    /// Whether it changed something, as its answer tells.
    pub(super) fn wrote(&self, reply: &Reply) -> bool {
        let actions = if reply.succeeded {
            &self.then
        } else {
            &self.otherwise
        };
        actions
            .iter()
            .zip(&reply.seen)
            .any(|(action, seen)| match action {
                Action::Get(_) => false,
                Action::Put(..) => true,
                Action::Delete(_) => seen.is_some(),
            })
    }

    /// The keys that it is about, each once, in their order.
    pub fn keys(&self) -> Vec<usize> {
        let conditions = self.conditions.iter().map(|it| it.key());
        let actions = self.then.iter().chain(&self.otherwise).map(Action::key);
        let mut keys: Vec<_> = conditions.chain(actions).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// One operation on a key. Each tells how the key looked before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reads it.
    Get(usize),
    /// Writes this value.
    Put(usize, u64),
    /// Deletes it.
    Delete(usize),
}

impl Action {
    /// Which key.
    pub fn key(&self) -> usize {
        match *self {
            Self::Get(key) | Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

/// What has to hold before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The key does not exist.
    Missing(usize),
    /// The key has this value.
    Is(usize, u64),
}

impl Condition {
    fn key(&self) -> usize {
        match *self {
            Self::Missing(key) | Self::Is(key, _) => key,
        }
    }
}
