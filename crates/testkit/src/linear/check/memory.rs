//! Where the search has been.

use std::collections::HashSet;
use std::hash::Hash;

/// A set of operations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Placed(Box<[u64]>);

impl Placed {
    pub(super) fn none(operations: usize) -> Self {
        Self(vec![0; operations.div_ceil(64)].into())
    }

    pub(super) fn add(&mut self, operation: usize) {
        self.0[operation / 64] |= 1 << (operation % 64);
    }

    pub(super) fn remove(&mut self, operation: usize) {
        self.0[operation / 64] &= !(1 << (operation % 64));
    }
}

/// Sets of operations with the state that they led to: what follows does not depend on their order.
#[derive(Debug)]
pub(super) struct Memory<S> {
    seen: HashSet<(Placed, S)>,
}

impl<S: Clone + Eq + Hash> Memory<S> {
    pub(super) fn new() -> Self {
        Self {
            seen: HashSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether it is new.
    pub(super) fn add(&mut self, placed: &Placed, state: &S) -> bool {
        self.seen.insert((placed.clone(), state.clone()))
    }
}
