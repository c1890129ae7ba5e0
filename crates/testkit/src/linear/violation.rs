//! Why a history is not one.

use std::fmt::{self, Write as _};

use super::{Model, Operation};

/// How many of the operations concerned are printed.
const PRINTED: usize = 16;

/// No order was found in which all of it could have happened.
///
/// `Debug` prints the same as `Display`, so that `unwrap` reads well.
#[derive(Clone, thiserror::Error)]
pub struct NotLinear {
    what: String,
    decided: bool,
}

impl NotLinear {
    /// Whether there is no order. Otherwise the search became too large to finish.
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    pub(super) fn undecided(states: usize) -> Self {
        Self {
            what: format!("undecided after {states} states: a shorter history is easier"),
            decided: false,
        }
    }

    /// `placed` operations found an order that leads to `state`; then `stuck` has to have happened,
    /// and none of `open` can be the next.
    pub(super) fn of<M: Model>(
        operations: &[Operation<M::Input, M::Output>],
        placed: usize,
        state: &M::State,
        stuck: usize,
        open: &[usize],
    ) -> Self {
        let mut what = format!(
            "not linearizable: after {placed} of {} operations, in the state\n  {state:?}\nnone of \
             these can be next, and the first has to be by then:",
            operations.len()
        );
        let origin = operations.iter().map(|operation| operation.called).min();
        let others = open.iter().copied().filter(|at| *at != stuck);
        for at in std::iter::once(stuck).chain(others).take(PRINTED) {
            let operation = &operations[at];
            let since = origin.map(|origin| operation.called.since(origin));
            // Writing to a string cannot fail.
            let _ = write!(
                what,
                "\n  client {}, {since:?}: {:?} -> {:?}",
                operation.client, operation.input, operation.output
            );
        }
        Self {
            what,
            decided: true,
        }
    }
}

impl fmt::Display for NotLinear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl fmt::Debug for NotLinear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
