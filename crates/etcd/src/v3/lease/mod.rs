//! Leases: how long keys live without being renewed.

mod id;
mod keeper;
mod renewal;

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;

use super::call::{Call, Operation, Rpc};
use super::client::Client;
use super::error::{Error, ErrorKind};

pub use crate::lease::{Lease, LostReason};
pub use id::{LeaseId, LeaseIdError};
pub use keeper::LeaseKeeper;
pub(crate) use renewal::Renewal;

const GRANT: Rpc<pb::LeaseGrantRequest, pb::LeaseGrantResponse> =
    Rpc::idempotent("/etcdserverpb.Lease/LeaseGrant");
const REVOKE: Rpc<pb::LeaseRevokeRequest, pb::LeaseRevokeResponse> =
    Rpc::write("/etcdserverpb.Lease/LeaseRevoke");
/// Both ways are streams; one message there has one answer.
const KEEP_ALIVE: Rpc<pb::LeaseKeepAliveRequest, pb::LeaseKeepAliveResponse> =
    Rpc::read("/etcdserverpb.Lease/LeaseKeepAlive");
const TIME_TO_LIVE: Rpc<pb::LeaseTimeToLiveRequest, pb::LeaseTimeToLiveResponse> =
    Rpc::read("/etcdserverpb.Lease/LeaseTimeToLive");
const LIST: Rpc<pb::LeaseLeasesRequest, pb::LeaseLeasesResponse> =
    Rpc::read("/etcdserverpb.Lease/LeaseLeases");

/// The longest time to live that servers grant.
pub const MAX_TTL: Duration = Duration::from_secs(9_000_000_000);

/// The least time for one attempt to renew a lease that is kept.
const LEAST_ATTEMPT: Duration = Duration::from_millis(250);

/// Leases: the service `Lease`. From [`Client::leases`]; clones are the same.
#[derive(Clone, Debug)]
pub struct Leases {
    client: Client,
}

/// A lease that was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseGrant {
    /// The lease.
    pub id: LeaseId,
    /// How long it lives without being renewed: at least what was asked for. Servers have a least
    /// time, 2 s unless they are told otherwise.
    pub ttl: Duration,
}

/// A lease that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseInfo {
    /// The lease.
    pub id: LeaseId,
    /// How long it lives still, at least. A new leader begins to count anew.
    pub remaining: Duration,
    /// How long it lives from each renewal on.
    pub granted: Duration,
    /// The keys that go with it, if they were asked for.
    pub keys: Vec<Bytes>,
}

impl Client {
    /// Leases: the service `Lease`.
    #[must_use]
    pub fn leases(&self) -> Leases {
        Leases {
            client: self.clone(),
        }
    }
}

