//! What happens to a configuration, as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::sync::watch;

use super::{ConfigSnapshot, ParameterChange, Refusal};
use crate::backend::BoxFuture;

/// What [`Changes`] tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigEvent<T> {
    /// There is a new value.
    Changed {
        /// What this stream told last, or began with.
        old: Arc<ConfigSnapshot<T>>,
        /// What is current now.
        new: Arc<ConfigSnapshot<T>>,
        /// The difference between the two, by path.
        changes: Vec<ParameterChange>,
    },
    /// A change was not taken.
    Refused(Arc<Refusal>),
}

/// What the follower publishes.
#[derive(Debug)]
pub(super) struct Published<T> {
    pub(super) snapshot: Arc<ConfigSnapshot<T>>,
    /// When the snapshot was taken, among all that was taken or refused.
    pub(super) sequence: u64,
    pub(super) refusal: Option<Arc<Refusal>>,
    pub(super) ended: bool,
}

/// What happens to a configuration from the call of
/// [`Config::changes`](super::Config::changes) on.
///
/// A reader that is slow is told the difference to what it was told last: several changes become
/// one, and of several refusals it is told the last. So nothing piles up, and the last value is
/// never missed. `None` comes when the configuration was dropped or its coordinators were closed.
#[must_use = "it tells nothing unless it is awaited"]
pub struct Changes<T> {
    published: watch::Receiver<Published<T>>,
    known: Arc<ConfigSnapshot<T>>,
    /// The sequence number of what was told last.
    told: u64,
    waiting: Option<BoxFuture<'static, bool>>,
}

impl<T: Send + Sync + 'static> Changes<T> {
    pub(super) fn new(mut published: watch::Receiver<Published<T>>) -> Self {
        let now = published.borrow_and_update();
        let refused = now.refusal.as_ref().map_or(0, |refusal| refusal.sequence);
        let (known, told) = (now.snapshot.clone(), now.sequence.max(refused));
        drop(now);
        Self {
            published,
            known,
            told,
            waiting: None,
        }
    }

    /// What happens next. `None` at the end.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<ConfigEvent<T>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// What is there to tell, oldest first.
    fn take(&mut self) -> Option<ConfigEvent<T>> {
        let now = self.published.borrow_and_update();
        let changed = (now.sequence > self.told).then_some(now.sequence);
        let refused = now.refusal.as_ref().filter(|r| r.sequence > self.told);
        match (changed, refused) {
            (_, Some(refusal)) if changed.is_none_or(|at| refusal.sequence < at) => {
                self.told = refusal.sequence;
                Some(ConfigEvent::Refused(refusal.clone()))
            }
            (Some(at), _) => {
                self.told = at;
                let old = std::mem::replace(&mut self.known, now.snapshot.clone());
                let new = self.known.clone();
                let changes = new.parameters.changes_since(&old.parameters);
                Some(ConfigEvent::Changed { old, new, changes })
            }
            _ => None,
        }
    }
}

impl<T: Send + Sync + 'static> Stream for Changes<T> {
    type Item = ConfigEvent<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.take() {
                return Poll::Ready(Some(event));
            }
            if this.published.borrow().ended {
                return Poll::Ready(None);
            }
            let waiting = this.waiting.get_or_insert_with(|| {
                // A clone has seen what this one has seen.
                let mut published = this.published.clone();
                Box::pin(async move { published.changed().await.is_ok() })
            });
            let alive = ready!(waiting.as_mut().poll(cx));
            this.waiting = None;
            if !alive {
                return Poll::Ready(this.take());
            }
        }
    }
}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("version", &self.known.version)
            .finish_non_exhaustive()
    }
}
