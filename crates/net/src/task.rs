//! Tasks that somebody owns.
//!
//! This is the only place of the workspace that starts tasks. Each one belongs to a [`Task`] or
//! to a [`TaskGroup`], and ends with it: nothing keeps running after its owner has gone.

mod group;

use std::fmt;
use std::panic;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

pub use group::{Spawner, TaskGroup};

/// Starts `future` as a task that ends, at the latest, when the returned [`Task`] is dropped.
///
/// # Panics
///
/// Outside a tokio runtime.
#[must_use = "dropping a task ends it"]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Task(start(future))
}

/// The one call that hands a future to the runtime.
#[expect(
    clippy::disallowed_methods,
    reason = "the place that gives every task an owner"
)]
fn start<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}

/// A running task and the right to its result.
///
/// Dropping it aborts the task at its next await. It is a future as well, so `&mut task` can wait
/// inside `select!` without giving the task up.
#[must_use = "dropping a task ends it"]
pub struct Task<T>(JoinHandle<T>);

impl<T> Task<T> {
    /// Waits for the result.
    ///
    /// A panic inside the task goes on in the caller.
    ///
    /// # Errors
    ///
    /// [`Aborted`] when the task was ended by [`abort`](Self::abort) or by the end of its runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropping this future aborts the task. To wait without that, await `&mut task`.
    pub async fn join(self) -> Result<T, Aborted> {
        self.await
    }

    /// Ends the task at its next await. It may still finish before that.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, Aborted>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|ended| match ended {
            Ok(value) => Ok(value),
            Err(error) => match error.try_into_panic() {
                Ok(payload) => panic::resume_unwind(payload),
                Err(_) => Err(Aborted),
            },
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("finished", &self.is_finished())
            .finish()
    }
}

/// The task was ended before it had a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task was aborted")]
pub struct Aborted;

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn gives_the_result() {
        assert_eq!(spawn(async { 7 }).join().await, Ok(7));
    }

    #[tokio::test]
    async fn dropping_the_task_ends_it() {
        let (tx, rx) = oneshot::channel::<()>();
        let task = spawn(async move {
            std::future::pending::<()>().await;
            drop(tx);
        });
        drop(task);
        assert!(
            rx.await.is_err(),
            "the sender must have been dropped with the task"
        );
    }

    #[tokio::test]
    async fn an_aborted_task_says_so() {
        let task = spawn(std::future::pending::<()>());
        task.abort();
        assert_eq!(task.join().await, Err(Aborted));
    }

    #[tokio::test]
    #[should_panic(expected = "inside")]
    async fn a_panic_reaches_the_owner() {
        let _ = spawn(async { panic!("inside") }).join().await;
    }
}
