//! Many tasks that end together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

use super::start;

/// The owner of any number of tasks, with a shutdown in two phases: first they are asked to end,
/// and after a grace period they are ended.
///
/// Clones own the same tasks; when the last one is dropped, every task is ended. A task that has
/// to start others of the same group takes a [`Spawner`], which owns nothing, so that a group
/// never keeps itself alive.
///
/// ```
/// use std::time::Duration;
/// use quorate_net::task::TaskGroup;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let group = TaskGroup::new();
/// let stop = group.cancelled();
/// group.spawn(async move { stop.await });
/// let aborted = group.shutdown(Duration::from_secs(5)).await;
/// assert_eq!((aborted, group.len()), (0, 0));
/// # }
/// ```
#[derive(Clone)]
pub struct TaskGroup {
    spawner: Spawner,
    /// Ends the tasks when the last clone of the group goes.
    _owner: Arc<DropGuard>,
}

impl TaskGroup {
    /// A group without tasks.
    pub fn new() -> Self {
        let spawner = Spawner {
            stop: CancellationToken::new(),
            kill: CancellationToken::new(),
            tracker: TaskTracker::new(),
        };
        let owner = Arc::new(spawner.kill.clone().drop_guard());
        Self {
            spawner,
            _owner: owner,
        }
    }

    /// Starts `future` as a task of this group.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.spawner.spawn(future);
    }

    /// A handle that starts tasks in this group without keeping it alive.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// Resolves when the group is asked to end. For use inside its tasks.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + Unpin + 'static + use<> {
        self.spawner.cancelled()
    }

    /// Whether the group has been asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.spawner.is_cancelled()
    }

    /// How many tasks have not ended yet.
    pub fn len(&self) -> usize {
        self.spawner.len()
    }

    /// Whether every task has ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks every task to end, waits up to `grace`, ends the rest and waits for that too. Returns
    /// how many had to be ended.
    ///
    /// A task that blocks its thread cannot be ended, and is waited for.
    ///
    /// # Cancel safety
    ///
    /// Dropping this future leaves the tasks asked to end; call it again to go on waiting.
    pub async fn shutdown(&self, grace: Duration) -> usize {
        let Spawner {
            stop,
            kill,
            tracker,
        } = &self.spawner;
        stop.cancel();
        tracker.close();
        if tokio::time::timeout(grace, tracker.wait()).await.is_ok() {
            return 0;
        }
        let rest = tracker.len();
        kill.cancel();
        tracker.wait().await;
        rest
    }
}

impl Default for TaskGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("len", &self.len())
            .finish()
    }
}

/// Starts tasks in a [`TaskGroup`] that somebody else owns.
#[derive(Clone)]
pub struct Spawner {
    stop: CancellationToken,
    kill: CancellationToken,
    tracker: TaskTracker,
}

impl Spawner {
    /// Starts `future` as a task of the group. When the group's owner has gone, the task ends at
    /// its first await.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let kill = self.kill.clone();
        let task = async move {
            kill.run_until_cancelled(future).await;
        };
        // The group owns the task through its kill token, so the handle is not needed.
        drop(start(self.tracker.track_future(task)));
    }

    /// Asks every task of the group to end, without waiting for it.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Resolves when the group is asked to end.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + Unpin + 'static + use<> {
        let waiting: WaitForCancellationFutureOwned = self.stop.clone().cancelled_owned();
        Box::pin(waiting)
    }

    /// Whether the group has been asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.stop.is_cancelled() || self.kill.is_cancelled()
    }

    /// How many tasks of the group have not ended yet.
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether every task of the group has ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").field("len", &self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::Instant;

    #[tokio::test]
    async fn counts_the_tasks_that_run() {
        let group = TaskGroup::new();
        let stop = group.cancelled();
        group.spawn(stop);
        group.spawn(async {});
        assert_eq!(group.len(), 2);
        assert_eq!(group.shutdown(Duration::from_secs(5)).await, 0);
        assert!(group.is_empty());
        assert!(group.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_listen_is_ended_after_the_grace_period() {
        let group = TaskGroup::new();
        group.spawn(pending());
        group.spawn(group.cancelled());
        let begun = Instant::now();
        assert_eq!(group.shutdown(Duration::from_secs(3)).await, 1);
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        assert_eq!(group.len(), 0);
    }

    #[tokio::test]
    async fn dropping_the_last_owner_ends_the_tasks_even_when_they_hold_a_spawner() {
        let group = TaskGroup::new();
        let spawner = group.spawner();
        let watcher = group.spawner();
        group.spawn(async move {
            let _mine = spawner;
            pending::<()>().await;
        });
        drop(group.clone());
        assert_eq!(watcher.len(), 1);
        drop(group);
        watcher.tracker.close();
        watcher.tracker.wait().await;
        assert!(watcher.is_empty() && watcher.is_cancelled());
    }

    #[tokio::test]
    async fn a_task_that_panics_is_not_counted_any_more() {
        let group = TaskGroup::new();
        group.spawn(async { panic!("expected in this test") });
        assert_eq!(group.shutdown(Duration::from_secs(5)).await, 0);
    }
}
