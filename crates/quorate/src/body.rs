//! Work that ends when its lock does.

use crate::Result;
use crate::held::{Held, stopped};

/// Runs `body` to its end, or drops it when `held` is lost.
pub(crate) async fn run<T>(held: &Held, body: impl Future<Output = T>) -> Result<T> {
    let ended = held.run_while_held(body).await;
    ended.map_err(|reason| stopped(format!("work under `{}`", held.name()), reason))
}

/// The work was done under the lock, so a release that failed must not hide its result.
pub(crate) fn log_release(held: &Held, released: Result<()>) {
    if let Err(error) = released {
        tracing::warn!(name = %held.name(), %error, "release failed; it ends with its time");
    }
}
