//! The current value, for many readers and one writer.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::ConfigSnapshot;

/// The place where the current value is.
#[derive(Debug)]
pub(super) struct Slot<T>(ArcSwap<ConfigSnapshot<T>>);

impl<T> Slot<T> {
    pub(super) fn new(first: ConfigSnapshot<T>) -> Self {
        Self(ArcSwap::from_pointee(first))
    }

    /// No lock, no wait, and no write to memory that threads share.
    pub(super) fn load(&self) -> Current<T> {
        Current(self.0.load())
    }

    pub(super) fn inner(&self) -> &ArcSwap<ConfigSnapshot<T>> {
        &self.0
    }

    pub(super) fn load_full(&self) -> Arc<ConfigSnapshot<T>> {
        self.0.load_full()
    }

    pub(super) fn store(&self, next: Arc<ConfigSnapshot<T>>) {
        self.0.store(next);
    }
}

/// The value as it was when [`Config::get`](super::Config::get) was called. It derefs to the value,
/// and does not change while it is held.
///
/// It is meant to be held for a moment: each thread has room for eight of them, and further ones
/// cost an atomic counter each. To keep a value, take
/// [`Config::snapshot`](super::Config::snapshot); for a tight loop, a [`Reader`](super::Reader).
pub struct Current<T>(Guard<Arc<ConfigSnapshot<T>>>);

impl<T> Current<T> {
    /// The parameters behind the value, and its version.
    #[must_use]
    pub fn snapshot(&self) -> &ConfigSnapshot<T> {
        &self.0
    }
}

impl<T> Deref for Current<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Current<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
