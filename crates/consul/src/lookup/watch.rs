//! Following the instances of a service.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use quorate_wire::consul::health::ServiceEntry;

use super::instance::{Instance, all};
use crate::{Blocking, Error};

/// The instances of a service at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceSet {
    /// All of them.
    pub instances: Vec<Instance>,
    /// Those that were not in the set before, or were otherwise.
    pub added: Vec<Instance>,
    /// Those that were in the set before, and are not any more, or are otherwise.
    pub removed: Vec<Instance>,
}

/// Follows the instances of a service; from [`Lookup::watch`](super::Lookup::watch).
///
/// Errors are items and not the end: the last set goes on to be the best that is known, and the
/// next call waits a little and asks anew. There is no task behind it.
#[derive(Debug)]
#[must_use = "it asks nothing unless polled"]
pub struct InstanceSets {
    entries: Blocking<Vec<ServiceEntry>>,
    by_distance: bool,
    last: Option<Vec<Instance>>,
}

impl InstanceSets {
    pub(super) fn new(entries: Blocking<Vec<ServiceEntry>>, by_distance: bool) -> Self {
        Self {
            entries,
            by_distance,
            last: None,
        }
    }

    /// The next set, or why it can't be told now.
    ///
    /// # Errors
    /// Those of the read. They are not the end: call it again.
    ///
    /// # Cancel safety
    /// Safe: no change is lost.
    pub async fn next(&mut self) -> Result<InstanceSet, Error> {
        poll_fn(|cx| self.poll_set(cx)).await
    }

    fn poll_set(&mut self, cx: &mut Context<'_>) -> Poll<Result<InstanceSet, Error>> {
        loop {
            let Some(change) = ready!(Pin::new(&mut self.entries).poll_next(cx)) else {
                return Poll::Pending;
            };
            let instances = all(&change?.value, self.by_distance);
            if self.last.as_ref() != Some(&instances) {
                let set = differences(self.last.as_deref().unwrap_or_default(), instances);
                self.last = Some(set.instances.clone());
                return Poll::Ready(Ok(set));
            }
        }
    }
}

fn differences(before: &[Instance], now: Vec<Instance>) -> InstanceSet {
    let without = |some: &[Instance], others: &[Instance]| {
        let left = some.iter().filter(|instance| !others.contains(instance));
        left.cloned().collect()
    };
    InstanceSet {
        added: without(&now, before),
        removed: without(before, &now),
        instances: now,
    }
}

impl Stream for InstanceSets {
    type Item = Result<InstanceSet, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_set(cx).map(Some)
    }
}
