//! A value, and what the answer's headers say about it.

use quorate_wire::etcd2::Meta;

/// What a call returned, and what its headers say: the index of the store, the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the headers say. Fields that were not sent are `None`.
    pub meta: Meta,
}

impl<T> Answer<T> {
    pub(crate) fn new(value: T, meta: Meta) -> Self {
        Self { value, meta }
    }

    /// The same metadata with another value.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer::new(f(self.value), self.meta)
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}
