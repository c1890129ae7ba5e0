//! Work that ends when its lock does.

use std::pin::pin;
use std::task::Poll;

use crate::held::Held;
use crate::{Error, ErrorKind, LostReason, Result};

/// Runs `body` to its end, or drops it when `held` is lost.
pub(crate) async fn run<T>(held: &Held, body: impl Future<Output = T>) -> Result<T> {
    let mut lost = pin!(held.lost());
    let mut body = pin!(body);
    let ended = std::future::poll_fn(|cx| {
        if let Poll::Ready(reason) = lost.as_mut().poll(cx) {
            return Poll::Ready(Err(reason));
        }
        // After the process was stopped for a while the timer may not have run yet: the clock
        // decides, before the body gets another turn.
        if !held.is_held() {
            return Poll::Ready(Err(LostReason::Expired));
        }
        body.as_mut().poll(cx).map(Ok)
    });
    ended.await.map_err(|reason| {
        let operation = format!("work under `{}`", held.name());
        Error::new(
            ErrorKind::LeaseLost,
            operation,
            format!("stopped: {reason}"),
        )
        .with_outcome(crate::Outcome::Unknown)
    })
}

/// The work was done under the lock, so a release that failed must not hide its result.
pub(crate) fn log_release(held: &Held, released: Result<()>) {
    if let Err(error) = released {
        tracing::warn!(name = %held.name(), %error, "release failed; it ends with its time");
    }
}
