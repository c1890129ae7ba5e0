//! Elections on etcd v2: a queue of in-order keys, of which the first leads.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use quorate_etcd::v2 as native;

use super::Etcd2Backend;
use super::lock::{Etcd2Lease, acquisition, checked_value, holder, patience, queue};
use crate::backend::{BoxFuture, BoxStream, Elected, ElectionBackend, Grip, Office};
use crate::{Acquisition, ElectionOptions, FencingToken, Holder, Holding, Key, Result};

impl Etcd2Backend {
    fn native_election(&self, name: &Key) -> native::Election {
        self.client.election(&self.layout.name(name))
    }

    fn elected(&self, name: &Key, leadership: native::Leadership) -> Elected {
        let token = FencingToken(leadership.fencing_token());
        let (key, owner) = (leadership.key().to_owned(), leadership.id().to_owned());
        Elected {
            holding: Holding::new(name.clone(), key, owner, token),
            lease: Arc::new(Etcd2Lease(leadership.lease())),
            office: Box::new(Etcd2Office {
                leadership,
                name: name.clone(),
                backend: self.clone(),
            }),
        }
    }
}

impl ElectionBackend for Etcd2Backend {
    /// `POST /v2/keys/_elections/NAME?ttl=…`.
    fn campaign<'a>(
        &'a self,
        name: &'a Key,
        value: Bytes,
        options: &'a ElectionOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Elected>>> {
        Box::pin(async move {
            let operation = || format!("campaign in election `{name}`");
            let queue = queue(options.ttl, options.lock_delay, &value, operation)?;
            let text = queue.value.clone();
            let election = self.native_election(name).with_options(queue);
            let elected = match patience(options.wait) {
                Some(time) => election.campaign_within(text, time).await,
                None => {
                    let elected = election.campaign(text).await;
                    elected.map(native::Acquisition::Acquired)
                }
            };
            let elected = elected.map_err(|error| self.error(error, operation()))?;
            Ok(acquisition(elected, |won| self.elected(name, won)))
        })
    }

    /// `GET /v2/keys/_elections/NAME?quorum=true`.
    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>> {
        Box::pin(async move {
            let leader = self.native_election(name).leader().await;
            let operation = || format!("get the leader of election `{name}`");
            let leader = leader.map_err(|error| self.error(error, operation()))?;
            Ok(leader.map(holder))
        })
    }

    /// `GET /v2/keys/_elections/NAME?wait=true&recursive=true`.
    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>> {
        Ok(Box::pin(Observing {
            leaders: self.native_election(name).observe(),
            operation: format!("observe election `{name}`"),
            backend: self.clone(),
        }))
    }
}

/// The client's observer in the words of this layer.
struct Observing {
    leaders: native::Observe,
    operation: String,
    backend: Etcd2Backend,
}

impl Stream for Observing {
    type Item = Result<Option<Holder>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let next = Pin::new(&mut this.leaders).poll_next(cx);
        next.map(|item| {
            item.map(|leader| match leader {
                Ok(leader) => Ok(leader.map(holder)),
                Err(error) => Err(this.backend.error(error, this.operation.as_str())),
            })
        })
    }
}

/// The client's leadership.
struct Etcd2Office {
    leadership: native::Leadership,
    name: Key,
    backend: Etcd2Backend,
}

impl Office for Etcd2Office {
    fn proclaim(&self, value: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let operation = || format!("proclaim in election `{}`", self.name);
            let text = checked_value(&value, operation)?;
            let done = self.leadership.proclaim(text).await;
            done.map_err(|error| self.backend.error(error, operation()))
        })
    }
}

impl Grip for Etcd2Office {
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let Self {
                leadership,
                name,
                backend,
            } = *self;
            let resigned = leadership.resign().await;
            let operation = || format!("resign in election `{name}`");
            resigned.map_err(|error| backend.error(error, operation()))
        })
    }
}

impl fmt::Debug for Etcd2Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.leadership.fmt(f)
    }
}
