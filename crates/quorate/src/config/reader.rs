//! Reading in a tight loop.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use super::ConfigSnapshot;
use super::follow::Shared;

/// Where the reader looks.
struct Source<T>(Arc<Shared<T>>);

impl<T> Deref for Source<T> {
    type Target = ArcSwap<ConfigSnapshot<T>>;

    fn deref(&self) -> &Self::Target {
        self.0.slot.inner()
    }
}

impl<T> Clone for Source<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Reads the current value again and again, for about the price of an ordinary load:
/// [`Config::reader`](super::Config::reader). Each thread has one of its own.
///
/// It keeps the value alive that it has read last.
pub struct Reader<T>(Cache<Source<T>, Arc<ConfigSnapshot<T>>>);

impl<T> Reader<T> {
    pub(super) fn new(shared: &Arc<Shared<T>>) -> Self {
        Self(Cache::new(Source(shared.clone())))
    }

    /// The current value.
    #[must_use]
    pub fn get(&mut self) -> &T {
        &self.0.load().value
    }

    /// The current value, with its parameters and its version.
    #[must_use]
    pub fn snapshot(&mut self) -> &Arc<ConfigSnapshot<T>> {
        self.0.load()
    }
}

impl<T> Clone for Reader<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
