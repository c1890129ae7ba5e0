//! The service Lease.

use std::sync::Arc;

use quorate_etcd_proto::etcdserverpb::lease_server;
use quorate_etcd_proto::etcdserverpb::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    LeaseLeasesRequest, LeaseLeasesResponse, LeaseRevokeRequest, LeaseRevokeResponse, LeaseStatus,
    LeaseTimeToLiveRequest, LeaseTimeToLiveResponse,
};
use quorate_etcd_proto::tonic::{self, Request, Response, Status, Streaming};

use super::front::{Front, wrong_reply};
use super::status::{refused, stopped};
use super::stream::{Answers, Source};
use crate::engine::etcd3::{Caller, Op, Refusal, Reply};
use crate::identity::random;

/// The service.
pub(super) struct Lease(pub(super) Arc<Front>);

/// A number for a lease whose client leaves the choice.
fn new_id() -> i64 {
    i64::try_from(random() >> 1).unwrap_or(1).max(1)
}

impl Front {
    /// The seconds that a lease gets at least.
    fn min_lease_ttl(&self) -> i64 {
        let ttl = self.agent.min_lease_ttl;
        let begun = u64::from(ttl.subsec_nanos() > 0);
        i64::try_from(ttl.as_secs().saturating_add(begun)).unwrap_or(i64::MAX)
    }

    /// Grants a lease, and says its id and how many seconds it lives.
    pub(super) async fn grant(
        &self,
        caller: Caller,
        asked: i64,
        ttl: i64,
    ) -> Result<(i64, i64, i64), Status> {
        loop {
            let id = if asked == 0 { new_id() } else { asked };
            let at_least = self.min_lease_ttl();
            let op = Op::Grant { id, ttl, at_least };
            match self.try_submit(caller.clone(), op).await? {
                Ok(Reply::Granted { revision, ttl }) => return Ok((id, ttl, revision)),
                Ok(_) => return Err(wrong_reply()),
                Err(Refusal::LeaseExists) if asked == 0 => {}
                Err(refusal) => return Err(refused(refusal)),
            }
        }
    }
}

#[tonic::async_trait]
impl lease_server::Lease for Lease {
    async fn lease_grant(
        &self,
        request: Request<LeaseGrantRequest>,
    ) -> Result<Response<LeaseGrantResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let LeaseGrantRequest { id, ttl } = request.into_inner();
        let (id, ttl, revision) = self.0.grant(caller, id, ttl).await?;
        Ok(Response::new(LeaseGrantResponse {
            header: Some(self.0.header(revision)),
            id,
            ttl,
            error: String::new(),
        }))
    }

    async fn lease_revoke(
        &self,
        request: Request<LeaseRevokeRequest>,
    ) -> Result<Response<LeaseRevokeResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let op = Op::Revoke(request.into_inner().id);
        let Reply::Done(revision) = self.0.submit(caller, op).await? else {
            return Err(wrong_reply());
        };
        let header = Some(self.0.header(revision));
        Ok(Response::new(LeaseRevokeResponse { header }))
    }

    type LeaseKeepAliveStream = Answers<Renewals>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let renewals = Renewals {
            front: Arc::clone(&self.0),
            requests: request.into_inner(),
        };
        Ok(Response::new(Answers::of(renewals)))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let LeaseTimeToLiveRequest { id, keys } = request.into_inner();
        let now = self.0.agent.writer.now();
        let snapshot = self.0.snapshot();
        let state = snapshot.etcd3();
        if keys {
            state.may_see_lease(&caller, id).map_err(refused)?;
        }
        let mut response = LeaseTimeToLiveResponse {
            header: Some(self.0.header(state.revision())),
            id,
            ttl: -1,
            ..LeaseTimeToLiveResponse::default()
        };
        if let Some(lease) = state.lease(id) {
            response.ttl = lease.remaining(now);
            response.granted_ttl = lease.ttl;
            if keys {
                response.keys = lease.keys().cloned().collect();
            }
        }
        Ok(Response::new(response))
    }

    async fn lease_leases(
        &self,
        request: Request<LeaseLeasesRequest>,
    ) -> Result<Response<LeaseLeasesResponse>, Status> {
        self.0.caller(request.metadata())?;
        let snapshot = self.0.snapshot();
        let state = snapshot.etcd3();
        let leases = state.lease_ids().map(|id| LeaseStatus { id });
        Ok(Response::new(LeaseLeasesResponse {
            header: Some(self.0.header(state.revision())),
            leases: leases.collect(),
        }))
    }
}

/// Answers each renewal of a stream.
pub(super) struct Renewals {
    front: Arc<Front>,
    requests: Streaming<LeaseKeepAliveRequest>,
}

impl Source for Renewals {
    type Answer = LeaseKeepAliveResponse;

    async fn next(&mut self) -> Option<Result<LeaseKeepAliveResponse, Status>> {
        let mut stop = self.front.spawner.cancelled();
        let request = tokio::select! {
            biased;
            () = &mut stop => return Some(Err(stopped())),
            request = self.requests.message() => request,
        };
        let id = match request {
            Err(status) => return Some(Err(status)),
            Ok(request) => request?.id,
        };
        // etcd asks nobody who he is to keep a lease alive.
        let reply = self.front.submit(Caller::Nobody, Op::KeepAlive(id)).await;
        Some(reply.and_then(|reply| match reply {
            Reply::KeptAlive { revision, ttl } => Ok(LeaseKeepAliveResponse {
                header: Some(self.front.header(revision)),
                id,
                ttl,
            }),
            _ => Err(wrong_reply()),
        }))
    }
}
