//! Following a tree.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::entries;
use super::handle::Tree;
use super::place::Place;
use super::plan::Existing;
use crate::{Error, Replica, Result, Watch};

/// The values of a tree: what it is now, then each time it is another one:
/// [`Tree::watch`].
///
/// `None` is a tree of which nothing is there. An error is an item and not the end: the server can't
/// be reached just now, or what is there is no `T` at the moment; the next value comes when there is
/// one. What was written in one step is seen in one step; of several changes that follow each other
/// quickly the last is told. It works while it is awaited.
#[must_use = "it follows nothing unless it is awaited"]
pub struct TreeWatch<T> {
    tree: Tree,
    place: Place,
    own: Option<Source>,
    beneath: Source,
    told: Option<Existing>,
    item: PhantomData<fn() -> T>,
}

/// One watch and what it has told so far.
struct Source {
    watch: Watch,
    replica: Replica,
    /// All that was told is in the replica, and it is whole.
    settled: bool,
}

impl Tree {
    /// Follows the value at `path`, existing or not.
    ///
    /// ```
    /// # #[cfg(feature = "embedded")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
    /// # let coordinator = quorate::connect("memory:").await?;
    /// let tree = coordinator.tree();
    /// let mut colours = tree.watch::<Vec<String>>("colours")?;
    /// assert_eq!(colours.next().await.unwrap()?, None);
    /// tree.append("colours", "red").await?;
    /// assert_eq!(colours.next().await.unwrap()?.unwrap(), ["red"]);
    /// # coordinator.close().await
    /// # }
    /// # #[cfg(not(feature = "embedded"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` if `path` breaks a rule of keys; `Unsupported`; `Closed`.
    pub fn watch<T: DeserializeOwned>(&self, path: &str) -> Result<TreeWatch<T>> {
        let place = Place::new(path)?;
        let own = place.key.as_ref();
        let own = own.map(|key| self.coordinator.watch(key.as_str()).map(Source::new));
        let beneath = self.coordinator.watch_prefix(place.prefix.as_str())?;
        Ok(TreeWatch {
            tree: self.clone(),
            own: own.transpose()?,
            beneath: Source::new(beneath),
            place,
            told: None,
            item: PhantomData,
        })
    }
}

impl Source {
    fn new(watch: Watch) -> Self {
        Self {
            watch,
            replica: Replica::new(),
            settled: false,
        }
    }

    /// Takes all that is there at once. Ready when the watch ended or failed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Error>> {
        loop {
            match Pin::new(&mut self.watch).poll_next(cx) {
                Poll::Ready(Some(Ok(event))) => self.settled = self.replica.apply(event),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(error)),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T: DeserializeOwned> TreeWatch<T> {
    /// The next value. `None` after the coordinator was closed.
    ///
    /// # Errors
    /// Why the server could not be asked just now, or `Malformed` if what is there is no `T`; the
    /// watch goes on.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Option<T>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn existing(&self) -> Existing {
        let sources = self.own.iter().chain([&self.beneath]);
        let found = sources.flat_map(|source| source.replica.entries().values());
        let relative = found.filter_map(|entry| {
            let key = entries::relative(self.place.path(), &entry.key)?;
            Some((key.to_owned(), entry.clone()))
        });
        relative.collect()
    }
}

impl<T: DeserializeOwned> Stream for TreeWatch<T> {
    type Item = Result<Option<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        for source in this.own.iter_mut().chain([&mut this.beneath]) {
            match source.poll(cx) {
                Poll::Pending => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(error)) => return Poll::Ready(Some(Err(error))),
            }
        }
        let settled = this.own.iter().chain([&this.beneath]).all(|it| it.settled);
        if !settled {
            return Poll::Pending;
        }
        let existing = this.existing();
        let values = |known: &Existing| -> Vec<(String, bytes::Bytes)> {
            let pairs = known.iter();
            pairs
                .map(|(key, entry)| (key.clone(), entry.value.clone()))
                .collect()
        };
        if this.told.as_ref().map(values) == Some(values(&existing)) {
            return Poll::Pending;
        }
        let value = this.tree.parse(&this.place, &existing);
        this.told = Some(existing);
        Poll::Ready(Some(value))
    }
}

impl<T> fmt::Debug for TreeWatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TreeWatch");
        shown.field("place", &self.place).finish_non_exhaustive()
    }
}
