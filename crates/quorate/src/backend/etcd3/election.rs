//! Elections on etcd v3.

use bytes::Bytes;
use quorate_etcd::v3 as native;

use super::Etcd3Backend;
use super::lock::queue;
use crate::backend::bounds::check_beside;
use crate::backend::native::{Held, Leads, Native as _, waited};
use crate::backend::unfolded::unfolded;
use crate::backend::{BoxFuture, BoxStream, Elected, ElectionBackend};
use crate::{Acquisition, ElectionOptions, Holder, Key, Result};

impl Etcd3Backend {
    /// The election of the client, which is that of `etcdctl elect`.
    fn native_election(&self, name: &Key) -> native::Election {
        let place = self.layout.hidden(&format!("_elections/{name}"));
        self.client.election(&place)
    }
}

impl ElectionBackend for Etcd3Backend {
    /// `Lease.LeaseGrant`, `KV.Txn`, and a watch of the key before ours.
    fn campaign<'a>(
        &'a self,
        name: &'a Key,
        value: Bytes,
        options: &'a ElectionOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Elected>>> {
        Box::pin(async move {
            let operation = || format!("campaign in election `{name}`");
            let queue = queue(options.ttl, options.lock_delay, &value, operation)?;
            let election = self.native_election(name).with_options(queue);
            let within = |time| election.campaign_within(value.clone(), time);
            let elected = waited(options.wait, within, election.campaign(value.clone())).await;
            let elected = elected.map_err(|error| self.error(error, operation()))?;
            Ok(elected.map(|won| Held::elected(self, name, won)))
        })
    }

    /// `KV.Range`, the first by create revision.
    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>> {
        Box::pin(async move {
            let leader = self.native_election(name).leader().await;
            let operation = || format!("get the leader of election `{name}`");
            let leader = leader.map_err(|error| self.error(error, operation()))?;
            Ok(leader.map(Holder::from))
        })
    }

    /// `Watch.Watch`.
    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>> {
        let (backend, operation) = (self.clone(), format!("observe election `{name}`"));
        let leaders = self.native_election(name).observe();
        Ok(unfolded(leaders, move |mut leaders| {
            let (backend, operation) = (backend.clone(), operation.clone());
            Box::pin(async move {
                let next = leaders.next().await;
                let next = next.map_err(|error| backend.error(error, operation));
                (leaders, Some(next.map(|leader| leader.map(Holder::from))))
            })
        }))
    }
}

impl Leads<Etcd3Backend> for native::Leadership {
    async fn proclaim(
        &self,
        backend: &Etcd3Backend,
        value: Bytes,
        operation: String,
    ) -> Result<()> {
        check_beside(&value, || operation.clone())?;
        let done = self.proclaim(value).await;
        done.map_err(|error| backend.error(error, operation))
    }
}
