//! Elections on Consul: a lock's key, with a value that says who leads.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_consul::{self as native, lock};

use super::ConsulBackend;
use super::lock::ConsulLease;
use super::mapped::mapped;
use crate::backend::{BoxFuture, BoxStream, Elected, ElectionBackend, Grip, Office};
use crate::{Acquisition, ElectionOptions, FencingToken, Holder, Holding, Key, Result, Wait};

impl ConsulBackend {
    /// The election of the client: the key that Consul's guides use.
    fn native_election(&self, name: &Key, options: &ElectionOptions) -> native::Election {
        let label = options
            .label
            .clone()
            .unwrap_or_else(|| format!("quorate election {name}"));
        let options = lock::LockOptions::new()
            .with_session_name(label)
            .with_ttl(options.ttl)
            .with_lock_delay(options.lock_delay);
        self.client
            .election(format!("{name}/leader"))
            .with_options(options)
    }

    fn elected(&self, name: &Key, leadership: native::Leadership) -> Elected {
        let token = FencingToken(leadership.fencing_token());
        let (key, owner) = (leadership.key(), leadership.session_id());
        Elected {
            holding: Holding::new(name.clone(), key.to_owned(), owner.to_owned(), token),
            lease: Arc::new(ConsulLease(leadership.lease())),
            office: Box::new(ConsulOffice {
                leadership,
                name: name.clone(),
                backend: self.clone(),
            }),
        }
    }
}

impl ElectionBackend for ConsulBackend {
    fn campaign<'a>(
        &'a self,
        name: &'a Key,
        value: Bytes,
        options: &'a ElectionOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Elected>>> {
        Box::pin(async move {
            let election = self.native_election(name, options);
            let elected = match options.wait {
                Wait::Try => election.campaign_within(value, Duration::ZERO).await,
                Wait::AtMost(time) => election.campaign_within(value, time).await,
                Wait::Forever => {
                    let elected = election.campaign(value).await;
                    elected.map(native::Acquisition::Acquired)
                }
            };
            let operation = || format!("campaign in election `{name}`");
            let elected = elected.map_err(|error| self.error(error, operation()))?;
            Ok(match elected {
                native::Acquisition::Acquired(leadership) => {
                    Acquisition::Acquired(self.elected(name, leadership))
                }
                native::Acquisition::TimedOut { holders, .. } => Acquisition::TimedOut {
                    holders: holders.into_iter().map(holder).collect(),
                },
            })
        })
    }

    /// `GET /v1/kv/:key`
    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>> {
        Box::pin(async move {
            let election = self.native_election(name, &ElectionOptions::default());
            let leader = election.leader().await;
            let operation = || format!("get the leader of election `{name}`");
            let leader = leader.map_err(|error| self.error(error, operation()))?;
            Ok(leader.map(holder))
        })
    }

    /// `GET /v1/kv/:key`, blocking.
    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>> {
        let election = self.native_election(name, &ElectionOptions::default());
        let (backend, operation) = (self.clone(), format!("observe election `{name}`"));
        Ok(mapped(election.observe(), move |next| match next {
            Ok(leader) => Ok(leader.map(holder)),
            Err(error) => Err(backend.error(error, operation.as_str())),
        }))
    }
}

fn holder(native: lock::Holder) -> Holder {
    Holder::new(native.session, native.value)
}

/// The client's leadership. It keeps the agent that may be in this process.
struct ConsulOffice {
    leadership: native::Leadership,
    name: Key,
    backend: ConsulBackend,
}

impl Office for ConsulOffice {
    fn proclaim(&self, value: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let done = self.leadership.proclaim(value).await;
            let operation = || format!("proclaim in election `{}`", self.name);
            done.map_err(|error| self.backend.error(error, operation()))
        })
    }
}

impl Grip for ConsulOffice {
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

impl fmt::Debug for ConsulOffice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.leadership.fmt(f)
    }
}
