//! The service `Election`.

use std::time::Duration;

use bytes::Bytes;
use quorate_etcd_proto::prost::Message as _;
use quorate_etcd_proto::v3electionpb as pb;

use super::FOR_EVER;
use crate::v3::call::{Call, Operation, Rpc};
use crate::v3::channel::Inbound;
use crate::v3::client::Client;
use crate::v3::error::{Class, Error, ErrorKind, judge};
use crate::v3::kv::KeyValue;
use crate::v3::lease::LeaseId;
use crate::v3::link::{of_status, refusal};

const CAMPAIGN: Rpc<pb::CampaignRequest, pb::CampaignResponse> =
    Rpc::idempotent("/v3electionpb.Election/Campaign");
const PROCLAIM: Rpc<pb::ProclaimRequest, pb::ProclaimResponse> =
    Rpc::idempotent("/v3electionpb.Election/Proclaim");
const LEADER: Rpc<pb::LeaderRequest, pb::LeaderResponse> =
    Rpc::read("/v3electionpb.Election/Leader");
const OBSERVE: Rpc<pb::LeaderRequest, pb::LeaderResponse> =
    Rpc::read("/v3electionpb.Election/Observe");
const RESIGN: Rpc<pb::ResignRequest, pb::ResignResponse> =
    Rpc::idempotent("/v3electionpb.Election/Resign");

/// The service `Election`. From [`Client::election_service`]; clones are the same.
#[derive(Clone, Debug)]
pub struct ElectionService {
    client: Client,
}

/// What shows that one leads. Without it nobody can resign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaderKey {
    /// The election.
    pub name: Bytes,
    /// The key, which is there as long as we lead.
    pub key: Bytes,
    /// The revision at which it was made: a fencing token.
    pub create_revision: i64,
    /// The lease that it goes with.
    pub lease: LeaseId,
}

impl LeaderKey {
    fn request(&self) -> pb::LeaderKey {
        pb::LeaderKey {
            name: self.name.clone(),
            key: self.key.clone(),
            rev: self.create_revision,
            lease: self.lease.number(),
        }
    }
}

impl Client {
    /// The service `Election`, for leases that are kept elsewhere.
    #[must_use]
    pub fn election_service(&self) -> ElectionService {
        ElectionService {
            client: self.clone(),
        }
    }
}

impl ElectionService {
    /// Stands for election with a lease until it is won, or for `patience`. That the key is there
    /// is looked at once more: servers declare winners whose lease had ended.
    ///
    /// `Election.Campaign`, then `KV.Range`
    ///
    /// # Errors
    /// `NotFound` if there is no such lease; `LeaseLost` if it ended meanwhile; `Indeterminate`
    /// when the time is over.
    ///
    /// # Cancel safety
    /// The server takes the candidacy back when it notices.
    pub async fn campaign(
        &self,
        name: impl AsRef<[u8]>,
        lease: LeaseId,
        value: impl Into<Bytes>,
        patience: Option<Duration>,
    ) -> Result<LeaderKey, Error> {
        let title = name.as_ref().escape_ascii().to_string();
        let operation = Operation::new("campaign for", &title);
        let request = pb::CampaignRequest {
            name: Bytes::copy_from_slice(name.as_ref()),
            lease: lease.number(),
            value: value.into(),
        };
        let call = Call::new(operation, &CAMPAIGN, &request);
        let call = call.within(Some(patience.unwrap_or(FOR_EVER)));
        let response: pb::CampaignResponse = self.client.send(&call).await?;
        let Some(leader) = response.leader else {
            return Err(Error::protocol(
                operation.to_string(),
                true,
                "no leader in it",
            ));
        };
        let key = LeaderKey {
            name: leader.name,
            key: leader.key,
            create_revision: leader.rev,
            lease: LeaseId::of(leader.lease).unwrap_or(lease),
        };
        let found = self.client.kv().get(&key.key).await?;
        if found.is_some_and(|kv| kv.create_revision == key.create_revision) {
            return Ok(key);
        }
        let class = Class::refused(ErrorKind::LeaseLost);
        Err(Error::new(class, operation.to_string()).with_detail("the key is gone"))
    }

