//! How fast a client sends its requests.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// A client whose next request comes this soon after an answer is a busy one.
const BUSY: Duration = Duration::from_millis(50);
/// A busy one that sends nothing for this long to twice as long is no longer.
const NAP: Duration = Duration::from_secs(1);

/// Tells clients that send one request after the other, whose connection is best left to hyper,
/// from those that send one now and then, or wait for a change most of the time.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rested: Option<Instant>,
    busy: bool,
    nap: Option<Pin<Box<Sleep>>>,
    /// The requests when the nap began.
    requests: u32,
}

impl Pace {
    /// The connection is put aside.
    pub(super) fn rest(&mut self) {
        self.rested = Some(Instant::now());
        self.busy = false;
        self.nap = None;
    }

    /// A request arrives at a connection that was put aside.
    pub(super) fn request(&mut self) {
        self.busy = self.rested.is_some_and(|at| at.elapsed() < BUSY);
    }

    /// Whether an idle connection is to be put aside. `requests` is how many there were.
    pub(super) fn is_slow(&mut self, requests: u32, cx: &mut Context<'_>) -> bool {
        if !self.busy {
            return true;
        }
        // One timer a second, however many requests there are.
        loop {
            let Some(nap) = &mut self.nap else {
                self.nap = Some(Box::pin(sleep(NAP)));
                self.requests = requests;
                continue;
            };
            match nap.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(()) if self.requests == requests => return true,
                Poll::Ready(()) => self.nap = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    async fn is_slow(pace: &mut Pace, requests: u32) -> bool {
        poll_fn(|cx| Poll::Ready(pace.is_slow(requests, cx))).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_is_busy_while_its_requests_follow_each_other() {
        let mut pace = Pace::default();
        pace.request();
        assert!(
            is_slow(&mut pace, 1).await,
            "its first request tells nothing"
        );
        pace.rest();
        advance(BUSY * 2).await;
        pace.request();
        assert!(is_slow(&mut pace, 2).await, "it took its time");
        pace.rest();
        pace.request();
        assert!(!is_slow(&mut pace, 3).await);
        advance(NAP).await;
        assert!(
            !is_slow(&mut pace, 4).await,
            "there was a request meanwhile"
        );
        advance(NAP).await;
        assert!(is_slow(&mut pace, 4).await);
    }
}
