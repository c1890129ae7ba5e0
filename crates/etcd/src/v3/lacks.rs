//! What the servers do not have, so that nobody asks for it twice.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What was found missing by now.
#[derive(Debug, Default)]
pub(crate) struct Lacks {
    range_stream: AtomicBool,
}

impl Lacks {
    /// Whether a server has said that it has no `KV.RangeStream`.
    pub(crate) fn range_stream(&self) -> bool {
        self.range_stream.load(Relaxed)
    }

    pub(crate) fn set_range_stream(&self) {
        self.range_stream.store(true, Relaxed);
    }
}
