//! A configuration as it was at one moment.

use std::ops::Deref;
use std::time::Instant;

use super::Parameters;

/// A value with the parameters that it was made of. It derefs to the value.
#[derive(Debug)]
pub struct ConfigSnapshot<T> {
    pub(super) value: T,
    pub(super) parameters: Parameters,
    pub(super) version: u64,
    pub(super) taken_at: Instant,
}

impl<T> ConfigSnapshot<T> {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The parameters that it was made of, each with its origin.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Counts the values that were taken: 1 is the first, and 0 the
    /// [fallback](super::ConfigBuilder::fallback).
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When this value was taken.
    #[must_use]
    pub fn taken_at(&self) -> Instant {
        self.taken_at
    }
}

impl<T> Deref for ConfigSnapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
