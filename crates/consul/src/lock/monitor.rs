//! Watching whether something is still held.

use std::time::Duration;

use quorate_net::backoff::Backoff;
use quorate_wire::consul::Consistency;
use tokio::time::{Instant, sleep};

use super::recipe::{Recipe, Standing};

/// The longest that one blocking query waits, so that a connection that died is noticed.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// The least time between two looks. A key that is rewritten all the time must not keep the
/// monitor and the server busy.
const PACE: Duration = Duration::from_millis(100);

/// Resolves when the server shows that `session` does not hold it any more.
///
/// Failures are never taken for that: they are ridden out, and the session's own deadline decides.
/// `index` is that of the write that took it.
pub(crate) async fn until_lost<R: Recipe>(recipe: &R, session: &str, ttl: Duration, index: u64) {
    let wait = MAX_WAIT.min(ttl);
    let mut index = Some(index);
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    loop {
        let begun = Instant::now();
        let mut options = recipe
            .terms()
            .query()
            .with_consistency(Consistency::Consistent);
        if let Some(index) = index {
            options = options.with_blocking(index, wait);
        }
        match recipe.look(options).await {
            Ok(answer) => {
                match recipe.judge(&answer.value, Some(session)) {
                    Ok(Standing::Mine) => {}
                    Ok(Standing::Free | Standing::Busy(_)) | Err(_) => return,
                }
                // An index that went backwards is from another history: look afresh.
                index = answer.meta.index.filter(|new| Some(*new) >= index);
                backoff.reset();
                sleep(PACE.saturating_sub(begun.elapsed())).await;
            }
            Err(error) => {
                tracing::debug!(key = recipe.key(), %error, "can't see whether it is still held");
                index = None;
                sleep(backoff.next_delay()).await;
            }
        }
    }
}
