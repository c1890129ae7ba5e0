//! Writing down what clients do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Operation;
use crate::history::Moment;

/// What all clients did. Clones write into the same one.
#[derive(Debug)]
pub struct Recorder<I, O> {
    operations: Arc<Mutex<Vec<Operation<I, O>>>>,
}

impl<I, O> Clone for Recorder<I, O> {
    fn clone(&self) -> Self {
        Self {
            operations: Arc::clone(&self.operations),
        }
    }
}

impl<I, O> Default for Recorder<I, O> {
    fn default() -> Self {
        Self {
            operations: Arc::default(),
        }
    }
}

impl<I: Clone, O: Clone> Recorder<I, O> {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// `client` is about to send this. Call it before the request leaves.
    pub fn called(&self, client: usize, input: I) -> Called<I, O> {
        Called {
            recorder: self.clone(),
            client,
            input,
            called: Moment::now(),
        }
    }

    /// What was written down, in the order of the answers.
    pub fn operations(&self) -> Vec<Operation<I, O>> {
        self.lock().clone()
    }
}

impl<I, O> Recorder<I, O> {
    fn lock(&self) -> MutexGuard<'_, Vec<Operation<I, O>>> {
        // A client that panicked left a whole entry behind.
        self.operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation that was sent. Dropping it says that it did not happen: a client whose future is
/// dropped says [`unknown`](Self::unknown).
#[derive(Debug)]
#[must_use = "dropping it says that it did not happen"]
pub struct Called<I, O> {
    recorder: Recorder<I, O>,
    client: usize,
    input: I,
    called: Moment,
}

impl<I, O> Called<I, O> {
    /// The answer came.
    pub fn answered(self, output: O) {
        self.add(Some(output));
    }

    /// It may have happened, may happen still, or never does.
    pub fn unknown(self) {
        self.add(None);
    }

    /// It is certain that it did not happen and never will.
    pub fn did_not_happen(self) {}

    fn add(self, output: Option<O>) {
        let returned = Moment::now();
        let operation = Operation {
            client: self.client,
            input: self.input,
            output,
            called: self.called,
            returned,
        };
        self.recorder.lock().push(operation);
    }
}