impl Leases {
    /// A lease that lives for `ttl` (whole seconds, rounded up) unless it is renewed.
    ///
    /// Its id is chosen here, so that a request whose answer was lost can be repeated.
    ///
    /// `Lease.LeaseGrant`
    ///
    /// # Errors
    /// `InvalidArgument` for more than [`MAX_TTL`]; what any write answers.
    ///
    /// # Cancel safety
    /// It may be granted or not; if it is, it ends by itself.
    pub async fn grant(&self, ttl: Duration) -> Result<LeaseGrant, Error> {
        let id = new_id();
        match self.grant_with(id, ttl).await {
            // Nobody else has this id: an answer was lost.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                match self.time_to_live(id).await? {
                    Some(info) => Ok(LeaseGrant {
                        id,
                        ttl: info.granted,
                    }),
                    None => Err(error),
                }
            }
            granted => granted,
        }
    }

    /// A lease with this id.
    ///
    /// `Lease.LeaseGrant`
    ///
    /// # Errors
    /// As [`grant`](Self::grant); `AlreadyExists` if there is one, or if the answer to an earlier
    /// attempt of this call was lost.
    ///
    /// # Cancel safety
    /// As [`grant`](Self::grant).
    pub async fn grant_with(&self, id: LeaseId, ttl: Duration) -> Result<LeaseGrant, Error> {
        let name = id.to_string();
        let operation = Operation::new("grant lease", &name);
        if ttl > MAX_TTL {
            let why = format_args!("ttl: {ttl:?} is more than {MAX_TTL:?}");
            return Err(Error::invalid(operation.to_string(), why));
        }
        let request = pb::LeaseGrantRequest {
            ttl: whole_seconds(ttl),
            id: id.number(),
        };
        let response = self.client.ask(operation, &GRANT, &request).await?;
        if !response.error.is_empty() {
            return Err(Error::protocol(
                operation.to_string(),
                true,
                &response.error,
            ));
        }
        Ok(LeaseGrant {
            id: LeaseId::of(response.id).unwrap_or(id),
            ttl: seconds(response.ttl),
        })
    }

    /// Ends a lease: the keys that go with it are deleted, all at one revision. If the answer is
    /// lost, it is asked for once more: a lease that is gone by then was ended.
    ///
    /// `Lease.LeaseRevoke`
    ///
    /// # Errors
    /// `NotFound` if there was none; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn revoke(&self, id: LeaseId) -> Result<(), Error> {
        let name = id.to_string();
        let operation = Operation::new("revoke lease", &name);
        let request = pb::LeaseRevokeRequest { id: id.number() };
        let Err(lost) = self.client.ask(operation, &REVOKE, &request).await else {
            return Ok(());
        };
        if lost.kind() != ErrorKind::Indeterminate {
            return Err(lost);
        }
        match self.client.ask(operation, &REVOKE, &request).await {
            Ok(_) => Ok(()),
            Err(second) if second.kind() == ErrorKind::NotFound => Ok(()),
            Err(_) => Err(lost),
        }
    }

    /// Renews a lease once. Tells how long it lives from now on; `None` if it is gone.
    ///
    /// `Lease.LeaseKeepAlive`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// It may be renewed or not.
    pub async fn renew(&self, id: LeaseId) -> Result<Option<Duration>, Error> {
        self.renew_within(id, None).await
    }

    /// Renews a lease once, within a time that has room for attempts at several servers.
    pub(crate) async fn renew_within(
        &self,
        id: LeaseId,
        limit: Option<Duration>,
    ) -> Result<Option<Duration>, Error> {
        let name = id.to_string();
        let operation = Operation::new("renew lease", &name);
        let request = pb::LeaseKeepAliveRequest { id: id.number() };
        let mut call = Call::new(operation, &KEEP_ALIVE, &request).within(limit);
        call.attempt = limit.map(|limit| (limit / 3).max(LEAST_ATTEMPT));
        let response: pb::LeaseKeepAliveResponse = self.client.send(&call).await?;
        // A lease that is gone is no error to servers: its time is 0.
        Ok((response.ttl > 0).then(|| seconds(response.ttl)))
    }

    /// How long a lease lives still; `None` if it is gone.
    ///
    /// `Lease.LeaseTimeToLive`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn time_to_live(&self, id: LeaseId) -> Result<Option<LeaseInfo>, Error> {
        self.look(id, false).await
    }

    /// How long a lease lives still, and the keys that go with it.
    ///
    /// `Lease.LeaseTimeToLive`
    ///
    /// # Errors
    /// What any read answers; `PermissionDenied` if one of the keys may not be read.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn keys_of(&self, id: LeaseId) -> Result<Option<LeaseInfo>, Error> {
        self.look(id, true).await
    }

    async fn look(&self, id: LeaseId, keys: bool) -> Result<Option<LeaseInfo>, Error> {
        let name = id.to_string();
        let operation = Operation::new("look at lease", &name);
        let request = pb::LeaseTimeToLiveRequest {
            id: id.number(),
            keys,
        };
        let response = self.client.ask(operation, &TIME_TO_LIVE, &request).await?;
        // A lease that is gone is no error to servers: its time is -1.
        Ok(
            (response.ttl >= 0 && response.granted_ttl > 0).then(|| LeaseInfo {
                id,
                remaining: seconds(response.ttl),
                granted: seconds(response.granted_ttl),
                keys: response.keys,
            }),
        )
    }

    /// All leases.
    ///
    /// `Lease.LeaseLeases`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn list(&self) -> Result<Vec<LeaseId>, Error> {
        let operation = Operation::new("list the leases", "");
        let request = pb::LeaseLeasesRequest {};
        // Servers before 3.6 answer of what the member knows; they all know it.
        let call = Call::new(operation, &LIST, &request);
        let response: pb::LeaseLeasesResponse = self.client.send(&call).await?;
        let ids = response.leases.iter();
        Ok(ids.filter_map(|lease| LeaseId::of(lease.id)).collect())
    }
}

fn whole_seconds(ttl: Duration) -> i64 {
    let seconds = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or_default())
}

/// A positive number that nobody else has: the keys of hash maps are seeded by the system.
fn new_id() -> LeaseId {
    loop {
        let number = RandomState::new().hash_one(std::process::id()) >> 1;
        if let Some(id) = i64::try_from(number).ok().and_then(LeaseId::of) {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(5)), 5);
        assert_eq!(seconds(-1), Duration::ZERO);
    }

    #[test]
    fn ids_differ_and_are_positive() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.number() > 0));
    }
}
