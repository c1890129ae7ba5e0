//! When a connection on which nothing happens has lasted long enough.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// How long a connection that was never used is kept at most.
const UNTOUCHED: Duration = Duration::from_secs(60);

/// The alarm of one connection. It is set once for all the requests that come before it rings, so
/// that a request costs nothing, and a connection ends after its limit to twice its limit.
#[derive(Debug, Default)]
pub(super) struct Idle {
    alarm: Option<Pin<Box<Sleep>>>,
    /// The requests when it was set.
    requests: u32,
}

impl Idle {
    /// Ready when the connection, which rests at the moment, has done so for `limit`. `requests` is
    /// how many there were. A limit of nothing is none.
    pub(super) fn poll(
        &mut self,
        requests: u32,
        limit: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if limit.is_zero() {
            return Poll::Pending;
        }
        let Self {
            alarm,
            requests: before,
        } = self;
        let alarm = alarm.get_or_insert_with(|| {
            *before = requests;
            Box::pin(sleep(if requests == 0 {
                limit.min(UNTOUCHED)
            } else {
                limit
            }))
        });
        loop {
            ready!(alarm.as_mut().poll(cx));
            if *before == requests {
                return Poll::Ready(());
            }
            *before = requests;
            let next = Instant::now().checked_add(limit);
            alarm.as_mut().reset(next.unwrap_or_else(far_off));
        }
    }
}

/// About thirty years.
fn far_off() -> Instant {
    Instant::now() + Duration::from_secs(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(600);

    async fn is_over(idle: &mut Idle, requests: u32) -> bool {
        poll_fn(|cx| Poll::Ready(idle.poll(requests, LIMIT, cx).is_ready())).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_used_now_and_then_is_kept() {
        let mut idle = Idle::default();
        for requests in 1..10 {
            assert!(!is_over(&mut idle, requests).await);
            advance(LIMIT).await;
        }
        assert!(!is_over(&mut idle, 10).await, "there was a request");
        advance(LIMIT).await;
        assert!(is_over(&mut idle, 10).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_never_used_ends_sooner() {
        let mut idle = Idle::default();
        assert!(!is_over(&mut idle, 0).await);
        advance(UNTOUCHED).await;
        assert!(is_over(&mut idle, 0).await);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_no_connection_ends() {
        let mut idle = Idle::default();
        let mut ends =
            async || poll_fn(|cx| Poll::Ready(idle.poll(0, Duration::ZERO, cx).is_ready())).await;
        assert!(!ends().await);
        advance(LIMIT * 1000).await;
        assert!(!ends().await);
    }
}
