//! Work that ends when its lock does.

use crate::Result;
use crate::backend::Grip;
use crate::held::{Held, stopped};

/// Runs `body` to its end, or drops it when `held` is lost; then lets go. The work was done under
/// the lock, so a release that failed does not hide its result.
pub(crate) async fn run<T, F, Fut>(held: Held, grip: Box<dyn Grip>, body: F) -> Result<T>
where
    F: FnOnce(Held) -> Fut,
    Fut: Future<Output = T>,
{
    let ended = held.run_while_held(body(held.clone())).await;
    let done = ended.map_err(|reason| stopped(format!("work under `{}`", held.name()), reason))?;
    if let Err(error) = grip.release().await {
        tracing::warn!(name = %held.name(), %error, "release failed; it ends with its time");
    }
    Ok(done)
}
