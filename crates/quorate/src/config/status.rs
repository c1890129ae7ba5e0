//! How a configuration is.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::{ConfigError, Parameters};
use crate::Revision;

/// A change that was not taken. The last good value stays.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub error: ConfigError,
    /// What would have been taken; `None` where it did not come so far, because a document could
    /// not be parsed or a file not be read.
    pub parameters: Option<Parameters>,
    /// When.
    pub at: SystemTime,
    /// Counts what was taken and what was refused, together.
    pub(super) sequence: u64,
}

/// How a configuration is: [`Config::status`](super::Config::status).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfigStatus {
    /// The version of the current value: see [`ConfigSnapshot::version`](super::ConfigSnapshot).
    pub version: u64,
    /// How long the current value has been the current one.
    pub age: Duration,
    /// Why what the layers say now is not the current value; `None` if it is.
    pub refused: Option<Arc<Refusal>>,
    /// How many changes were refused so far.
    pub refusals: u64,
    /// The stores, in the order of their layers.
    pub stores: Vec<StoreStatus>,
    /// Whether nothing follows the stores any more, because a coordinator was closed.
    pub is_closed: bool,
}

/// How a store of a configuration is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreStatus {
    /// The backend and the path.
    pub name: String,
    /// The point in its history that is known here; `None` before the first listing.
    pub revision: Option<Revision>,
    /// Since when it can't be reached. What is known of it may be old since then, and no longer.
    pub failing_since: Option<Instant>,
    /// Why it can't be reached.
    pub last_error: Option<Arc<crate::Error>>,
    /// Whether its coordinator was closed.
    pub is_closed: bool,
}

impl ConfigStatus {
    /// Whether the current value is what the layers say, as far as anybody can know: every store
    /// is reached and followed, and nothing was refused.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.refused.is_none() && self.stale_since().is_none() && !self.is_closed
    }

    /// Since when the current value may be old, because a store can't be reached.
    #[must_use]
    pub fn stale_since(&self) -> Option<Instant> {
        let failing = self.stores.iter().filter_map(|store| store.failing_since);
        failing.min()
    }
}
