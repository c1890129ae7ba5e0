//! A copy that keeps itself up to date.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_core::Stream;
use tokio::sync::{oneshot, watch};

use crate::gate::Gate;
use crate::{Entry, Error, Replica, Result, Watch, WatchEvent};

/// A local copy of a key or prefix that keeps itself up to date:
/// [`Coordinator::cache`](crate::Coordinator::cache).
///
/// Reading it costs no request. Clones share the copy; the task behind it ends with the last of
/// them, or when the coordinator is closed. While the server can't be reached the last copy stays,
/// and [`last_error`](Self::last_error) says why it may be old.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::prelude::*;
///
/// let coordinator = quorate::connect("memory:").await?;
/// coordinator.kv().put("config/level", "info").await?;
/// let mut cache = coordinator.cache("config")?;
/// cache.ready().await?;
/// assert_eq!(cache.get("config/level").unwrap().text(), Some("info"));
///
/// coordinator.kv().put("config/level", "debug").await?;
/// let now = cache.changed().await?;
/// assert_eq!(now.get("config/level").unwrap().text(), Some("debug"));
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Cache {
    state: watch::Receiver<State>,
    seen: u64,
    _stop: Arc<oneshot::Sender<()>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    replica: Arc<Replica>,
    /// Counts the changes of `replica`; 0 until it is complete.
    version: u64,
    error: Option<Arc<Error>>,
}

impl Cache {
    pub(crate) fn new(watch: Watch, gate: &Gate) -> Self {
        let (sender, state) = watch::channel(State::default());
        let (stop, stopped) = oneshot::channel::<()>();
        gate.tasks().spawn(async move {
            tokio::select! {
                _ = stopped => {}
                () = follow(watch, &sender) => {}
            }
        });
        Self {
            state,
            seen: 0,
            _stop: Arc::new(stop),
        }
    }

    /// Waits until the first listing is complete.
    ///
    /// # Errors
    /// `Closed` when the coordinator was closed. That a server can't be reached is no error here:
    /// it goes on trying.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn ready(&mut self) -> Result<Arc<Replica>> {
        self.newer_than(0, "wait for a cache").await
    }

    /// The copy as it is now. It does not change; ask again for a newer one.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Replica> {
        self.state.borrow().replica.clone()
    }

    /// The entry of `key` as it is now, by its full path.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Entry> {
        self.state.borrow().replica.get(key).cloned()
    }

    /// Waits until the copy is newer than what this handle last saw here or in
    /// [`ready`](Self::ready). Several changes may arrive as one.
    ///
    /// # Errors
    /// `Closed` when the coordinator was closed.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn changed(&mut self) -> Result<Arc<Replica>> {
        self.newer_than(self.seen, "wait for a change").await
    }

    async fn newer_than(&mut self, version: u64, operation: &str) -> Result<Arc<Replica>> {
        let newer = self.state.wait_for(|state| state.version > version).await;
        let newer = newer.map_err(|_| Error::closed(operation))?;
        self.seen = newer.version;
        Ok(newer.replica.clone())
    }

    /// Why the copy may be old: the error of the last attempt, or `None` if it succeeded.
    #[must_use]
    pub fn last_error(&self) -> Option<Arc<Error>> {
        self.state.borrow().error.clone()
    }
}

/// Follows `watch` to its end. What is there at once is published in one step, and the map is
/// copied only if somebody still looks at the last one.
async fn follow(mut watch: Watch, sender: &watch::Sender<State>) {
    while let Some(first) = watch.next().await {
        let mut events = vec![first];
        while let Some(next) = next_now(&mut watch).await {
            events.push(next);
        }
        sender.send_modify(|state| events.into_iter().for_each(|event| state.take(event)));
    }
}

/// The next event if it is there already.
async fn next_now(watch: &mut Watch) -> Option<Result<WatchEvent>> {
    std::future::poll_fn(|cx| match Pin::new(&mut *watch).poll_next(cx) {
        Poll::Ready(next) => Poll::Ready(next),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

impl State {
    fn take(&mut self, event: Result<WatchEvent>) {
        match event {
            Ok(event) => {
                self.error = None;
                if Arc::make_mut(&mut self.replica).apply(event) {
                    self.version += 1;
                }
            }
            Err(error) => self.error = Some(Arc::new(error)),
        }
    }
}
