//! How a key is written.

use quorate_wire::consul::kv::KvPrecondition;

use crate::options::WriteOptions;

/// Options of [`Kv::put_with`](super::Kv::put_with).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PutOptions {
    /// A number of the user's beside the value (`flags`). Every write replaces it, so leaving it
    /// out sets it to 0.
    pub flags: u64,
    /// What must hold for the write to happen (`cas`, `acquire`, `release`).
    pub precondition: KvPrecondition,
    /// What every write may carry.
    pub write: WriteOptions,
}

impl PutOptions {
    /// The defaults: flags 0, no precondition.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number beside the value.
    #[must_use]
    pub fn with_flags(mut self, flags: u64) -> Self {
        self.flags = flags;
        self
    }

    /// Sets what must hold.
    #[must_use]
    pub fn with_precondition(mut self, precondition: KvPrecondition) -> Self {
        self.precondition = precondition;
        self
    }

    /// Writes only if the key's ModifyIndex is `index`; 0 means that it must not exist.
    #[must_use]
    pub fn with_cas(self, index: u64) -> Self {
        self.with_precondition(KvPrecondition::Index(index))
    }

    /// Writes only if `session` can take the key, or holds it; then it holds it.
    #[must_use]
    pub fn with_acquire(self, session: impl Into<String>) -> Self {
        self.with_precondition(KvPrecondition::Acquire(session.into()))
    }

    /// Writes only if `session` holds the key; then nobody does.
    #[must_use]
    pub fn with_release(self, session: impl Into<String>) -> Self {
        self.with_precondition(KvPrecondition::Release(session.into()))
    }

    /// Sets what every write may carry: token, timeout, datacenter.
    #[must_use]
    pub fn with_write(mut self, write: WriteOptions) -> Self {
        self.write = write;
        self
    }
}
