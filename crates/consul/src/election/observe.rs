//! Following who leads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use quorate_wire::consul::KvEntry;

use crate::lock::Holder;
use crate::{Blocking, Error};

/// Follows who leads; from [`Election::observe`](super::Election::observe).
///
/// The first item is the leader now, or `None`. After that there is an item whenever somebody else
/// leads, nobody does any more, or the leader proclaims another value. That a key is absent, is held
/// by nobody, or can't be acquired yet, are all the same here: nobody leads. Leaders that came and
/// went between two looks are not told.
///
/// Errors are items too and not the end: the next call waits a little and reads anew, as
/// [`Blocking`] does.
#[derive(Debug)]
#[must_use = "it asks nothing unless polled"]
pub struct Observe {
    entries: Blocking<Option<KvEntry>>,
    last: Option<Option<Holder>>,
}

impl Observe {
    pub(super) fn new(entries: Blocking<Option<KvEntry>>) -> Self {
        Self {
            entries,
            last: None,
        }
    }

    /// Who leads next, or why that can't be told now.
    ///
    /// # Errors
    ///
    /// Those of the read. They are not the end: call it again.
    ///
    /// # Cancel safety
    ///
    /// Safe: no change is lost.
    pub async fn next(&mut self) -> Result<Option<Holder>, Error> {
        std::future::poll_fn(|cx| self.poll_leader(cx)).await
    }

    fn poll_leader(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Holder>, Error>> {
        loop {
            let change = ready!(Pin::new(&mut self.entries).poll_next(cx));
            let Some(change) = change else {
                return Poll::Pending;
            };
            let leader = change?.value.as_ref().and_then(Holder::of);
            if self.last.as_ref() != Some(&leader) {
                self.last = Some(leader.clone());
                return Poll::Ready(Ok(leader));
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
