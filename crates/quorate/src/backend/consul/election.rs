//! Elections on Consul: a lock's key, with a value that says who leads.

use bytes::Bytes;
use quorate_consul::{self as native, lock};

use super::ConsulBackend;
use crate::backend::mapped::mapped;
use crate::backend::native::{Held, Leads, waited};
use crate::backend::{BoxFuture, BoxStream, Elected, ElectionBackend};
use crate::{Acquisition, ElectionOptions, Holder, Key, Result};

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
            let within = |time| election.campaign_within(value.clone(), time);
            let elected = waited(options.wait, within, election.campaign(value.clone())).await;
            let operation = || format!("campaign in election `{name}`");
            let elected = elected.map_err(|error| self.error(error, operation()))?;
            Ok(elected.map(|won| Held::elected(self, name, won)))
        })
    }

    /// `GET /v1/kv/:key`
    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>> {
        Box::pin(async move {
            let election = self.native_election(name, &ElectionOptions::default());
            let leader = election.leader().await;
            let operation = || format!("get the leader of election `{name}`");
            let leader = leader.map_err(|error| self.error(error, operation()))?;
            Ok(leader.map(Holder::from))
        })
    }

    /// `GET /v1/kv/:key`, blocking.
    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>> {
        let election = self.native_election(name, &ElectionOptions::default());
        let (backend, operation) = (self.clone(), format!("observe election `{name}`"));
        Ok(mapped(election.observe(), move |next| match next {
            Ok(leader) => Ok(leader.map(Holder::from)),
            Err(error) => Err(backend.error(error, operation.as_str())),
        }))
    }
}

impl Leads<ConsulBackend> for native::Leadership {
    async fn proclaim(
        &self,
        backend: &ConsulBackend,
        value: Bytes,
        operation: String,
    ) -> Result<()> {
        let done = self.proclaim(value).await;
        done.map_err(|error| backend.error(error, operation))
    }
}
