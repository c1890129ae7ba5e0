//! Following a key or a tree, for ever.

mod cursor;
mod options;
mod poll;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use quorate_net::transport::BoxFuture;
use quorate_wire::etcd2::{Event, Node};

use super::call::Operation;
use super::error::Error;
use super::keys::{Keys, checked};
use cursor::{Cursor, Seen};

pub use options::WatchOptions;

/// What a [`Watch`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The state as a whole: at the start, and whenever events may have been missed. It replaces
    /// everything that was told before.
    Listed {
        /// What is there, with everything below it if the watch is recursive. `None` if nothing is.
        node: Option<Node>,
        /// The index of that state. Events of later indexes follow.
        index: u64,
        /// Why.
        reason: Relisted,
    },
    /// Something was done to the key, or below it if the watch is recursive; or the key is gone
    /// because a directory above it was removed, which is then the node of the event.
    Event(Event),
}

/// Why a [`Watch`] tells the state as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Relisted {
    /// It is the start.
    Started,
    /// The server forgot events that were still to be told: it keeps the last 1,000 of all keys.
    HistoryCleared,
    /// The index is smaller than it was: the servers were restored from older data.
    IndexWentBack,
    /// Another cluster answers: the servers were made anew.
    ClusterChanged,
}

/// Follows a key or a tree; from [`Keys::watch`].
///
/// It never ends and never goes silent: it asks again when a connection breaks, a server stops or
/// nothing was said for a while, on whichever server answers, from where it was. What it cannot
/// resume it tells as a whole, with the reason. Each change is told once.
///
/// Errors are items too and not the end: the next call waits a little and goes on.
///
/// It asks one change at a time and never streams: a server's stream goes silent after a past
/// index, and when its reader is slow.
#[must_use = "it asks nothing unless polled"]
pub struct Watch {
    keys: Keys,
    key: String,
    options: WatchOptions,
    cursor: Cursor,
    pending: Option<BoxFuture<'static, Seen>>,
    /// A key that cannot be asked for.
    refusal: Option<Error>,
}

impl Keys {
    /// Follows a key: its state first, then every change. The key need not be there. Of a
    /// directory only changes to itself are told; see [`watch_tree`](Self::watch_tree).
    ///
    /// `GET /v2/keys/KEY?wait=true&waitIndex=…`
    pub fn watch(&self, key: &str) -> Watch {
        self.watch_with(key, WatchOptions::default())
    }

    /// The same for a directory and everything below it, without what is hidden there.
    ///
    /// `GET /v2/keys/KEY?wait=true&recursive=true&waitIndex=…`
    pub fn watch_tree(&self, directory: &str) -> Watch {
        self.watch_with(directory, WatchOptions::new().with_recursive())
    }

    /// Follows a key as the options say.
    pub fn watch_with(&self, key: &str, options: WatchOptions) -> Watch {
        let (key, refusal) = match checked(Operation::new("watch key", key)) {
            Ok(key) => (key.into_owned(), None),
            Err(error) => (String::new(), Some(error)),
        };
        Watch {
            keys: self.clone(),
            cursor: Cursor::new(key.clone(), options),
            key,
            options,
            pending: None,
            refusal,
        }
    }
}

impl Watch {
    /// The key, cleaned.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The index up to which everything was told. A watch with
    /// [`WatchOptions::after`] goes on from there.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.cursor.index()
    }

    /// The next change, or why none can be told now.
    ///
    /// # Errors
    /// Those of the reads, such as `PermissionDenied` or `Unavailable`. They are not the end: call
    /// it again.
    ///
    /// # Cancel safety
    /// Safe: no change is lost.
    pub async fn next(&mut self) -> Result<Change, Error> {
        std::future::poll_fn(|cx| self.poll_change(cx)).await
    }

    pub(super) fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Result<Change, Error>> {
        if let Some(error) = self.refusal.take() {
            return Poll::Ready(Err(error));
        }
        if self.key.is_empty() {
            // It was refused, and will be again.
            let why = "the key cannot be watched";
            return Poll::Ready(Err(Error::invalid("watch key", why)));
        }
        loop {
            let pending = self.pending.get_or_insert_with(|| {
                let ask = self.cursor.ask();
                Box::pin(poll::ask(
                    self.keys.clone(),
                    self.key.clone(),
                    self.options,
                    ask,
                ))
            });
            let seen = ready!(pending.as_mut().poll(cx));
            self.pending = None;
            if let Some(change) = self.cursor.saw(seen) {
                return Poll::Ready(change);
            }
        }
    }
}

impl Stream for Watch {
    type Item = Result<Change, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(cx).map(Some)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("key", &self.key)
            .field("options", &self.options)
            .field("index", &self.index())
            .finish_non_exhaustive()
    }
}
