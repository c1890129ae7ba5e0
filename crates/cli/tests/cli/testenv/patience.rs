//! Waiting for what happens by itself.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// When what should happen has not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(50);

/// Waits until something holds; says what did not if that takes too long.
pub(crate) fn eventually<T: Display>(what: impl Fn() -> T, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < PATIENCE,
            "{}: not within {PATIENCE:?}",
            what()
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
