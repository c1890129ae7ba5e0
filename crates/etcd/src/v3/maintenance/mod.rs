//! Looking after servers: the service `Maintenance`.

mod alarm;
mod snapshot;
mod status;

use std::time::Duration;

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::downgrade_request::DowngradeAction;
use quorate_net::endpoint::{Endpoint, EndpointId};

use super::call::{Call, Operation, Rpc};
use super::client::Client;
use super::error::Error;
use super::header::Header;
use super::link::Link;

pub use alarm::{Alarm, AlarmKind};
pub use snapshot::Snapshot;
pub use status::Status;

const STATUS: Rpc<pb::StatusRequest, pb::StatusResponse> =
    Rpc::read("/etcdserverpb.Maintenance/Status");
const ALARM: Rpc<pb::AlarmRequest, pb::AlarmResponse> =
    Rpc::idempotent("/etcdserverpb.Maintenance/Alarm");
const DEFRAGMENT: Rpc<pb::DefragmentRequest, pb::DefragmentResponse> =
    Rpc::write("/etcdserverpb.Maintenance/Defragment");
const HASH: Rpc<pb::HashRequest, pb::HashResponse> = Rpc::read("/etcdserverpb.Maintenance/Hash");
const HASH_KV: Rpc<pb::HashKvRequest, pb::HashKvResponse> =
    Rpc::read("/etcdserverpb.Maintenance/HashKV");
const SNAPSHOT: Rpc<pb::SnapshotRequest, pb::SnapshotResponse> =
    Rpc::read("/etcdserverpb.Maintenance/Snapshot");
const MOVE_LEADER: Rpc<pb::MoveLeaderRequest, pb::MoveLeaderResponse> =
    Rpc::write("/etcdserverpb.Maintenance/MoveLeader");
const DOWNGRADE: Rpc<pb::DowngradeRequest, pb::DowngradeResponse> =
    Rpc::write("/etcdserverpb.Maintenance/Downgrade");

/// For what has to read or write all of a database.
const LONG: Duration = Duration::from_secs(600);

/// Looking after servers. From [`Client::maintenance`]; clones are the same.
///
/// What concerns one server takes its address, as [`Client::addresses`] has it, and asks no other.
/// Without one, the server that serves other calls is asked.
#[derive(Clone, Debug)]
pub struct Maintenance {
    client: Client,
    endpoint: Option<EndpointId>,
}

/// What the keys of a server amount to, to be compared with other servers' at the same revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyHash {
    /// Who answered.
    pub header: Header,
    /// The hash.
    pub hash: u32,
    /// The revision before which history was forgotten; servers differ until it is the same.
    pub compact_revision: i64,
    /// The revision up to which keys were counted; servers before 3.6 do not say.
    pub hash_revision: Option<i64>,
}

/// What to do about an older version of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Downgrade {
    /// Only tell whether it is possible.
    Validate,
    /// Begin.
    Enable,
    /// Do not go on.
    Cancel,
}

impl Client {
    /// Looking after servers: the service `Maintenance`.
    #[must_use]
    pub fn maintenance(&self) -> Maintenance {
        Maintenance {
            client: self.clone(),
            endpoint: None,
        }
    }
}

impl Maintenance {
    /// The same of one server, by its address.
    ///
    /// # Errors
    /// `InvalidArgument` if the client does not know it.
    pub fn of_server(&self, address: &str) -> Result<Self, Error> {
        const OPERATION: &str = "choose a server";
        let wrong = |error| Error::invalid(OPERATION, error);
        let endpoint = Endpoint::parse_or(address, 2379).map_err(wrong)?;
        let channels = self.client.link().cluster.channels();
        let mut known = channels
            .iter()
            .flat_map(|channels| channels.endpoints().iter());
        match known.find(|(_, known)| **known == endpoint) {
            Some((id, _)) => Ok(Self {
                client: self.client.clone(),
                endpoint: Some(id),
            }),
            None => {
                let why = format_args!("address: the client does not know {endpoint}");
                Err(Error::invalid(OPERATION, why))
            }
        }
    }