    /// Changes what others read of the leader.
    ///
    /// `Election.Proclaim`
    ///
    /// # Errors
    /// `NotHolder` if somebody else leads; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn proclaim(&self, leader: &LeaderKey, value: impl Into<Bytes>) -> Result<(), Error> {
        let title = leader.name.escape_ascii().to_string();
        let request = pb::ProclaimRequest {
            leader: Some(leader.request()),
            value: value.into(),
        };
        let operation = Operation::new("proclaim in", &title);
        self.client.ask(operation, &PROCLAIM, &request).await?;
        Ok(())
    }

    /// Who leads now.
    ///
    /// `Election.Leader`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn leader(&self, name: impl AsRef<[u8]>) -> Result<Option<KeyValue>, Error> {
        let title = name.as_ref().escape_ascii().to_string();
        let request = pb::LeaderRequest {
            name: Bytes::copy_from_slice(name.as_ref()),
        };
        let operation = Operation::new("ask who leads", &title);
        match self.client.ask(operation, &LEADER, &request).await {
            Ok(response) => Ok(response.kv.map(KeyValue::from)),
            // "election: no leader"
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Follows who leads. It never tells that nobody does:
    /// [`Election::observe`](crate::v3::Election::observe) does.
    #[must_use = "it asks nothing unless polled"]
    pub fn observe(&self, name: impl AsRef<[u8]>) -> ObserveService {
        ObserveService {
            client: self.client.clone(),
            name: Bytes::copy_from_slice(name.as_ref()),
            inbound: None,
        }
    }

    /// Steps down.
    ///
    /// `Election.Resign`
    ///
    /// # Errors
    /// What any write answers; none if somebody else leads.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn resign(&self, leader: &LeaderKey) -> Result<(), Error> {
        let title = leader.name.escape_ascii().to_string();
        let request = pb::ResignRequest {
            leader: Some(leader.request()),
        };
        let operation = Operation::new("resign from", &title);
        self.client.ask(operation, &RESIGN, &request).await?;
        Ok(())
    }
}

/// Follows who leads; from [`ElectionService::observe`].
#[derive(Debug)]
#[must_use = "it asks nothing unless polled"]
pub struct ObserveService {
    client: Client,
    name: Bytes,
    inbound: Option<Inbound>,
}

impl ObserveService {
    /// The key of the next leader, or of the same with another value.
    ///
    /// `Election.Observe`
    ///
    /// # Errors
    /// What breaks the stream. It is not the end: called again it asks another server, which may
    /// tell the same leader again.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost, but what the server tells before it is asked again.
    pub async fn next(&mut self) -> Result<KeyValue, Error> {
        let title = self.name.escape_ascii().to_string();
        let operation = Operation::new("observe", &title);
        loop {
            let inbound = match &mut self.inbound {
                Some(inbound) => inbound,
                None => {
                    let opened = open(&self.client, &self.name, operation).await?;
                    self.inbound.insert(opened)
                }
            };
            match inbound.message().await {
                Ok(Some(body)) => {
                    let response = pb::LeaderResponse::decode(body).map_err(|error| {
                        Error::protocol(operation.to_string(), false, "it can't be decoded")
                            .with_source(error)
                    })?;
                    if let Some(kv) = response.kv {
                        return Ok(kv.into());
                    }
                }
                Ok(None) => self.inbound = None,
                Err(status) => {
                    self.inbound = None;
                    let judged = judge(status.code(), status.message(), false);
                    return Err(of_status(judged.class, operation.to_string(), &status));
                }
            }
        }
    }
}

async fn open(client: &Client, name: &Bytes, operation: Operation<'_>) -> Result<Inbound, Error> {
    let request = pb::LeaderRequest { name: name.clone() };
    // Servers answer nothing at all before somebody leads.
    let call = Call::new(operation, &OBSERVE, &request).within(Some(FOR_EVER));
    let (limit, body) = (client.limits().max_response_bytes, &call.message());
    let opened = client
        .link()
        .attempts(&call, |connection, head| async move {
            let stream = connection.download(OBSERVE.path, &head, body.clone(), limit);
            stream.await.map_err(refusal)
        });
    Ok(opened.await?.value)
}
