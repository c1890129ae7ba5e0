//! A stream of what an asynchronous function gives, one call after the other.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{BoxFuture, BoxStream};

type Step<S, T> = BoxFuture<'static, (S, Option<T>)>;

/// What `step` makes of `state`, again and again, until it makes nothing.
pub(super) fn unfolded<S, T>(
    state: S,
    step: impl FnMut(S) -> Step<S, T> + Send + Unpin + 'static,
) -> BoxStream<'static, T>
where
    S: Send + Unpin + 'static,
    T: 'static,
{
    Box::pin(Unfolded {
        state: Some(state),
        running: None,
        step,
    })
}

struct Unfolded<S, T, F> {
    /// What the next step begins with, while none is under way.
    state: Option<S>,
    running: Option<Step<S, T>>,
    step: F,
}

impl<S: Unpin, T, F: FnMut(S) -> Step<S, T> + Unpin> Stream for Unfolded<S, T, F> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        if let Some(state) = this.state.take() {
            this.running = Some((this.step)(state));
        }
        let Some(running) = &mut this.running else {
            return Poll::Ready(None);
        };
        let (state, item) = ready!(running.as_mut().poll(cx));
        this.running = None;
        this.state = item.is_some().then_some(state);
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;
    use tokio::time::{sleep, timeout};

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_dropped_loses_nothing() {
        let step = |number: u32| -> Step<u32, u32> {
            Box::pin(async move {
                sleep(Duration::from_secs(1)).await;
                (number + 1, (number < 2).then_some(number))
            })
        };
        let mut numbers = unfolded(0, step);
        let mut next = async || poll_fn(|cx| numbers.as_mut().poll_next(cx)).await;
        assert!(timeout(Duration::from_millis(600), next()).await.is_err());
        assert_eq!(
            timeout(Duration::from_millis(600), next()).await,
            Ok(Some(0))
        );
        assert_eq!(next().await, Some(1));
        assert_eq!((next().await, next().await), (None, None));
    }
}
