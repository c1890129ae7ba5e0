//! A store as a layer: followed, and read where it stands.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;

use super::status::StoreStatus;
use super::{ConfigError, Parameter, Store};
use crate::backend::BoxFuture;
use crate::{Entry, Error, Replica, Watch, WatchOptions};

/// How long after an error it is asked again whether the store can be reached; doubled each time.
const PROBE: Duration = Duration::from_millis(500);
/// The longest of these pauses.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// A store that is followed.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) store: Store,
    watch: Watch,
    replica: Replica,
    /// What counts: the last state of the replica that is whole.
    taken: Option<BTreeMap<String, Entry>>,
    failing: Option<(Instant, Arc<Error>)>,
    probe: Option<Probe>,
    ended: bool,
}

/// Whether anything has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// There is another state to take.
    pub(super) data: bool,
    /// It can be reached again, or not any more, or it has ended.
    pub(super) state: bool,
}

/// Asks whether a store that failed can be reached again. A watch says nothing if nothing has
/// changed meanwhile.
struct Probe {
    pause: Duration,
    asking: BoxFuture<'static, bool>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Probe").field(&self.pause).finish()
    }
}

impl Remote {
    pub(super) fn open(store: Store, options: &WatchOptions) -> Result<Self, ConfigError> {
        let watch = store.coordinator.watch_with(store.target(), options)?;
        Ok(Self {
            store,
            watch,
            replica: Replica::new(),
            taken: None,
            failing: None,
            probe: None,
            ended: false,
        })
    }

    /// Whether there is a whole state.
    pub(super) fn is_ready(&self) -> bool {
        self.taken.is_some()
    }

    /// What it has to tell before it is ready.
    pub(super) fn awaited(&self) -> String {
        match &self.store.marker {
            Some(marker) if self.replica.is_complete() => {
                format!("the marker `{marker}` of {}", self.store)
            }
            _ => self.store.to_string(),
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn last_error(&self) -> Option<Arc<Error>> {
        self.failing.as_ref().map(|(_, error)| error.clone())
    }

    /// The parameters of the last whole state.
    pub(super) fn parameters(&self) -> Result<BTreeMap<String, Parameter>, ConfigError> {
        match &self.taken {
            Some(entries) => self.store.parameters(entries),
            None => Ok(BTreeMap::new()),
        }
    }

    pub(super) fn status(&self) -> StoreStatus {
        StoreStatus {
            name: self.store.to_string(),
            revision: self.replica.revision(),
            failing_since: self.failing.as_ref().map(|(since, _)| *since),
            last_error: self.last_error(),
            is_closed: self.ended,
        }
    }

    /// Takes all that is there at once: the keys of one transaction are, where the backend answers
    /// with listings, and half of it is never seen.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> News {
        let (mut news, mut changed) = (News::default(), false);
        while !self.ended {
            match Pin::new(&mut self.watch).poll_next(cx) {
                Poll::Ready(Some(Ok(event))) => {
                    news.state |= self.failing.take().is_some();
                    self.probe = None;
                    // Another change begins here: what was before it may be whole.
                    if changed && event.revision() > self.replica.revision() {
                        news.data |= self.take_marked();
                    }
                    changed |= self.replica.apply(event);
                }
                Poll::Ready(Some(Err(error))) => {
                    news.state = true;
                    self.failed(error);
                }
                Poll::Ready(None) => {
                    news.state = true;
                    self.ended = true;
                }
                Poll::Pending => break,
            }
        }
        news.state |= self.poll_probe(cx);
        news.data |= changed && self.take();
        news
    }

    fn failed(&mut self, error: Error) {
        let since = self
            .failing
            .take()
            .map_or_else(Instant::now, |(since, _)| since);
        self.failing = Some((since, Arc::new(error)));
        if self.probe.is_none() {
            self.probe = Some(self.probe_after(PROBE));
        }
    }

    fn probe_after(&self, pause: Duration) -> Probe {
        let store = self.store.clone();
        let asking = Box::pin(async move {
            tokio::time::sleep(pause).await;
            store.coordinator.check().await.is_ok()
        });
        Probe { pause, asking }
    }

    /// Whether it can be reached again.
    fn poll_probe(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let Some(probe) = &mut self.probe else {
                return false;
            };
            match probe.asking.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(true) => {
                    self.probe = None;
                    return self.failing.take().is_some();
                }
                Poll::Ready(false) => {
                    let pause = (probe.pause * 2).min(PROBE_MAX);
                    self.probe = Some(self.probe_after(pause));
                }
            }
        }
    }

    /// Takes the state of the replica if it is whole; says whether it did.
    fn take(&mut self) -> bool {
        if self.store.marker.is_some() {
            return self.take_marked();
        }
        self.taken = Some(self.replica.entries().clone());
        true
    }

    /// Takes the state of the replica if its marker says that it is whole; says whether it did.
    fn take_marked(&mut self) -> bool {
        let Some(marker) = &self.store.marker else {
            return false;
        };
        let key = format!("{}{marker}", self.store.path());
        let entries = self.replica.entries();
        let Some(written) = entries.get(&key).map(|entry| entry.revision) else {
            return false;
        };
        let before = self.taken.as_ref().and_then(|taken| taken.get(&key));
        let is_new = before.is_none_or(|before| before.revision != written);
        let is_whole = is_new && entries.values().all(|entry| entry.revision <= written);
        if is_whole {
            self.taken = Some(entries.clone());
        }
        is_whole
    }
}
