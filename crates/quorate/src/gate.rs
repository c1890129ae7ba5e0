//! Open until the coordinator is closed.

use quorate_net::task::TaskGroup;

use crate::backend::BoxFuture;
use crate::{Error, Result};

/// What every handle asks before it starts something, and what owns the tasks of a coordinator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(TaskGroup);

impl Gate {
    /// Fails if the coordinator was closed.
    pub(crate) fn check(&self, operation: impl FnOnce() -> String) -> Result<()> {
        if self.0.is_cancelled() {
            Err(Error::closed(operation()))
        } else {
            Ok(())
        }
    }

    /// Runs something that may wait for long: closing ends it.
    pub(crate) async fn run<T>(
        &self,
        operation: impl Fn() -> String,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.check(&operation)?;
        tokio::select! {
            biased;
            () = self.0.cancelled() => Err(Error::closed(operation())),
            done = work => done,
        }
    }

    /// Hands `work` on, or an error if the coordinator was closed.
    pub(crate) fn pass<'a, T: Send + 'a>(
        &self,
        operation: impl FnOnce() -> String,
        work: impl FnOnce() -> BoxFuture<'a, Result<T>>,
    ) -> BoxFuture<'a, Result<T>> {
        match self.check(operation) {
            Ok(()) => work(),
            Err(closed) => Box::pin(std::future::ready(Err(closed))),
        }
    }

    /// Resolves when the coordinator is closed.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + Send + Unpin + 'static + use<> {
        self.0.cancelled()
    }

    /// The tasks of the coordinator.
    pub(crate) fn tasks(&self) -> &TaskGroup {
        &self.0
    }
}
