//! Elections on etcd v2: a queue of in-order keys, of which the first leads.

use bytes::Bytes;
use quorate_etcd::v2 as native;

use super::Etcd2Backend;
use super::lock::{checked_value, queue};
use crate::backend::mapped::mapped;
use crate::backend::native::{Held, Leads, waited};
use crate::backend::{BoxFuture, BoxStream, Elected, ElectionBackend};
use crate::{Acquisition, ElectionOptions, Holder, Key, Result};

impl Etcd2Backend {
    fn native_election(&self, name: &Key) -> native::Election {
        self.client.election(&self.layout.name(name))
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
            let within = |time| election.campaign_within(text.clone(), time);
            let elected = waited(options.wait, within, election.campaign(text.clone())).await;
            let elected = elected.map_err(|error| self.error(error, operation()))?;
            Ok(elected.map(|won| Held::elected(self, name, won)))
        })
    }

    /// `GET /v2/keys/_elections/NAME?quorum=true`.
    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>> {
        Box::pin(async move {
            let leader = self.native_election(name).leader().await;
            let operation = || format!("get the leader of election `{name}`");
            let leader = leader.map_err(|error| self.error(error, operation()))?;
            Ok(leader.map(Holder::from))
        })
    }

    /// `GET /v2/keys/_elections/NAME?wait=true&recursive=true`.
    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>> {
        let (backend, operation) = (self.clone(), format!("observe election `{name}`"));
        let leaders = self.native_election(name).observe();
        Ok(mapped(leaders, move |next| match next {
            Ok(leader) => Ok(leader.map(Holder::from)),
            Err(error) => Err(backend.error(error, operation.as_str())),
        }))
    }
}

impl Leads<Etcd2Backend> for native::Leadership {
    async fn proclaim(
        &self,
        backend: &Etcd2Backend,
        value: Bytes,
        operation: String,
    ) -> Result<()> {
        let text = checked_value(&value, || operation.clone())?;
        let done = self.proclaim(text).await;
        done.map_err(|error| backend.error(error, operation))
    }
}
