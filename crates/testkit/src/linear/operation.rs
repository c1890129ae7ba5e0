//! One operation, and what operations mean.

use std::fmt::Debug;
use std::hash::Hash;

use crate::history::Moment;

/// What one client did, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<I, O> {
    /// Who, for people.
    pub client: usize,
    /// What was asked for.
    pub input: I,
    /// What was answered; `None` when nobody knows whether it happened.
    pub output: Option<O>,
    /// Before it was sent.
    pub called: Moment,
    /// After the answer came. Of no meaning without an output.
    pub returned: Moment,
}

/// What operations do to a state.
pub trait Model {
    /// What there is between two operations.
    type State: Clone + Debug + Eq + Hash;
    /// What is asked for.
    type Input: Debug;
    /// What is answered.
    type Output: Debug;

    /// The state before anything happened.
    fn initial(&self) -> Self::State;

    /// The state after the operation, or `None` if it cannot give this answer in this state.
    /// Without an output every answer is possible.
    fn step(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State>;

    /// A number of the answer that no later operation has a lower one of, if the model promises
    /// such an order: then no other is looked for.
    fn order(&self, _output: &Self::Output) -> Option<i64> {
        None
    }

    /// No operation that happens after this state has a lower number in that order.
    fn reached(&self, _state: &Self::State) -> Option<i64> {
        None
    }
}