    /// How the server is.
    ///
    /// `Maintenance.Status`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn status(&self) -> Result<Status, Error> {
        let operation = Operation::new("ask for the status", "");
        let call = Call::new(operation, &STATUS, &pb::StatusRequest {});
        let response: pb::StatusResponse = self.send(call).await?;
        Ok(response.into())
    }

    /// Makes room in the file of the database. The server answers nobody meanwhile.
    ///
    /// `Maintenance.Defragment`, for up to 10 minutes
    ///
    /// # Errors
    /// What any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn defragment(&self) -> Result<(), Error> {
        let operation = Operation::new("defragment", "");
        let call = Call::new(operation, &DEFRAGMENT, &pb::DefragmentRequest {});
        let _: pb::DefragmentResponse = self.send(call.within(Some(LONG))).await?;
        Ok(())
    }

    /// What the whole database of the server amounts to. Writes meanwhile change it.
    ///
    /// `Maintenance.Hash`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn hash(&self) -> Result<u32, Error> {
        let operation = Operation::new("hash the database", "");
        let call = Call::new(operation, &HASH, &pb::HashRequest {});
        let response: pb::HashResponse = self.send(call.within(Some(LONG))).await?;
        Ok(response.hash)
    }

    /// What the keys of the server amount to, up to `revision`; without one, up to now.
    ///
    /// `Maintenance.HashKV`
    ///
    /// # Errors
    /// `Compacted`, `FutureRevision`; what any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn hash_keys(&self, revision: Option<i64>) -> Result<KeyHash, Error> {
        let operation = Operation::new("hash the keys", "");
        let request = pb::HashKvRequest {
            revision: revision.unwrap_or_default(),
        };
        let call = Call::new(operation, &HASH_KV, &request);
        let response: pb::HashKvResponse = self.send(call.within(Some(LONG))).await?;
        Ok(KeyHash {
            header: response.header.into(),
            hash: response.hash,
            compact_revision: response.compact_revision,
            hash_revision: (response.hash_revision > 0).then_some(response.hash_revision),
        })
    }

    /// Lets another member lead. The server that is asked has to be the leader.
    ///
    /// `Maintenance.MoveLeader`
    ///
    /// # Errors
    /// `Conflict` if the server does not lead, or the member can't.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn move_leader(&self, member: u64) -> Result<(), Error> {
        let name = format!("{member:x}");
        let operation = Operation::new("move the leadership to", &name);
        let request = pb::MoveLeaderRequest { target_id: member };
        let call = Call::new(operation, &MOVE_LEADER, &request);
        let _: pb::MoveLeaderResponse = self.send(call).await?;
        Ok(())
    }

    /// Prepares the cluster for an older version, such as `3.5.0`. Tells the version that it has.
    ///
    /// `Maintenance.Downgrade`, from 3.5 on
    ///
    /// # Errors
    /// `Unsupported` before 3.5; `InvalidArgument`, `Conflict`. etcd 3.5 begins and cancels one
    /// without ever answering: `Indeterminate` after some 7 s, and then `Conflict` when asked again
    /// tells that it was done.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn downgrade(&self, what: Downgrade, version: &str) -> Result<String, Error> {
        let operation = Operation::new("downgrade to", version);
        let action = match what {
            Downgrade::Validate => DowngradeAction::Validate,
            Downgrade::Enable => DowngradeAction::Enable,
            Downgrade::Cancel => DowngradeAction::Cancel,
        };
        let request = pb::DowngradeRequest {
            action: action.into(),
            version: version.to_owned(),
        };
        let call = Call::new(operation, &DOWNGRADE, &request);
        let response: pb::DowngradeResponse = self.send(call).await?;
        Ok(response.version)
    }

    async fn send<R>(&self, call: Call<'_>) -> Result<R, Error>
    where
        R: quorate_etcd_proto::prost::Message + Default,
    {
        self.client.send(&call.of_a_member(self.endpoint)).await
    }
}

/// Watches wait for the version of their server.
const QUICK: Duration = Duration::from_secs(2);

/// The version of a server.
pub(crate) async fn version_of(link: &Link, endpoint: EndpointId) -> Result<String, Error> {
    let operation = Operation::new("ask for the version", "");
    let call = Call::new(operation, &STATUS, &pb::StatusRequest {});
    let call = call.of_a_member(Some(endpoint)).within(Some(QUICK));
    let response: pb::StatusResponse = link.send(&call).await?;
    Ok(response.version)
}
