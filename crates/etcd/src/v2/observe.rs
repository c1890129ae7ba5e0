//! Following who leads.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use quorate_net::transport::BoxFuture;
use tokio::time::sleep;

use super::election::Election;
use super::error::Error;
use super::queue::Holder;
use super::watch::Watch;

/// The pause after a look that failed.
const PAUSE: Duration = Duration::from_millis(200);

/// Follows who leads; from [`Election::observe`]. `None` means that nobody does. Leaders that came
/// and went between two looks are not told.
///
/// As a stream it never ends: what cannot be told now is an item, and not the end.
#[must_use = "it asks nothing unless polled"]
pub struct Observe {
    election: Election,
    watch: Watch,
    next: Next,
    last: Option<Option<Holder>>,
}

/// What is waited for.
enum Next {
    Change,
    Look(BoxFuture<'static, Result<Option<Holder>, Error>>),
}

impl Observe {
    pub(super) fn new(election: Election) -> Self {
        let place = &election.place;
        let watch = place.client.keys().watch_tree(&place.directory);
        Self {
            election,
            watch,
            next: Next::Change,
            last: None,
        }
    }

    /// Who leads next, or why that can't be told now.
    ///
    /// # Errors
    /// Those of the reads. They are not the end: call it again.
    ///
    /// # Cancel safety
    /// Safe: no change is lost.
    pub async fn next(&mut self) -> Result<Option<Holder>, Error> {
        std::future::poll_fn(|cx| self.poll_leader(cx)).await
    }

    fn look(&self, pause: Duration) -> Next {
        let election = self.election.clone();
        Next::Look(Box::pin(async move {
            sleep(pause).await;
            election.leader().await
        }))
    }

    fn poll_leader(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Holder>, Error>> {
        loop {
            match &mut self.next {
                Next::Change => {
                    ready!(Pin::new(&mut self.watch).poll_change(cx))?;
                    self.next = self.look(Duration::ZERO);
                }
                Next::Look(look) => match ready!(look.as_mut().poll(cx)) {
                    Ok(leader) => {
                        self.next = Next::Change;
                        if self.last.as_ref() != Some(&leader) {
                            self.last = Some(leader.clone());
                            return Poll::Ready(Ok(leader));
                        }
                    }
                    Err(error) => {
                        self.next = self.look(PAUSE);
                        return Poll::Ready(Err(error));
                    }
                },
            }
        }
    }
}

impl Stream for Observe {
    type Item = Result<Option<Holder>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_leader(cx).map(Some)
    }
}

impl fmt::Debug for Observe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observe")
            .field("election", &self.election.directory())
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}
