//! What changes, as it changes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::backend::BoxStream;
use crate::{Consistency, Entry, Key, Prefix, Result, Revision};

/// What a [`Watch`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchEvent {
    /// All that is there follows, as `Put`s, up to `InitDone`. Whatever was known before may be
    /// wrong: this comes first, and again whenever the history was lost (the server was restored
    /// or replaced, its index went backwards).
    Init,
    /// The key was created or changed; or, between `Init` and `InitDone`, it is there.
    Put(Entry),
    /// All that is there was told.
    InitDone {
        /// The point in history at which it was so.
        revision: Revision,
    },
    /// The key was deleted.
    Delete {
        /// The full path.
        key: String,
        /// When. Where [`exact_delete_revision`](crate::Capabilities::exact_delete_revision) is
        /// false, as on Consul, this is when it was seen to be gone, which is not before.
        revision: Revision,
    },
}

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WatchTarget {
    /// One key, existing or not.
    Key(Key),
    /// Everything beneath a prefix.
    Prefix(Prefix),
}

impl fmt::Display for WatchTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Prefix(prefix) => prefix.fmt(f),
        }
    }
}

/// Options of a watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchOptions {
    /// How fresh the answers must be; `None` is what the URL says.
    pub consistency: Option<Consistency>,
    /// How long one poll may wait on the server before the next one starts; `None` is what the URL
    /// says (`?wait=`), else the backend's default (Consul: 5 minutes, at most 10). Changes arrive
    /// at once whatever this is; a short one notices a dead connection sooner.
    pub poll: Option<Duration>,
}

impl WatchOptions {
    /// Says how fresh the answers must be.
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = Some(consistency);
        self
    }

    /// Says how long one poll may wait.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = Some(poll);
        self
    }
}

/// The changes of a key or a prefix, from what is there now to the end of the coordinator.
///
/// - It starts with `Init`, a `Put` for each key that is there, and `InitDone`.
/// - Then each change follows. Revisions never go down; they are equal only for changes of one
///   transaction, and for deletions that were seen together.
/// - An `Err` is not the end: the server could not be reached, and the watch goes on trying, with
///   pauses that grow up to 30 s. Nothing is missed by that; what changed meanwhile follows.
/// - When the server's history was lost, `Init … InitDone` comes again. So a map that is cleared
///   at `Init` and follows the events is exact at every `InitDone` and at every event thereafter.
/// - `None` comes only after [`Coordinator::close`](crate::Coordinator::close).
///
/// On Consul and the embedded agent the watch compares states: of several changes of a key that
/// follow each other faster than they are read, it tells the last. A key that was deleted and
/// written again in between is a `Put` with a new `create_revision`.
///
/// There is no task behind it: it works while [`next`](Self::next) is awaited, and a consumer that
/// is slow slows down nobody else. [`Replica`](crate::Replica) makes a map of the events, and
/// [`Cache`](crate::Cache) keeps one up to date.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::prelude::*;
/// use quorate::WatchEvent;
///
/// let coordinator = quorate::connect("memory:").await?;
/// let mut watch = coordinator.watch_prefix("config")?;
/// assert_eq!(watch.next().await.unwrap()?, WatchEvent::Init);
/// assert!(matches!(watch.next().await.unwrap()?, WatchEvent::InitDone { .. }));
/// coordinator.kv().put("config/level", "debug").await?;
/// match watch.next().await.unwrap()? {
///     WatchEvent::Put(entry) => assert_eq!(entry.text(), Some("debug")),
///     other => panic!("{other:?}"),
/// }
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[must_use = "a watch does nothing until it is awaited"]
pub struct Watch {
    target: WatchTarget,
    events: BoxStream<'static, Result<WatchEvent>>,
    closed: Pin<Box<dyn Future<Output = ()> + Send>>,
    revision: Option<Revision>,
    ended: bool,
}

impl Watch {
    pub(crate) fn new(
        target: WatchTarget,
        events: BoxStream<'static, Result<WatchEvent>>,
        closed: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self {
            target,
            events,
            closed: Box::pin(closed),
            revision: None,
            ended: false,
        }
    }

    /// The next event. `None` after the coordinator was closed.
    ///
    /// # Errors
    /// Why the server could not be asked just now; the watch goes on.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<WatchEvent>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// What is watched.
    #[must_use]
    pub fn target(&self) -> &WatchTarget {
        &self.target
    }

    /// The revision of the last event that had one.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.revision
    }
}

impl Stream for Watch {
    type Item = Result<WatchEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended || this.closed.as_mut().poll(cx).is_ready() {
            this.ended = true;
            return Poll::Ready(None);
        }
        let next = this.events.as_mut().poll_next(cx);
        match &next {
            Poll::Ready(Some(Ok(event))) => this.revision = event.revision().or(this.revision),
            Poll::Ready(None) => this.ended = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        next
    }
}

impl WatchEvent {
    /// The revision that the event has: `Init` has none.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Self::Init => None,
            Self::Put(entry) => Some(entry.revision),
            Self::InitDone { revision } | Self::Delete { revision, .. } => Some(*revision),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Watch");
        shown
            .field("target", &self.target)
            .field("revision", &self.revision);
        shown.finish_non_exhaustive()
    }
}
